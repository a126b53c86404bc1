import { expect, test } from 'vitest';
import { runWorktreeSteps } from './support/worktree-run.js';

const steps = Number(process.env['COPPICE_STEPS'] ?? 120);
const seed = Number(process.env['COPPICE_SEED'] ?? 11);

test(
  'what says live is what git tracks or does not ignore, as it lies on disk, after whatever step',
  async () => {
    const { live, stale, wrong } = await runWorktreeSteps({ steps, seed, stepsEach: 60 });
    expect(wrong).toEqual([]);
    expect(live + stale).toBe(steps);
    expect(stale).toBeLessThan(steps / 20);
  },
  steps * 1000 + 60_000,
);
