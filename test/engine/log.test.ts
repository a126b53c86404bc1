import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine, LineChange, LogOptions } from '../../src/engine/types.js';
import { git, makeFolder, makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';

const opened: Engine[] = [];
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close();
});

async function open(repository: TestRepository, store = join(makeFolder(), 'store')): Promise<Engine> {
  const engine = await openEngine({ repo: repository.path, store, workers: 0 });
  opened.push(engine);
  return engine;
}

async function gathered<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Events by the numbers of the commits: `+2 a.ts` in the graph and along first parents, `+2 a.ts (line)`, `+2 a.ts (graph)`. */
async function eventsOf(
  engine: Engine,
  oids: readonly string[],
  pattern: string,
  revs: readonly string[] = [],
  options: LogOptions = {},
): Promise<Record<string, string[]>> {
  const show = (sign: string, { commit, paths, firstParent, graph }: LineChange): string => {
    const flags = firstParent && graph ? '' : firstParent ? ' (line)' : ' (graph)';
    return `${sign}${oids.indexOf(commit)} ${paths.join(' ')}${flags}`;
  };
  const histories = await gathered(engine.log(pattern, revs, options));
  return Object.fromEntries(
    histories.map(({ line, appeared, disappeared, refs }) => [
      line,
      [
        ...appeared.map((change) => show('+', change)),
        ...disappeared.map((change) => show('-', change)),
        ...(refs.length === 0 ? [] : [`in ${refs.join(' ')}`]),
      ],
    ]),
  );
}

async function commitsOf(
  engine: Engine,
  oids: readonly string[],
  pattern: string,
  revs: readonly string[] = [],
  options: LogOptions = {},
): Promise<string[]> {
  const found = await gathered(engine.logCommits(pattern, revs, options));
  return found.map(({ commit, paths, delta }) => `${oids.indexOf(commit)} ${paths.join(' ')} ${delta}`);
}

