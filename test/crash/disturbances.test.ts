import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensureDist } from '../cli/dist.js';
import { makeFolder, makeRepository } from '../support/git.js';
import { contentDigest, disturbances, headTree, indexDisturbed, runDisturbed } from './support/disturbances.js';

/** The share of `npm run bench -- disturbances` that a test run has time for; COPPICE_ROUNDS=1 runs all. */
const share =
  process.env['COPPICE_ROUNDS'] === undefined ? /^(-e|NODE_OPTIONS|workers killed, 20%|200 MB|32 open)/ : /./;

const folder = makeFolder();
const dist = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
const all = disturbances(folder).filter(({ name }) => share.test(name));
let place: { dist: string; repo: string; folder: string };
let expected: string | null;

beforeAll(async () => {
  ensureDist();
  const repository = makeRepository();
  const files: Record<string, string> = {};
  for (let i = 0; i < 150; i++) {
    files[`src/m${i % 7}/f${i}.ts`] =
      `export class Grower${i} {\n  grow(by: number): number {\n    return by + ${i};\n  }\n}\n`.repeat(8);
    files[`py/f${i}.py`] = `def shrink_${i}(by):\n    return -by - ${i}\n\n\n`.repeat(8);
  }
  repository.commit(files);
  place = { dist, repo: repository.path, folder };
  const store = join(folder, 'quiet');
  expect(await indexDisturbed({ ...place, store }, null)).toMatchObject({ ended: '0', provisional: 0 });
  expected = await contentDigest(store, headTree(place.repo));
  expect(expected).not.toBeNull();
});

describe('indexing while things go wrong, then once more undisturbed, stores what a quiet run does', () => {
  test.each(all.map((disturbance) => [disturbance.name, disturbance] as const))(
    '%s',
    async (_, disturbance) => {
      const result = await runDisturbed(place, disturbance, expected!);
      const { disturbed, undisturbed, sameAtOnce, sameAfterwards } = result;
      expect(undisturbed, JSON.stringify(result)).toMatchObject({ ended: '0', provisional: 0 });
      expect(sameAfterwards, JSON.stringify(result)).toBe(true);
      // Node 24 does not start within 200 MB: V8 reserves room for code before anything of ours runs.
      const hasStarted = !disturbed.stderr.includes('Failed to reserve virtual memory for CodeRange');
      if (disturbance.limits?.includes('ulimit -d') === true && hasStarted)
        expect(disturbed.ended === '0' || disturbed.code !== '', JSON.stringify(result)).toBe(true);
      // What says that it ended well and marks nothing has the right content.
      if (disturbance.flagsOnly || (disturbed.ended === '0' && disturbed.provisional === 0))
        expect(sameAtOnce, JSON.stringify(result)).toBe(true);
      if (disturbance.flagsOnly) expect(disturbed).toMatchObject({ ended: '0', provisional: 0 });
    },
    240_000,
  );
});
