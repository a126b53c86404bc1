import { describe, expect, test } from 'vitest';
import { CoppiceError, closest } from '../../src/base/index.js';
import { loadAllCommands, loadCommand } from '../../src/cli/command-table.js';
import { mentions, parseCommand, splitCommandLine } from '../../src/cli/typed/parse.js';
import { parseRevRange } from '../../src/model/index.js';
import { parseShowTarget } from '../../src/cli/typed/show-target.js';

async function parse(name: string, ...words: string[]): Promise<ReturnType<typeof parseCommand>> {
  return parseCommand((await loadCommand(name))!, [], words);
}

/** The message and hint of the USAGE error that `work` must end in. */
async function usage(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof CoppiceError && error.code === 'USAGE') return `${error.message} | ${error.hint ?? ''}`;
    throw error;
  }
  throw new Error('no error');
}

describe('flags', () => {
  test('short ones join, and take their value joined or apart', async () => {
    const { flags, args } = await parse('grep', '-Fi', '-C3', 'needle');
    expect(flags).toMatchObject({ 'fixed-strings': true, 'ignore-case': true, 'word-regexp': false, context: 3 });
    expect(args).toEqual(['needle']);
    expect((await parse('grep', '-wC', '2', 'x')).flags).toMatchObject({ 'word-regexp': true, context: 2 });
    expect((await parse('search', '-n5', 'x')).flags['limit']).toBe(5);
    expect((await parse('search', '-n=5', 'x')).flags['limit']).toBe(5);
    expect((await parse('search', 'x', '--limit=7')).flags['limit']).toBe(7);
  });

  test('how many is said by any of the words that git, ripgrep and this tool have for it', async () => {
    const named = [
      ['search', 'limit'],
      ['symbols', 'limit'],
      ['log', 'max'],
      ['files', 'max'],
      ['references', 'max'],
    ] as const;
    for (const [command, name] of named)
      for (const typed of [['-n', '3'], ['--limit', '3'], ['--max=3'], ['--max-count', '3']])
        expect((await parse(command, ...typed, 'x')).flags[name], `${command} ${typed.join(' ')}`).toBe(3);
  });

  test('patterns that begin with - come after -- or -e', async () => {
    expect((await parse('search', '-n3', '--', '-x', '--rev')).args).toEqual(['-x', '--rev']);
    expect((await parse('grep', '-e', '-h')).flags).toMatchObject({ regexp: ['-h'], help: false });
    expect((await parse('grep', '-e--')).flags['regexp']).toEqual(['--']);
    expect((await parse('grep', '-')).args).toEqual(['-']);
  });

  test('repeatable ones keep their order, single ones keep the last', async () => {
    const { flags } = await parse('grep', 'x', '--path', 'a', '--path=!b', '--rev', 'one', '--rev', 'two');
    expect(flags).toMatchObject({ path: ['a', '!b'], rev: 'two' });
  });

  test('the order across different flags is kept', async () => {
    const { given } = await parse('apply', 'f', '--rm', 'a', '--put', 'b=c', '--rm', 'd');
    expect(given.map(({ name, value }) => `${name} ${value}`)).toEqual(['rm a', 'put b=c', 'rm d']);
  });

  test('global ones stand before or after the command', async () => {
    const split = splitCommandLine(['--repo', 'grep', '--json', 'grep', 'x', '--store', 's']);
    expect(split).toEqual({ before: ['--repo', 'grep', '--json'], name: 'grep', rest: ['x', '--store', 's'] });
    const { globals } = parseCommand((await loadCommand('grep'))!, split.before, split.rest);
    expect(globals).toMatchObject({ repo: ['grep'], json: true, store: 's' });
    expect(mentions(['grep', '--', '--json'], '--json')).toBe(false);
  });

  test('what is wrong is said, with the way out', async () => {
    const wrong: [string, ...string[]][] = [
      ['grep', 'x', '--rv', 'main'],
      ['grep', 'x', '--frobnicate'],
      ['grep', '-FX', 'x'],
      ['grep', '--json=yes', 'x'],
      ['grep', 'x', '--max', 'many'],
      ['grep', 'x', '--max', '0'],
      ['grep', 'x', '-C', '-1'],
      ['grep', 'x', '--rev'],
      ['search'],
      ['search', 'x', '--mode', 'lexicla'],
      ['search', 'x', '--color=blue'],
      ['status', 'now'],
      ['show', 'HEAD', 'a.ts'],
      ['fork', 'a', 'b'],
    ];
    const said = await Promise.all(wrong.map(async ([name, ...words]) => usage(() => parse(name, ...words))));
    expect(said.join('\n')).toMatchInlineSnapshot(`
      "unknown flag --rv | did you mean --rev?
      unknown flag --frobnicate | coppice grep --help lists its flags; what begins with - but is no flag goes after --
      unknown flag -X in -FX | coppice grep --help lists its flags; what begins with - but is no flag goes after --
      --json takes no value | coppice grep --help shows how it is used
      --max needs a whole number from 1 on, not 'many' | coppice grep --help shows how it is used
      --max needs a whole number from 1 on, not '0' | coppice grep --help shows how it is used
      -C needs a whole number from 0 on, not '-1' | coppice grep --help shows how it is used
      --rev needs a value: --rev REV|A..B | coppice grep --help shows how it is used
      coppice search needs QUERY: what to look for; several words need no quotes | coppice search --help shows how it is used
      --mode is one of hybrid, lexical, semantic, not 'lexicla' | did you mean lexical?
      --color is one of auto, always, never, not 'blue' | coppice search --help shows how it is used
      coppice status takes no argument 'now' | coppice status --help shows how it is used
      coppice show takes no argument 'a.ts' | rev and path are one word: REV:PATH
      coppice fork takes no argument 'b' | to start from another rev use --from REV"
    `);
  });
});

