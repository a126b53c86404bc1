import { expect, test } from 'vitest';
import { openRepository, type WorktreeChanges } from '../../../src/git/index.js';
import { randomFrom } from '../../crash/support/random.js';
import { contentsOf } from '../../git/support/contents-of.js';
import { makeRepository } from '../../support/git.js';
import { RandomEdits } from './support/random-edits.js';
import { placeOf, until, untilExact, watchPlace } from './support/watched.js';

const rounds = Number(process.env['COPPICE_ROUNDS'] ?? 60);
const seed = Number(process.env['COPPICE_SEED'] ?? 5);

test('what a watcher says was touched is enough to follow a work tree', { timeout: 120_000 }, async () => {
  const made = makeRepository();
  made.commit({ 'a/b/a': 'x', 'a/c': 'y', b: 'z' });
  made.git('reset', '-q', '--hard');
  made.git('branch', 'other');
  const monitor = watchPlace(await placeOf(made.path));
  await untilExact(monitor);
  const random = randomFrom(seed);
  const edits = new RandomEdits(made.path, random);
  const repo = await openRepository(made.path);
  let last: { generation: number; changes: WorktreeChanges } | null = null;
  for (let round = 0; round < rounds; round++) {
    const done: string[] = [];
    for (let many = random(4); many >= 0; many--) {
      if (random(4) === 0) done.push(edits.moveFolders());
      done.push(edits.touchFile());
    }
    const git = [
      ['add', '-A'],
      ['commit', '-qam', `${round}`],
      ['checkout', '-qf', 'other'],
      ['checkout', '-qf', 'main'],
    ];
    const command = git[random(12)];
    if (command !== undefined) {
      done.push(command.join(' '));
      try {
        made.git(...command);
      } catch {
        // There was nothing to commit.
      }
    }
    const generation = await until(() => monitor.generation());
    const touched: ReadonlySet<string> | null = last === null ? null : monitor.touchedSince(last.generation);
    const since = touched === null ? undefined : { changes: last!.changes, touched };
    const changes: WorktreeChanges = await repo.worktreeChanges(undefined, since);
    const fresh = await openRepository(made.path);
    const expected = await contentsOf(fresh, await fresh.worktreeChanges());
    expect(await contentsOf(fresh, changes), `round ${round}: ${done.join('; ')}`).toEqual(expected);
    fresh.close();
    last = { generation, changes };
  }
  repo.close();
});

test('after rules have changed, anything may have', async () => {
  const made = makeRepository();
  made.commit({ 'a/b': 'x' });
  made.git('reset', '-q', '--hard');
  const monitor = watchPlace(await placeOf(made.path));
  const first = await untilExact(monitor);
  made.write('a/b', 'y');
  made.write('a/c', 'y');
  const second = await untilExact(monitor);
  expect(monitor.touchedSince(first)).toEqual(new Set(['a/b', 'a/c']));
  expect(monitor.touchedSince(second)).toEqual(new Set());
  made.write('.gitignore', 'c\n');
  await untilExact(monitor);
  expect(monitor.touchedSince(second)).toBeNull();
});

test('an index that tracks other files asks which folders are ignored only where that can change', async () => {
  const made = makeRepository();
  made.commit({ 'a/b': 'x', '.gitignore': 'out/\n' });
  made.git('reset', '-q', '--hard');
  made.write('out/x', 'x');
  const place = await placeOf(made.path);
  let asked = 0;
  const monitor = watchPlace({ ...place, ignoredFolders: () => (asked++, place.ignoredFolders()) });
  await untilExact(monitor);
  const before = asked;
  made.write('a/b', 'y');
  made.git('add', 'a/b');
  await untilExact(monitor);
  expect(asked).toBe(before);
  made.git('add', '-f', 'out/x');
  await untilExact(monitor);
  expect(asked).toBeGreaterThan(before);
  const generation = await untilExact(monitor);
  made.write('out/x', 'y');
  expect(await untilExact(monitor)).toBeGreaterThan(generation);
});
