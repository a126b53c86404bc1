import { CoppiceError } from '../base/index.js';
import type { ApplyStep, SearchEffort, SearchMode } from './types.js';

/** What an argument must be: the name of a kind, or the members of an object, of which those with `?` may be left out. */
type Kind =
  | 'text'
  | 'texts'
  | 'number'
  | 'boolean'
  | 'function'
  | 'signal'
  | 'bytes'
  | 'bytes or null'
  | Words
  | Shape
  | Variants
  | readonly [Shape | Variants];
/** One of these. */
type Words = ReadonlySet<string>;
/** An object whose `kind` says which members it has. */
type Variants = ReadonlyMap<string, Shape>;
interface Shape {
  readonly [member: string]: Kind;
}
type Parameters = readonly (readonly [name: string, kind: Kind, optional?: 'optional'])[];

const call = { 'signal?': 'signal', 'onProgress?': 'function', 'allowStale?': 'boolean' } as const;
const packages = { 'deps?': 'texts', 'withDeps?': 'boolean', 'fetch?': 'boolean' } as const;
const filter = { 'paths?': 'texts', 'languages?': 'texts' } as const;
const ttl = { ...call, 'ttlMs?': 'number' } as const;
const pattern = {
  ...call,
  ...filter,
  'literal?': 'boolean',
  'ignoreCase?': 'boolean',
  'wholeWord?': 'boolean',
  'maxCount?': 'number',
  'deadlineMs?': 'number',
} as const;
const lines = { ...pattern, ...packages, 'invert?': 'boolean', 'folder?': 'text', 'pathspecs?': 'texts' } as const;
const grep: Parameters = [
  ['pattern', 'text'],
  ['options', { ...lines, 'rev?': 'text', 'context?': 'number', 'before?': 'number', 'after?': 'number' }, 'optional'],
];
const grepRange: Parameters = [
  ['pattern', 'text'],
  ['from', 'text'],
  ['to', 'text'],
  ['options', lines, 'optional'],
];
const log: Parameters = [
  ['pattern', 'text'],
  ['revs', 'texts', 'optional'],
  ['options', { ...pattern, 'firstParent?': 'boolean' }, 'optional'],
];
const modes = wordsOf<SearchMode>({ hybrid: true, lexical: true, semantic: true });
const efforts = wordsOf<SearchEffort>({ fast: true, best: true });
const steps: Variants = new Map(
  Object.entries({
    commit: { rev: 'text' },
    patch: { patch: 'bytes' },
    put: { path: 'text', content: 'bytes' },
    remove: { path: 'text' },
  } satisfies Record<ApplyStep['kind'], Shape>),
);
const limited = { ...call, ...filter, ...packages, 'rev?': 'text', 'limit?': 'number' } as const;

/** What each method of an engine takes. */
export const engineParameters: Readonly<Record<string, Parameters>> = {
  resolve: [
    ['rev', 'text', 'optional'],
    ['options', call, 'optional'],
  ],
  index: [
    ['revs', 'texts'],
    [
      'options',
      { ...call, 'all?': 'boolean', 'history?': 'boolean', 'lasting?': 'boolean', 'deps?': 'boolean' },
      'optional',
    ],
  ],
  grep,
  grepBatches: grep,
  grepCounts: grep,
  grepCountBatches: grep,
  grepRange,
  grepRangeBatches: grepRange,
  search: [
    ['query', 'text'],
    [
      'options',
      { ...limited, 'mode?': modes, 'effort?': efforts, 'dryRun?': 'boolean', 'deadlineMs?': 'number' },
      'optional',
    ],
  ],
  describe: [
    ['revs', 'texts', 'optional'],
    ['options', { ...call, 'budgetTokens?': 'number', 'limit?': 'number' }, 'optional'],
  ],
  changes: [
    ['rev', 'text'],
    ['options', { ...call, 'maxCount?': 'number' }, 'optional'],
  ],
  changedLines: [
    ['parent', 'text'],
    ['commit', 'text'],
    ['path', 'text'],
    ['options', call, 'optional'],
  ],
  addLabel: [
    [
      'label',
      {
        query: 'text',
        path: 'text',
        'startLine?': 'number',
        'endLine?': 'number',
        'rev?': 'text',
        'set?': 'text',
        'feedback?': 'boolean',
        'answered?': 'boolean',
      },
    ],
  ],
  describePlan: [
    ['revs', 'texts', 'optional'],
    ['options', call, 'optional'],
  ],
  symbols: [
    ['name', 'text'],
    ['options', { ...limited, 'kinds?': 'texts' }, 'optional'],
  ],
  definition: [
    ['name', 'text'],
    ['options', { ...limited, 'kinds?': 'texts', 'usedIn?': 'text', 'usedOnLine?': 'number' }, 'optional'],
  ],
  references: [
    ['name', 'text'],
    [
      'options',
      { ...limited, 'mentions?': 'boolean', 'deadlineMs?': 'number', 'folder?': 'text', 'pathspecs?': 'texts' },
      'optional',
    ],
  ],
  outline: [
    ['rev', 'text', 'optional'],
    ['path', 'text'],
    ['options', { ...call, ...packages }, 'optional'],
  ],
  revs: [['options', { ...call, 'match?': 'text', 'limit?': 'number' }, 'optional']],
  files: [['options', { ...limited, 'folder?': 'text', 'pathspecs?': 'texts' }, 'optional']],
  folder: [
    ['path', 'text'],
    ['options', { ...call, ...packages, 'rev?': 'text' }, 'optional'],
  ],
  lastChanges: [
    ['path', 'text'],
    ['options', { ...call, ...packages, 'rev?': 'text', 'deadlineMs?': 'number' }, 'optional'],
  ],
  compare: [
    ['from', 'text'],
    ['to', 'text'],
    ['options', { ...call, ...filter, 'limit?': 'number' }, 'optional'],
  ],
  log,
  logCommits: log,
  show: [
    ['rev', 'text', 'optional'],
    ['path', 'text'],
    ['lines', { start: 'number', end: 'number' }, 'optional'],
    ['options', { ...call, ...packages }, 'optional'],
  ],
  fork: [
    ['name', 'text'],
    ['options', { ...ttl, 'from?': 'text' }, 'optional'],
  ],
  apply: [
    ['name', 'text'],
    ['steps', [steps]],
    ['options', call, 'optional'],
  ],
  drop: [['name', 'text']],
  lease: [
    ['rev', 'text'],
    ['options', ttl, 'optional'],
  ],
  renewLease: [
    ['lease', 'text'],
    ['options', ttl, 'optional'],
  ],
  releaseLease: [['lease', 'text']],
  putOverlay: [
    ['id', 'text'],
    ['files', [{ path: 'text', content: 'bytes or null' }]],
    ['options', ttl, 'optional'],
  ],
  dropOverlay: [['id', 'text']],
  addView: [
    ['name', 'text'],
    ['roots', 'texts'],
    ['options', call, 'optional'],
  ],
  dropView: [['name', 'text']],
  gc: [['options', { ...call, 'dryRun?': 'boolean' }, 'optional']],
  doctor: [['options', { ...call, 'repair?': 'boolean' }, 'optional']],
};

