import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import { describeSteps, histories, runHistory } from './support/history.js';

// A fixed seed here; `npm run bench -- equivalence` takes new ones.
const runs = Number(process.env['COPPICE_HISTORIES'] ?? 6);
const seed = Number(process.env['COPPICE_SEED'] ?? 20);

test('a snapshot reached through the shared store answers as a fresh store of that tree', async () => {
  await fc.assert(
    fc.asyncProperty(histories(12), async (steps) => {
      const { differences } = await runHistory(openEngine, steps, 2);
      expect(differences, describeSteps(steps)).toEqual([]);
    }),
    { numRuns: runs, seed, endOnFailure: true },
  );
}, 600_000);
