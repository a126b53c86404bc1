import { expect, test } from 'vitest';
import { runCrashes } from './support/crashes.js';
import { runHistoryCrashes } from './support/history-crashes.js';

// `npm run bench -- crashes --kills 200` kills more often.
test('what was acknowledged survives kill -9, and the store stays sound', async () => {
  const { problems, acknowledged } = await runCrashes({ kills: 6, seed: 4 });
  expect(problems).toEqual([]);
  expect(acknowledged).toBeGreaterThan(0);
});

test('a history that was killed while it was indexed, merged and collected ends as one that was not', async () => {
  const { problems, compared } = await runHistoryCrashes({ kills: 3, seed: 1, commits: 100, updates: 20 });
  expect(problems).toEqual([]);
  expect(compared).toBeGreaterThan(0);
});