test('near words are suggested, far ones are not', () => {
  const names = ['grep', 'search', 'symbols', 'status', 'fork', 'forks', 'files-with-matches'];
  const words = ['gerp', 'serach', 'sym', 'stat', 'frok', 'files', 'x', 'zzzz', 'Grep'];
  expect(words.map((word) => closest(word, names))).toEqual([
    'grep',
    'search',
    'symbols',
    'status',
    'fork',
    'files-with-matches',
    undefined,
    undefined,
    'grep',
  ]);
});

describe('the table of commands', () => {
  test('is sound: names, short flags, and arguments are unambiguous', async () => {
    for (const command of await loadAllCommands()) {
      expect(await loadCommand(command.name)).toBe(command);
      const shorts = [...Object.values(command.flags).flatMap((flag) => flag.short ?? [])];
      expect(new Set(shorts).size, command.name).toBe(shorts.length);
      expect(command.args.slice(0, -1).every((arg) => arg.many === undefined && arg.optional === undefined)).toBe(true);
      for (const example of command.examples) expect(example.command).toMatch(/\bcoppice /);
    }
  });

  test('every example parses', async () => {
    for (const command of await loadAllCommands()) {
      for (const { command: line } of command.examples) {
        const words = [...line.slice(line.indexOf('coppice ')).matchAll(/'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2]!);
        expect(words[1]).toBe(command.name);
        parseCommand(command, [], words.slice(2));
      }
    }
  });
});

describe('ranges', () => {
  test('A..B, an empty side being HEAD', () => {
    expect(parseRevRange('main')).toBeUndefined();
    expect(parseRevRange('v1.0..v1.1')).toEqual({ from: 'v1.0', to: 'v1.1' });
    expect(parseRevRange('..dev')).toEqual({ from: 'HEAD', to: 'dev' });
    expect(parseRevRange('fork:a..@worktree')).toEqual({ from: 'fork:a', to: '@worktree' });
    expect(parseRevRange('dev..')).toEqual({ from: 'dev', to: 'HEAD' });
  });

  test('anything else with dots is refused', async () => {
    const said = [await usage(() => parseRevRange('a...b')), await usage(() => parseRevRange('a..b..c'))];
    expect(said.join('\n')).toMatchInlineSnapshot(`
      "a range is written A..B, not 'a...b' | try a..b; from where they part: $(git merge-base a b)..b
      a range has two ends, 'a..b..c' has more | write A..B"
    `);
  });
});

describe('REV:PATH[:A-B]', () => {
  test.each([
    ['HEAD:src/a.ts', { rev: 'HEAD', path: 'src/a.ts' }],
    ['main:a:b.ts', { rev: 'main', path: 'a:b.ts' }],
    ['main:a.ts:3', { rev: 'main', path: 'a.ts', lines: { start: 3, end: 3 } }],
    ['main:a.ts:3-12', { rev: 'main', path: 'a.ts', lines: { start: 3, end: 12 } }],
    ['main:a:1:2', { rev: 'main', path: 'a:1', lines: { start: 2, end: 2 } }],
    ['fork:try:a.ts', { rev: 'fork:try', path: 'a.ts' }],
    ['@worktree:a.ts:1', { rev: '@worktree', path: 'a.ts', lines: { start: 1, end: 1 } }],
    ['main@{10:30}:a.ts', { rev: 'main@{10:30}', path: 'a.ts' }],
    ['HEAD:a-3', { rev: 'HEAD', path: 'a-3' }],
    ['HEAD:3', { rev: 'HEAD', path: '3' }],
    ['src/a.ts', { path: 'src/a.ts' }],
    ['a.ts:3-12', { path: 'a.ts', lines: { start: 3, end: 12 } }],
  ])('%s', (target, expected) => {
    expect(parseShowTarget(target)).toEqual(expected);
  });

  test.each([':a.ts', 'HEAD:', 'HEAD:a:0', 'HEAD:a:5-3'])('%s is refused', async (target) => {
    expect(await usage(() => parseShowTarget(target))).toMatch(/.+ \| .+/);
  });
});
