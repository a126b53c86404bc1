import { test, expect } from 'vitest';
import { makeRepository } from '../../support/git.js';
import { untilWatching, watchWorktree } from './support/watched.js';

test('first light', async () => {
  const repo = makeRepository();
  repo.commit({ 'a/b/c': 'x' });
  const { monitor } = await watchWorktree(repo.path);
  const g = await untilWatching(monitor);
  repo.write('a/b/c', 'y');
  expect(await monitor.generation()).toBeGreaterThan(g);
  console.log(g, await monitor.generation(), monitor.status());
  repo.write('n/m/o/p', 'y');
  const h = await monitor.generation();
  repo.write('n/m/o/q', 'y');
  console.log(h, await monitor.generation(), monitor.status());
});
