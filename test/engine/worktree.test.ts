import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { openEngine, openEngines } from '../../src/engine/index.js';
import type { Engine, LocalEngines } from '../../src/engine/index.js';
import { git, makeFolder, makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';
import { fakeWatch } from './support/fake-monitor.js';
import type { FakeMonitor } from './support/fake-monitor.js';

const opened: LocalEngines[] = [];
afterEach(async () => {
  for (const engines of opened.splice(0)) await engines.close();
});

interface Watched {
  readonly engine: Engine;
  /** Once the work tree was asked about. */
  readonly monitor: () => FakeMonitor;
  readonly store: string;
  /** Has the engines let go what they hold in memory. */
  readonly trim: () => Promise<void>;
}

async function watched(repository: TestRepository): Promise<Watched> {
  const store = join(makeFolder(), 'store');
  const { monitors, watch } = fakeWatch();
  const engines = await openEngines({ store, workers: 0, watch });
  opened.push(engines);
  return { engine: engines.open(repository.path), monitor: () => monitors[0]!, store, trim: () => engines.trim() };
}

interface Seen {
  readonly lines: readonly string[];
  readonly freshness: string;
}

async function look(engine: Engine, options: { allowStale?: boolean } = {}): Promise<Seen> {
  const { lines, freshness } = await engine.grep('.', { rev: '@worktree', ...options });
  return { lines: lines.map(({ path, text }) => `${path}:${text}`), freshness };
}

function sample(): TestRepository {
  const repository = makeRepository();
  repository.commits([{ files: { 'a.txt': 'a0\n', 'sub/b.txt': 'b0\n' } }]);
  repository.git('reset', '-q', '--hard');
  return repository;
}

const live = (...lines: string[]): Seen => ({ lines, freshness: 'live' });
const stale = (...lines: string[]): Seen => ({ lines, freshness: 'stale' });

describe('a watched work tree', () => {
  test('is read again when its generation has grown, and only then', async () => {
    const repository = sample();
    const { engine, monitor } = await watched(repository);
    expect(await look(engine)).toEqual(live('a.txt:a0', 'sub/b.txt:b0'));
    repository.write('a.txt', 'a1 unseen\n'); // of which the monitor says nothing
    expect(await look(engine)).toEqual(live('a.txt:a0', 'sub/b.txt:b0'));
    monitor().value = 2;
    expect(await look(engine)).toEqual(live('a.txt:a1 unseen', 'sub/b.txt:b0'));
    repository.write('a.txt', 'a0\n');
    monitor().value = 3;
    expect((await engine.resolve('@worktree')).commit).toBe(repository.revParse('HEAD'));
  });

  test('is read for each answer while its generation cannot be told', async () => {
    const repository = sample();
    const { engine, monitor } = await watched(repository);
    await look(engine);
    monitor().value = null;
    for (const text of ['a1', 'a2', 'a3']) {
      repository.write('a.txt', `${text}\n`);
      expect(await look(engine, { allowStale: true })).toEqual(live(`a.txt:${text}`, 'sub/b.txt:b0'));
    }
    monitor().value = 7; // what was read before it could be told is of no known generation
    repository.write('a.txt', 'a4\n');
    expect(await look(engine, { allowStale: true })).toEqual(live('a.txt:a4', 'sub/b.txt:b0'));
  });

  test('may be answered as it was, which is said', async () => {
    const repository = sample();
    const { engine, monitor } = await watched(repository);
    await look(engine, { allowStale: true });
    repository.write('a.txt', 'a1\n');
    monitor().value = 2;
    expect(await look(engine, { allowStale: true })).toEqual(stale('a.txt:a0', 'sub/b.txt:b0'));
    const { hits } = await engine.search('b0', { rev: '@worktree', allowStale: true });
    expect(hits.map(({ freshness }) => freshness)).toEqual(['stale']);
    expect(await look(engine)).toEqual(live('a.txt:a1', 'sub/b.txt:b0'));
    expect(await look(engine, { allowStale: true })).toEqual(live('a.txt:a1', 'sub/b.txt:b0'));
  });

  test('that changes while the answer is made is stale', async () => {
    const repository = sample();
    const { engine, monitor } = await watched(repository);
    await look(engine);
    let asked = 0;
    monitor().onAsked = () => {
      if (++asked === 2) monitor().value = 2;
      return Promise.resolve();
    };
    expect(await look(engine)).toEqual(stale('a.txt:a0', 'sub/b.txt:b0'));
    expect((await engine.grepRange('.', 'HEAD', '@worktree')).freshness).toBe('live');
    expect((await engine.grepRange('.', 'HEAD', 'HEAD')).freshness).toBe('exact');
  });

  test('a read that began before a change is not taken for one after it', async () => {
    const repository = sample();
    const { engine, monitor } = await watched(repository);
    await look(engine);
    for (let round = 2; round < 20; round++) {
      // A read begins; then something changes, and is asked for at once.
      monitor().value = round * 2;
      const early = look(engine);
      await new Promise((resolve) => setTimeout(resolve, round % 10));
      writeFileSync(repository.file('a.txt'), `a${round}\n`);
      monitor().value = round * 2 + 1;
      const late = await Promise.all([look(engine), look(engine)]);
      for (const seen of late) expect(seen).toEqual(live(`a.txt:a${round}`, 'sub/b.txt:b0'));
      await early;
    }
  });
});

describe('a file that was read before', () => {
  test('is noticed to have changed, however soon and however alike', async () => {
    const repository = sample();
    const engine = await openEngine({ repo: repository.path, store: makeFolder(), workers: 0 });
    for (let i = 100; i < 130; i++) {
      writeFileSync(repository.file('a.txt'), `${i}\n`);
      expect((await engine.show('@worktree', 'a.txt')).content.toString()).toBe(`${i}\n`);
    }
    await engine.close();
  });

  test('is noticed to have changed when its time and size are put back', async () => {
    const repository = sample();
    const engine = await openEngine({ repo: repository.path, store: makeFolder(), workers: 0 });
    const file = repository.file('a.txt');
    const old = new Date(Date.now() - 100_000);
    const write = (text: string): void => {
      writeFileSync(file, `${text}\n`);
      utimesSync(file, old, old);
    };
    write('x1');
    await new Promise((resolve) => setTimeout(resolve, 2100)); // from now on its times are trusted
    expect((await look(engine)).lines[0]).toBe('a.txt:x1');
    write('x2');
    expect((await look(engine)).lines[0]).toBe('a.txt:x2');
    await engine.close();
  });

  test('is read again when what was indexed of it is gone', async () => {
    const repository = sample();
    const { engine, monitor, trim } = await watched(repository);
    repository.write('a.txt', 'a1\n');
    repository.write('new.txt', 'new\n');
    expect((await look(engine)).lines).toHaveLength(3);
    await trim();
    expect(await look(engine)).toEqual(live('a.txt:a1', 'new.txt:new', 'sub/b.txt:b0'));
    // And if it has changed meanwhile, so is the whole work tree.
    await trim();
    repository.write('a.txt', 'a2\n');
    rmSync(repository.file('new.txt'));
    expect((await look(engine)).lines).toEqual(['a.txt:a2', 'sub/b.txt:b0']);
    expect(monitor().value).toBe(1);
  });
});

/** Answers of every kind about the work tree. */
async function everythingOf(engine: Engine): Promise<unknown[]> {
  const { hits } = await engine.search('one two', { rev: '@worktree', limit: 100 });
  const { hits: newer } = await engine.search('one two', { rev: 'HEAD..@worktree', limit: 100 });
  const { lines } = await engine.grepRange('.', 'HEAD', '@worktree');
  const { files } = await engine.files({ rev: '@worktree' });
  const { files: compared } = await engine.compare('HEAD', '@worktree');
  return [await look(engine), hits, newer, lines, files, compared];
}

test('whatever is done to a work tree, a monitored engine and a fresh one see the same', async () => {
  const path = fc.constantFrom('a.txt', 'b.txt', 'dir/a.txt', 'dir/sub/c.txt', 'other/d.txt');
  const step = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), path, text: fc.constantFrom('one', 'two', 'three') }),
    fc.record({ kind: fc.constant('remove' as const), path }),
    fc.record({
      kind: fc.constantFrom('commit', 'stash', 'pop', 'checkout', 'reset', 'mode', 'blind', 'stale', 'nothing'),
    }),
  );
  const run = async (steps: readonly { kind: string; path?: string; text?: string }[]): Promise<void> => {
    const repository = makeRepository();
    repository.commits([{ files: { 'a.txt': 'one\n', 'dir/a.txt': 'two\n' } }, { files: { 'b.txt': 'three\n' } }]);
    repository.git('reset', '-q', '--hard');
    const { engine, monitor, store } = await watched(repository);
    await look(engine);
    for (const [i, { kind, path: file, text }] of steps.entries()) {
      const tryGit = (...args: string[]): void => {
        try {
          git(repository.path, args);
        } catch {
          // Nothing to commit, to stash, in the way: what then is there has to be seen as well.
        }
      };
      if (kind === 'write' || kind === 'remove') rmSync(repository.file(file!), { recursive: true, force: true });
      if (kind === 'write') repository.write(file!, `${text}\n`);
      if (kind === 'commit') tryGit('add', '-A');
      if (kind === 'commit') tryGit('commit', '-q', '-m', `step ${i}`);
      if (kind === 'stash') tryGit('stash', '-q', '--include-untracked');
      if (kind === 'pop') tryGit('stash', 'pop', '-q');
      if (kind === 'checkout') tryGit('checkout', '-q', 'HEAD~1');
      if (kind === 'reset') tryGit('reset', '-q', '--hard', 'main');
      if (kind === 'mode') tryGit('update-index', '--chmod=+x', 'a.txt');
      monitor().value = kind === 'blind' ? null : i + 2;
      if (kind === 'stale') await look(engine, { allowStale: true });
      const fresh = await openEngine({ repo: repository.path, store, workers: 0 });
      expect(await engine.resolve('@worktree')).toEqual(await fresh.resolve('@worktree'));
      expect(await everythingOf(engine)).toEqual(await everythingOf(fresh));
      await fresh.close();
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 10 }), run), {
    numRuns: 6,
    seed: Number(process.env['COPPICE_SEED'] ?? 11),
    endOnFailure: true,
  });
});
