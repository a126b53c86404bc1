import { expect, test } from 'vitest';
import { runCrashes } from './support/crashes.js';

// `npm run bench -- crashes --kills 200` kills more often.
test('what was acknowledged survives kill -9, and the store stays sound', async () => {
  const { problems, acknowledged } = await runCrashes({ kills: 8, seed: 4 });
  expect(problems).toEqual([]);
  expect(acknowledged).toBeGreaterThan(0);
});