const streams: ReadonlySet<string> = new Set([
  'grepBatches',
  'grepCountBatches',
  'grepRangeBatches',
  'describePlan',
  'changes',
  'log',
  'logCommits',
]);

type Method = (...values: unknown[]) => unknown;

/**
 * Makes an engine's methods refuse arguments of a wrong type, which callers without types give, with USAGE: where the method says that
 * something went wrong, when it is awaited or iterated.
 */
export function checkArguments(engine: object): void {
  const methods = engine as Record<string, Method>;
  for (const [name, parameters] of Object.entries(engineParameters)) {
    const method = methods[name]!;
    const checked: Method = (...values) => {
      const fault = faultOf(parameters, values);
      if (fault === null) return method.apply(engine, values);
      const error = new CoppiceError('USAGE', `${name}: ${fault}`, { hint: 'see the types of Engine' });
      return streams.has(name) ? failing(error) : Promise.reject(error);
    };
    Object.defineProperty(engine, name, { value: checked, writable: true, configurable: true });
  }
}

async function* failing(error: Error): AsyncGenerator<never, never, undefined> {
  throw error;
}

function faultOf(parameters: Parameters, values: readonly unknown[]): string | null {
  for (const [i, [name, kind, optional]] of parameters.entries()) {
    if (values[i] === undefined && optional !== undefined) continue;
    const fault = faultOfValue(name, values[i], kind);
    if (fault !== null) return fault;
  }
  return null;
}

/** Null when the value is as it should be. */
function faultOfValue(name: string, value: unknown, kind: Kind): string | null {
  if (typeof kind === 'string') return isOfKind(value, kind) ? null : `${name} is to be ${shownKinds[kind]}`;
  if (isList(kind)) {
    if (!Array.isArray(value)) return `${name} is to be a list`;
    for (const [i, item] of value.entries()) {
      const fault = faultOfValue(`${name}[${i}]`, item, kind[0]);
      if (fault !== null) return fault;
    }
    return null;
  }
  if (kind instanceof Set) return kind.has(value) ? null : `${name} is to be one of ${[...kind].join(', ')}`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${name} is to be an object`;
  if (kind instanceof Map) {
    const shape = kind.get((value as Record<string, unknown>)['kind']);
    return shape === undefined
      ? `${name}.kind is to be one of ${[...kind.keys()].join(', ')}`
      : faultOfValue(name, value, shape);
  }
  for (const [member, memberKind] of Object.entries(kind)) {
    const key = member.replace('?', '');
    const own = (value as Record<string, unknown>)[key];
    if (own === undefined && member !== key) continue;
    const fault = faultOfValue(`${name}.${key}`, own, memberKind);
    if (fault !== null) return fault;
  }
  return null;
}

const isList = (kind: Exclude<Kind, string>): kind is readonly [Shape | Variants] => Array.isArray(kind);

/** All words of a type. */
function wordsOf<Word extends string>(words: Readonly<Record<Word, true>>): Words {
  return new Set(Object.keys(words));
}

const shownKinds = {
  text: 'a string',
  texts: 'a list of strings',
  number: 'a number',
  boolean: 'true or false',
  function: 'a function',
  signal: 'an AbortSignal',
  bytes: 'a Uint8Array',
  'bytes or null': 'a Uint8Array or null',
} as const;

function isOfKind(value: unknown, kind: keyof typeof shownKinds): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string';
    case 'texts':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'signal':
      return typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;
    case 'bytes':
      return value instanceof Uint8Array;
    case 'bytes or null':
      return value === null || value instanceof Uint8Array;
    default:
      return typeof value === kind && !Number.isNaN(value);
  }
}