describe('when lines came and went', () => {
  test('added, doubled, taken back, brought back; who, when and why', async () => {
    const repository = makeRepository();
    const oids = repository.commits([
      { files: { 'a.ts': 'foo one\n' }, message: 'begin: all of it\n\nand more\n' },
      { files: { 'a.ts': 'foo one\nfoo two\nfoo one\n' } },
      { files: { 'a.ts': 'foo two\nother\n' } },
      { files: { 'a.ts': 'other\nfoo one\n' } },
    ]);
    const engine = await open(repository);
    expect(await eventsOf(engine, oids, 'foo')).toEqual({
      'foo one': ['+3 a.ts', '+1 a.ts', '+0 a.ts', '-2 a.ts', 'in main'],
      'foo two': ['+1 a.ts', '-3 a.ts'],
    });
    const [one] = await gathered(engine.log('foo one'));
    expect(one!.appeared.at(-1)).toEqual({
      commit: oids[0],
      author: 'Ada <ada@example.org>',
      date: '2023-11-14T22:14:20Z',
      committed: '2023-11-14T22:14:20Z',
      subject: 'begin: all of it',
      paths: ['a.ts'],
      firstParent: true,
      graph: true,
    });
    // A line that moves within its file does nothing.
    expect(await eventsOf(engine, oids, 'other')).toEqual({ other: ['+2 a.ts', 'in main'] });
    expect(await eventsOf(engine, oids, 'nowhere')).toEqual({});
    expect(await commitsOf(engine, oids, 'foo')).toEqual(['2 a.ts -2', '1 a.ts 2', '0 a.ts 1']);
    expect(await commitsOf(engine, oids, 'o')).toEqual(['2 a.ts -5', '1 a.ts 6', '0 a.ts 3']);
  });

  test('a file whose place a symlink takes did not move, as git sees it', async () => {
    const repository = makeRepository();
    const oids = repository.commits([
      { files: { 'bin/a': 'foo\n' } },
      { files: { 'bin/a': { symlink: '../lib/a' }, 'lib/a': 'foo\n' } },
    ]);
    const engine = await open(repository);
    expect(await commitsOf(engine, oids, 'foo')).toEqual(['1 bin/a lib/a 0', '0 bin/a 1']);
    await engine.close();
  });

  test('a file that moves as it is changes nothing; one that is changed on the way does', async () => {
    const repository = makeRepository();
    const oids = repository.commits([
      { files: { 'a.ts': 'foo\n', 'copy.ts': 'foo\n' } },
      { files: { 'a.ts': null, 'b/a.ts': 'foo\n' } },
      { files: { 'b/a.ts': null, 'c.ts': 'foo\nbar\n' } },
      { files: { 'copy.ts': null, 'copy.js': 'foo\n' } }, // read as another language, but the same bytes
      { files: { 'copy.js': null, 'd.js': 'foo\n', 'e.js': 'foo\n' } },
    ]);
    const engine = await open(repository);
    expect(await eventsOf(engine, oids, 'foo')).toEqual({
      foo: ['+4 e.js', '+2 c.ts', '+0 a.ts copy.ts', '-2 b/a.ts', 'in main'],
    });
    expect(await commitsOf(engine, oids, 'foo')).toEqual(['4 e.js 1', '2 b/a.ts c.ts 0', '0 a.ts copy.ts 2']);
    // Who looks at some files only sees one come and go.
    expect(await eventsOf(engine, oids, 'foo', [], { paths: ['b/'] })).toEqual({ foo: ['+1 b/a.ts', '-2 b/a.ts'] });
    expect(await eventsOf(engine, oids, 'foo', [], { languages: ['ts'] })).toEqual({
      foo: ['+2 c.ts', '+0 a.ts copy.ts', '-3 copy.ts', '-2 b/a.ts', 'in main'],
    });
    expect(await commitsOf(engine, oids, 'foo', [], { paths: ['*.js'] })).toEqual(['4 e.js 1', '3 copy.js 1']);
    await expect(gathered(engine.log('foo', [], { languages: ['klingon'] }))).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('a merge that brings a line, an evil one, and one that gives up a side', async () => {
    const repository = makeRepository();
    const oids = repository.commits([
      { branch: 'main', files: { a: 'base\n', b: 'base\n', c: 'foo old\n' } },
      { branch: 'main', files: { a: 'base\nmain\n' } },
      { branch: 'side', parents: [':1'], files: { b: 'base\nfoo side\n' } },
      { branch: 'main', parents: [':2', ':3'], files: { b: 'base\nfoo side\n' } },
      { branch: 'other', parents: [':3'], files: { b: 'base\nfoo side\nfoo other\n' } },
      { branch: 'main', parents: [':4', ':5'], files: { a: 'base\nmain\nfoo evil\n', c: 'old\n' } },
    ]);
    const engine = await open(repository);
    expect(await eventsOf(engine, oids, 'foo')).toEqual({
      'foo evil': ['+5 a', 'in main'],
      'foo old': ['+0 c', '-5 c', 'in other side'],
      'foo other': ['+4 b (graph)', 'in other'],
      'foo side': ['+3 b (line)', '+2 b (graph)', 'in main other side'],
    });
    expect(await eventsOf(engine, oids, 'foo', [], { firstParent: true })).toEqual({
      'foo evil': ['+5 a', 'in main'],
      'foo old': ['+0 c', '-5 c', 'in other side'],
      'foo side': ['+3 b (line)', 'in main other side'],
    });
    // Merges are compared with their first parent, or not at all.
    expect(await commitsOf(engine, oids, 'foo')).toEqual(['4 b 1', '2 b 1', '0 c 1']);
    expect(await commitsOf(engine, oids, 'foo', [], { firstParent: true })).toEqual(['5 a c 0', '3 b 1', '0 c 1']);
  });

  test('an octopus, and a merge that only one parent can explain', async () => {
    const repository = makeRepository();
    const oids = repository.commits([
      { branch: 'main', files: { a: 'x\n' } },
      { branch: 'one', parents: [':1'], files: { a: 'x\nfoo 1\n' } },
      { branch: 'two', parents: [':1'], files: { 'dir/b': 'foo 2\n' } },
      { branch: 'three', parents: [':1'], files: { a: 'x\nfoo 3\n', c: 'foo gone\n' } },
      {
        branch: 'main',
        parents: [':1', ':2', ':3', ':4'],
        files: { a: 'x\nfoo 1\nfoo 3\nfoo new\n', 'dir/b': 'foo 2\n' },
      },
    ]);
    const engine = await open(repository);
    expect(await eventsOf(engine, oids, 'foo')).toEqual({
      'foo 1': ['+4 a (line)', '+1 a (graph)', 'in main one'],
      'foo 2': ['+4 dir/b (line)', '+2 dir/b (graph)', 'in main two'],
      'foo 3': ['+4 a (line)', '+3 a (graph)', 'in main three'],
      'foo new': ['+4 a', 'in main'],
      'foo gone': ['+3 c (graph)', 'in three'],
    });
  });

  test('roots, files that stop being text, and lines with odd ends', async () => {
    const repository = makeRepository();
    const oids = repository.commits([
      { branch: 'main', files: { a: 'foo\r\nfoo', bin: 'foo\0' } },
      { branch: 'orphan', parents: [], files: { b: 'caf\udce9 foo\n' } },
      { branch: 'main', files: { a: '\0foo\n', bin: 'foo\n', '.coppiceignore': 'no/\n', 'no/x': 'foo\n' } },
    ]);
    const engine = await open(repository);
    expect(await eventsOf(engine, oids, 'foo', ['main', 'orphan'])).toEqual({
      foo: ['+2 bin', '+0 a', '-2 a', 'in main'],
      'foo\r': ['+0 a', '-2 a'],
      'caf\udce9 foo': ['+1 b', 'in orphan'],
    });
  });

  test('the newest line comes first; of one commit by text; as many as are asked for', async () => {
    const repository = makeRepository();
    const oids = repository.commits([
      { files: { a: 'foo c\nfoo a\n' } },
      { files: { a: 'foo c\nfoo a\nfoo b\n' } },
      { files: { a: 'foo a\nfoo b\n' } },
    ]);
    const engine = await open(repository);
    expect(Object.keys(await eventsOf(engine, oids, 'foo'))).toEqual(['foo c', 'foo b', 'foo a']);
    expect(Object.keys(await eventsOf(engine, oids, 'foo', [], { maxCount: 2 }))).toEqual(['foo c', 'foo b']);
    expect(await commitsOf(engine, oids, 'foo', [], { maxCount: 1 })).toEqual(['2 a -1']);
  });

  test('patterns are those of grep', async () => {
    const repository = makeRepository();
    const oids = repository.commits([{ files: { a: 'x.y\nxzy\nX.Y\nx.yy\n' } }]);
    const engine = await open(repository);
    const lines = async (pattern: string, options: LogOptions): Promise<string[]> =>
      Object.keys(await eventsOf(engine, oids, pattern, [], options)).sort();
    expect(await lines('x.y', {})).toEqual(['x.y', 'x.yy', 'xzy']);
    expect(await lines('x.y', { literal: true })).toEqual(['x.y', 'x.yy']);
    expect(await lines('x.y', { literal: true, ignoreCase: true })).toEqual(['X.Y', 'x.y', 'x.yy']);
    expect(await lines('x.y', { wholeWord: true })).toEqual(['x.y', 'xzy']);
    expect(await lines('^', {})).toHaveLength(4);
    await expect(lines('x(', {})).rejects.toMatchObject({ code: 'PATTERN_INVALID' });
  });
});

describe('refs that have a line now', () => {
  test('branches, tags, remote branches; by the names that git would take', async () => {
    const repository = makeRepository();
    const oids = repository.commits([
      { branch: 'main', files: { a: 'foo\n' } },
      { branch: 'main', files: { a: 'foo\nfoo\n' } },
      { branch: 'main', files: { a: 'foo\n', b: 'foo\n' } },
      { branch: 'gone', files: {}, parents: [':1'] },
      { branch: 'gone', files: { a: 'bar\n' } },
    ]);
    repository.tag('v1', oids[0]);
    repository.tag('v2', oids[2], 'annotated');
    repository.tag('main', oids[4]);
    repository.git('update-ref', 'refs/remotes/origin/x', oids[1]!);
    const engine = await open(repository);
    await engine.index([], { all: true, history: true });
    const [foo] = await gathered(engine.log('foo', [oids[2]!]));
    expect(foo!.refs).toEqual(['heads/main', 'v1', 'v2', 'origin/x']);
    // Only what is in scope is an event; what refs have counts all of history.
    expect(await eventsOf(engine, oids, 'foo', ['v1..v2'])).toEqual({
      foo: ['+2 b', '+1 a', '-2 a', 'in heads/main v1 v2 origin/x'],
    });
    expect((await eventsOf(engine, oids, 'foo', ['gone']))['foo']).toEqual([
      '+0 a',
      '-4 a',
      'in heads/main v1 v2 origin/x',
    ]);
  });

  test('those whose history is not indexed are left out, and found once it is', async () => {
    const repository = makeRepository();
    const oids = repository.commits([
      { branch: 'main', files: { a: 'foo\n' } },
      { branch: 'side', parents: [':1'], files: { b: 'x\n' } },
    ]);
    const engine = await open(repository);
    expect(await eventsOf(engine, oids, 'foo')).toEqual({ foo: ['+0 a', 'in main'] });
    expect(await eventsOf(engine, oids, 'x', ['side'])).toEqual({ x: ['+1 b', 'in side'] });
    expect(await eventsOf(engine, oids, 'foo')).toEqual({ foo: ['+0 a', 'in main side'] });
  });
});

describe('revs', () => {
  const history = (): { repository: TestRepository; oids: string[] } => {
    const repository = makeRepository();
    const oids = repository.commits([
      { branch: 'main', files: { a: 'foo 0\n' } },
      { branch: 'side', parents: [':1'], files: { b: 'foo 1\n' } },
      { branch: 'main', files: { a: 'foo 0\nfoo 2\n' } },
      { branch: 'main', parents: [':3', ':2'], files: { b: 'foo 1\n' } },
      { branch: 'main', files: { c: 'foo 4\n' } },
    ]);
    return { repository, oids };
  };

  test('a range has what its end reaches and its beginning does not, along first parents too', async () => {
    const { repository, oids } = history();
    const engine = await open(repository);
    const of = async (...revs: string[]): Promise<string[]> =>
      Object.entries(await eventsOf(engine, oids, 'foo', revs)).map(
        ([line, events]) => `${line}: ${events.filter((event) => !event.startsWith('in')).join(', ')}`,
      );
    expect(await of('side..main')).toEqual(['foo 4: +4 c', 'foo 1: +3 b (line)', 'foo 2: +2 a']);
    expect(await of(`${oids[2]}..`)).toEqual(['foo 4: +4 c', 'foo 1: +3 b (line), +1 b (graph)']);
    expect(await of('main..side')).toEqual([]);
    expect(await of('side', 'main~2')).toEqual(['foo 2: +2 a', 'foo 1: +1 b', 'foo 0: +0 a']);
    expect(await of(`${oids[1]}..${oids[3]}`, 'side')).toEqual(['foo 1: +3 b (line)', 'foo 2: +2 a']);
  });

  test('forks count where they stand at a commit; what has no history says so', async () => {
    const { repository, oids } = history();
    const engine = await open(repository);
    await engine.fork('try', { from: 'side' });
    expect(Object.keys(await eventsOf(engine, oids, 'foo', ['try']))).toEqual(['foo 1', 'foo 0']);
    await engine.apply('try', [{ kind: 'put', path: 'a', content: Buffer.from('new\n') }]);
    for (const rev of ['try', '@worktree', 'main:', 'HEAD..@worktree', 'a...b']) {
      await expect(gathered(engine.log('foo', [rev])), rev).rejects.toMatchObject({ code: 'USAGE' });
      await expect(gathered(engine.logCommits('foo', [rev])), rev).rejects.toMatchObject({ code: 'USAGE' });
    }
    await expect(gathered(engine.log('foo', ['nope']))).rejects.toMatchObject({ code: 'REV_NOT_FOUND' });
    const empty = await open(makeRepository());
    await expect(gathered(empty.log('foo'))).rejects.toMatchObject({ code: 'EMPTY_REPOSITORY' });
  });

  test('other repositories of the store are not mixed in', async () => {
    const { repository, oids } = history();
    const other = makeRepository();
    const [theirs] = other.commits([{ files: { a: 'foo 0\n', z: 'foo theirs\n' } }]);
    const store = join(makeFolder(), 'store');
    const [engine, second] = [await open(repository, store), await open(other, store)];
    const before = await eventsOf(engine, oids, 'foo');
    expect(await eventsOf(second, [theirs!], 'foo')).toEqual({
      'foo 0': ['+0 a', 'in main'],
      'foo theirs': ['+0 z', 'in main'],
    });
    expect(await eventsOf(engine, oids, 'foo')).toEqual(before);
  });

  test('a history that goes on is caught up with; progress is told; an abort is heard', async () => {
    const { repository, oids } = history();
    const engine = await open(repository);
    const seen: string[] = [];
    const all = gathered(engine.log('foo', [], { onProgress: ({ what, unit }) => seen.push(`${what} ${unit}`) }));
    expect(await all).toHaveLength(4);
    expect(new Set(seen).has('history commits')).toBe(true);
    oids.push(repository.commit({ d: 'foo 5\n' }), repository.commit({ d: 'foo 6\n' }));
    expect(await eventsOf(engine, oids, 'foo [56]')).toEqual({
      'foo 6': ['+6 d', 'in main'],
      'foo 5': ['+5 d', '-6 d'],
    });
    await expect(gathered(engine.log('foo', [], { signal: AbortSignal.abort() }))).rejects.toMatchObject({
      code: 'ABORTED',
    });
    const hopeless = makeRepository();
    hopeless.commit({ a: `${'ab'.repeat(2000)}!\n` });
    const slow = await open(hopeless);
    await expect(gathered(slow.log('(?=x?)(a|b|ab)*c', [], { deadlineMs: 100 }))).rejects.toMatchObject({
      code: 'PATTERN_TIMEOUT',
    });
  });
});

test('a commit that git cannot date has its parents: no line before it is its own', async () => {
  const repository = makeRepository();
  const first = repository.commit({ 'a.ts': 'const first = 1;\n' });
  const tree = repository.revParse('HEAD^{tree}');
  repository.commit({ 'a.ts': 'const first = 1;\nconst second = 2;\n' });
  const later = repository.revParse('HEAD^{tree}');
  const commit = (tree: string, parent: string, committer: string): string => {
    const lines = [`tree ${tree}`, `parent ${parent}`, `author A <a@b> ${committer}`, `committer A <a@b> ${committer}`];
    const hash = ['hash-object', '-t', 'commit', '-w', '--literally', '--stdin'];
    return git(repository.path, hash, [...lines, 'encoding ISO-8859-1', '', 'message', ''].join('\n'));
  };
  const broken = commit(later, commit(tree, first, '1288373970 --700'), '');
  repository.git('update-ref', 'refs/heads/main', broken);
  const engine = await open(repository);
  expect(await eventsOf(engine, [first, broken], 'const')).toEqual({
    'const first = 1;': ['+0 a.ts', 'in main'],
    'const second = 2;': ['+1 a.ts', 'in main'],
  });
  const [change] = (await gathered(engine.log('second')))[0]!.appeared;
  expect(change).toMatchObject({ commit: broken, committed: '1970-01-01T00:00:00Z', subject: 'message' });
  expect((await engine.doctor()).problems).toEqual([]);
});
