import { languages, symbolKinds } from '../../model/index.js';
import type { Command, FlagSpec, FlagTable } from '../command.js';
import { globalFlags } from '../global-flags.js';
import { splitCommandLine } from '../typed/parse.js';

/** What may stand where the cursor is. */
export interface Candidate {
  readonly word: string;
  /** One line, for shells that show it. */
  readonly help?: string;
}

/** Where the words come from. */
export interface CompletionSource {
  readonly names: readonly string[];
  load(name: string): Promise<Command | undefined>;
  /** Pages of the manual. */
  topics(): readonly Candidate[];
  /** Names of revs and forks of the repository around; none where there is none. */
  revs(): Promise<readonly Candidate[]>;
  /** Views that have names. */
  views(): Promise<readonly Candidate[]>;
}

/** `files`: the shell completes a path. */
export type Completion =
  { readonly files: true } | { readonly files: false; readonly candidates: readonly Candidate[] };

type Kind = 'rev' | 'fork' | 'view' | 'language' | 'kind' | 'file' | 'command' | 'none';

/** What a value is, by what stands for it in help. */
const kindOf = (name: string): Kind => {
  if (/\bFORK\b/.test(name)) return 'fork';
  if (/\[REV:\]PATH|\bPATHSPEC\b|\bFILE\b|\bDIR\b|\bREPO\b|\bPLACE\b|\bGLOB\b|\bSET\b/.test(name)) return 'file';
  if (/\bREV\b/.test(name)) return 'rev';
  if (name === 'L') return 'language';
  if (name === 'KIND') return 'kind';
  return /\bCOMMAND\b/.test(name) ? 'command' : 'none';
};

/** Candidates for the last of the words, which stands at the cursor and may be empty. */
export async function complete(words: readonly string[], source: CompletionSource): Promise<Completion> {
  const last = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { name, rest } = splitCommandLine(before);
  if (name === undefined) {
    const flag = flagOf(before.at(-1), globalFlags);
    if (flag === globalFlags.view) return ofKind('view', last, source);
    if (flag !== undefined) return valueOf(flag, last, source);
    return last.startsWith('-') ? listed(last, flagsOf(globalFlags)) : listed(last, await commandsOf(source));
  }
  const command = await source.load(name);
  if (command === undefined) return listed(last, []);
  const table: FlagTable = { ...globalFlags, ...command.flags };
  if (!rest.includes('--')) {
    const joined = /^(--[\w-]+=)(.*)$/s.exec(last);
    const spec = joined === null ? flagOf(rest.at(-1), table) : flagOf(joined[1]!.slice(0, -1), table);
    if (spec === globalFlags.view) return ofKind('view', joined?.[2] ?? last, source, joined?.[1]);
    if (spec !== undefined) return valueOf(spec, joined?.[2] ?? last, source, joined?.[1]);
    if (last.startsWith('-')) return listed(last, flagsOf(table));
  }
  return positional(command, rest, last, source);
}

/** The flag that waits for a value, if the word is one. */
function flagOf(word: string | undefined, table: FlagTable): FlagSpec | undefined {
  if (word === undefined || !/^--?[\w.]/.test(word)) return undefined;
  const typed = word.replace(/^--?/, '');
  const isLong = word.startsWith('--');
  const found = Object.entries(table).find(
    ([name, { short, aliases = [] }]) => (isLong ? name === typed : short === typed) || aliases.includes(typed),
  )?.[1];
  return found === undefined || found.type === 'boolean' ? undefined : found;
}

async function valueOf(spec: FlagSpec, typed: string, source: CompletionSource, head = ''): Promise<Completion> {
  const { choices, value = '' } = spec;
  if (choices !== undefined)
    return listed(
      typed,
      choices.map((word) => ({ word })),
      head,
    );
  return ofKind(kindOf(value), typed, source, head);
}

async function positional(
  command: Command,
  rest: readonly string[],
  last: string,
  source: CompletionSource,
): Promise<Completion> {
  const { args } = command;
  const at = rest.filter((word, i) => !word.startsWith('-') && flagOf(rest[i - 1], command.flags) === undefined).length;
  const spec = args[Math.min(at, args.length - 1)];
  if (spec === undefined) return listed(last, []);
  // `PATTERN PATHSPEC`: the first is one thing, those that follow others.
  const [first = '', ...others] = spec.name.split(' ');
  const name = at === 0 || others.length === 0 ? first : others[Math.min(at, others.length) - 1]!;
  if (name === 'SHELL')
    return listed(
      last,
      ['bash', 'zsh', 'fish'].map((word) => ({ word })),
    );
  if (name === 'ACTION')
    return listed(
      last,
      ['add', 'list', 'drop'].map((word) => ({ word })),
    );
  if (name === 'NAME' && command.name === 'view') return ofKind(rest.includes('drop') ? 'view' : 'none', last, source);
  const isFork = name === 'NAME' && ['apply', 'drop'].includes(command.name);
  return ofKind(isFork ? 'fork' : kindOf(name), last, source);
}

async function ofKind(kind: Kind, typed: string, source: CompletionSource, head = ''): Promise<Completion> {
  switch (kind) {
    case 'file':
      return head === '' ? { files: true } : listed(typed, []);
    case 'rev': {
      // Of a range its end is typed.
      const [, from = '', end = ''] = /^(.*\.\.)?(.*)$/s.exec(typed)!;
      return listed(end, await source.revs(), head + from);
    }
    case 'fork':
      return listed(
        typed,
        (await source.revs()).filter(({ help }) => help === 'fork'),
        head,
      );
    case 'view':
      return listed(typed, await source.views(), head);
    case 'language':
      return listed(
        typed,
        languages.map(({ id, aliases }) => ({ word: id, help: aliases.join(', ') })),
        head,
      );
    case 'kind':
      return listed(
        typed,
        symbolKinds.map((word) => ({ word })),
        head,
      );
    case 'command':
      return listed(typed, [...(await commandsOf(source)), ...source.topics()], head);
    case 'none':
      return listed(typed, []);
  }
}

const commandsOf = (source: CompletionSource): Promise<Candidate[]> =>
  Promise.all(source.names.map(async (word) => ({ word, help: (await source.load(word))?.summary ?? '' })));

const flagsOf = (table: FlagTable): Candidate[] =>
  Object.entries(table).flatMap(([name, { short, help }]) => [
    { word: `--${name}`, help },
    ...(short === undefined ? [] : [{ word: `-${short}`, help }]),
  ]);

function listed(typed: string, candidates: readonly Candidate[], head = ''): Completion {
  const fitting = candidates.filter(({ word }) => word.startsWith(typed) && (typed !== '-' || word.startsWith('-')));
  return { files: false, candidates: fitting.map(({ word, ...rest }) => ({ word: head + word, ...rest })) };
}
