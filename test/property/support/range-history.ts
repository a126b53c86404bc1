import fc from 'fast-check';
import type { FileContent, Files } from '../../support/git.js';

/**
 * Histories of a few files whose lines are moved, doubled, changed and deleted, and which are renamed, copied and turned
 * into what is not searched: ranges over them have all that makes "which lines are new" hard.
 */
export interface RangeHistory {
  /** Whole trees. */
  readonly trees: readonly Files[];
  /** Pairs of different ones. */
  readonly ends: readonly (readonly [from: number, to: number])[];
}

/** Files above this are not searched here (a setting of the store), so that small ones can be too large. */
export const maxFileBytes = 12_000;

/** What stands in `.coppiceignore` when anything does. */
export const ignoreLib = 'lib/\n';

const paths = ['src/app.ts', 'src/store.ts', 'lib/tool.py', 'notes.md', 'words', 'lib/deep/data.txt'];
const words = ['parse', 'Query', 'cache', 'fooBar', 'HTTP_PORT', 'größe', 'cacheSize', 'tree'];
const word = fc.constantFrom(...words);

const line = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(word, word).map(([a, b]) => `  ${a}(${b}, "some text of ${a}");`) },
  { weight: 1, arbitrary: fc.constantFrom('', '}', '  }', '  return null;', '\tx', '// TODO') },
);
/** Large enough to be a chunk of its own. */
const definition = fc
  .tuple(word, fc.array(line, { minLength: 10, maxLength: 16 }))
  .map(([name, body]) => [`function ${name}(value) {`, ...body, '}']);
const lines = fc
  .array(fc.oneof({ weight: 3, arbitrary: definition }, { weight: 1, arbitrary: fc.array(line, { maxLength: 3 }) }), {
    minLength: 2,
    maxLength: 8,
    size: 'max',
  })
  .map((parts) => parts.flat());

interface LineChange {
  readonly do: 'insert' | 'delete' | 'double' | 'move';
  readonly at: number;
  readonly count: number;
  readonly to: number;
}

type Change =
  | LineChange
  | { readonly do: 'define'; readonly lines: readonly string[]; readonly at: number; readonly to: number }
  | { readonly do: 'write'; readonly lines: readonly string[]; readonly at: number }
  | { readonly do: (typeof fileChanges)[number]; readonly at: number };

const fileChanges = [
  ...(['rename', 'copy', 'remove', 'binary', 'large', 'symlink', 'ends', 'crlf', 'ignore'] as const),
];

const nat = fc.nat(99);
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('insert' as const, 'delete' as const, 'double' as const, 'move' as const),
      at: nat,
      count: fc.constantFrom(1, 1, 2, 12),
      to: nat,
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('define' as const), lines: definition, at: nat, to: nat }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('write' as const), lines, at: nat }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom(...fileChanges), at: nat }) },
);

export const rangeHistory: fc.Arbitrary<RangeHistory> = fc
  .tuple(
    fc.array(lines, { minLength: 1, maxLength: 4 }),
    fc.array(fc.array(change, { minLength: 1, maxLength: 8, size: 'max' }), {
      minLength: 1,
      maxLength: 4,
      size: 'max',
    }),
    fc.array(fc.tuple(nat, nat), { minLength: 3, maxLength: 3 }),
  )
  .map(([contents, steps, ends]) => {
    const trees: Files[] = [Object.fromEntries(contents.map((text, i) => [paths[i]!, textOf(text)]))];
    for (const changes of steps) trees.push(changes.reduce(changed, trees.at(-1)!));
    const others = ends.map(([a, b]) => [a % trees.length, (a + 1 + (b % (trees.length - 1))) % trees.length] as const);
    return { trees, ends: [[0, trees.length - 1], ...others] };
  });

const textOf = (parts: readonly string[]): string => parts.map((part) => `${part}\n`).join('');

function changed(files: Files, change: Change): Files {
  const next: Record<string, FileContent> = { ...files };
  if (change.do === 'write') return { ...next, [paths[change.at % paths.length]!]: textOf(change.lines) };
  if (change.do === 'ignore') return { ...next, '.coppiceignore': change.at % 2 === 0 ? ignoreLib : '\n' };
  const names = Object.keys(files).filter((name) => name !== '.coppiceignore' && typeof files[name] === 'string');
  const path = names[change.at % names.length];
  if (path === undefined) return files;
  const content = files[path] as string;
  if (change.do === 'define') return { ...next, [path]: withDefinition(content, change.lines, change.to) };
  if ('count' in change) return { ...next, [path]: withChangedLines(content, change) };
  switch (change.do) {
    case 'rename':
      delete next[path];
      return { ...next, [`moved/${path}`]: content };
    case 'copy':
      return { ...next, [`copy/${path}`]: content };
    case 'remove':
      delete next[path];
      return next;
    case 'binary':
      return { ...next, [path]: `\0${content}` };
    case 'large':
      return { ...next, [path]: content + `${'cache of parse '.repeat(90)}\n`.repeat(maxFileBytes / 1000) };
    case 'symlink':
      return { ...next, [path]: { symlink: 'words' } };
    case 'ends':
      return { ...next, [path]: content.endsWith('\n') ? content.slice(0, -1) : `${content}\n` };
    default:
      return { ...next, [path]: content.replace(/\n/g, '\r\n') };
  }
}

/** A further definition, before one of those that are there or at the end. */
function withDefinition(content: string, definition: readonly string[], to: number): string {
  const places = [...content.matchAll(/^function /gm)].map(({ index }) => index);
  const at = places[to % (places.length + 1)] ?? content.length;
  return content.slice(0, at) + textOf(definition) + content.slice(at);
}

function withChangedLines(content: string, { do: how, count, to, at }: LineChange): string {
  const all = content.split('\n');
  const start = (at * 7) % all.length;
  const picked = all.slice(start, start + count);
  const rest = [...all.slice(0, start), ...all.slice(start + count)];
  const put = (lines: readonly string[], into: readonly string[]): string =>
    [...into.slice(0, to % (into.length + 1)), ...lines, ...into.slice(to % (into.length + 1))].join('\n');
  if (how === 'delete') return rest.join('\n');
  if (how === 'move') return put(picked, rest);
  return put(how === 'double' ? picked : picked.map((_, i) => `  ${words[(at + i) % words.length]!}(${to});`), all);
}
