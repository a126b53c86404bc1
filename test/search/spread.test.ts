import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byScore } from '../../src/search/ranking/candidate.js';
import type { Candidate } from '../../src/search/ranking/candidate.js';
import { spreadOverFiles } from '../../src/search/ranking/spread.js';
import { TimeSlices } from '../../src/base/index.js';

/** As it is defined: at each step every chunk that is left is looked at. */
function spreadPlainly(sorted: readonly Candidate[], decay: number, limit: number, hit: (c: Candidate) => boolean) {
  const listed = new Map<number, number>();
  const left = [...sorted];
  const result: { position: number; score: number }[] = [];
  while (result.length < limit && left.length > 0) {
    const values = left.map(({ file, score }) => score * decay ** (listed.get(file) ?? 0));
    const best = values.indexOf(Math.max(...values));
    const [candidate] = left.splice(best, 1);
    listed.set(candidate!.file, (listed.get(candidate!.file) ?? 0) + 1);
    if (hit(candidate!)) result.push({ position: candidate!.position, score: values[best]! });
  }
  return result;
}

test('chunks are spread over files as the definition says, whatever their scores', async () => {
  const candidate = fc.record({ file: fc.nat(5), score: fc.nat(8) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(candidate, { maxLength: 60, size: 'max' }),
      fc.constantFrom(1, 0.9, 0.5),
      fc.nat(40),
      fc.boolean(),
      async (plain, decay, limit, all) => {
        const sorted = plain
          .map(({ file, score }, position) => ({
            position,
            doc: position,
            file,
            text: 0,
            path: 0,
            meaning: 0,
            described: 0,
            about: 0,
            score,
          }))
          .sort(byScore);
        const isHit = ({ position }: Candidate): boolean => all || position % 3 === 0;
        const spread = await spreadOverFiles(sorted, { decay, limit, isHit, slices: new TimeSlices() });
        const shown = spread.map(({ candidate, value }) => ({ position: candidate.position, score: value }));
        expect(shown).toEqual(spreadPlainly(sorted, decay, limit, isHit));
      },
    ),
    { seed: Number(process.env['COPPICE_SEED'] ?? 3), numRuns: 300 },
  );
});
