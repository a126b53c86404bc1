import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { DoctorResult } from '../../src/engine/types.js';
import { askAll, copyStore, makeSampleStore } from './support/sample-store.js';
import type { Asked, SampleStore } from './support/sample-store.js';

type Harm = 'flip' | 'cut' | 'delete' | 'zero';

let sample: SampleStore;
let healthy: readonly Asked[];
beforeAll(async () => {
  sample = await makeSampleStore();
  healthy = await askAll(sample.repository, sample.store);
  expect(healthy.map(({ code }) => code)).toEqual([null, null, null, null, null]);
});

function harm(path: string, how: Harm, share: number, bit: number): void {
  const { size } = statSync(path);
  const at = Math.min(size - 1, Math.floor(share * size));
  if (how === 'delete') return rmSync(path);
  if (how === 'cut') return truncateSync(path, at);
  const bytes = readFileSync(path);
  if (how === 'flip') bytes[at]! ^= 1 << bit;
  else bytes.fill(0, at, Math.min(size, at + 100));
  writeFileSync(path, bytes);
}

async function doctor(store: string, repair: boolean): Promise<DoctorResult> {
  const engine = await openEngine({ repo: sample.repository.path, store, workers: 0, lockTimeoutMs: 2000 });
  try {
    return await engine.doctor({ repair });
  } finally {
    await engine.close();
  }
}

const answerOf = (asked: readonly Asked[], rev: string): string | undefined =>
  asked.find((one) => one.rev === rev)?.answer;

test('whatever byte is damaged: an answer is right or a coded error names the file; repair makes the store whole', async () => {
  const anyHarm = fc.record({
    file: fc.nat(100),
    how: fc.constantFrom<Harm>('flip', 'flip', 'flip', 'cut', 'zero', 'delete'),
    share: fc.double({ min: 0, max: 0.999999, noNaN: true }),
    bit: fc.nat(7),
  });
  const runs = Number(process.env['COPPICE_RUNS'] ?? 40);
  await fc.assert(
    fc.asyncProperty(anyHarm, async ({ file, how, share, bit }) => {
      const store = copyStore(sample);
      const name = sample.files[file % sample.files.length]!;
      const isSegment = name.endsWith('.seg');
      harm(join(store, name), how, share, bit);
      // Names cut off at the end cannot be told from names never written.
      const allowed = isSegment ? ['STORE_CORRUPT'] : ['STORE_CORRUPT', 'STORE_VERSION', 'FORK_NOT_FOUND'];

      // Each question on a copy of its own would be purer; a process that keeps asking is what happens.
      const asked = await askAll(sample.repository, store);
      for (const { rev, answer, code, message } of asked) {
        if (code === null)
          expect({ name, how, rev, answer }).toEqual({ name, how, rev, answer: answerOf(healthy, rev) });
        else {
          expect(allowed, `${name} ${how}: ${rev}: ${message}`).toContain(code);
          if (code === 'STORE_CORRUPT') expect(message).toMatch(new RegExp(`${basename(name)}|lacks|fork`));
        }
      }
      if (asked.some(({ code }) => code === 'STORE_VERSION')) return; // a digit was changed: another program's store

      if (asked.some(({ code }) => code === 'STORE_CORRUPT')) {
        const { problems } = await doctor(store, false);
        expect(problems.map(({ where }) => where).join(), `${name} ${how} ${share}`).toContain(
          isSegment ? basename(name) : name.split('-')[0],
        );
      }
      await doctor(store, true);
      const again = await doctor(store, false);
      expect(again.problems, `${name} ${how} ${share} ${bit}`).toEqual([]);
      const after = await askAll(sample.repository, store);
      for (const { rev, answer, code } of after) {
        const isEdited = rev === 'fork:first' || rev === 'fork:second';
        const mayBeLost = rev.startsWith('fork:') && (isEdited || !isSegment);
        if (code === null) expect({ rev, answer }).toEqual({ rev, answer: answerOf(healthy, rev) });
        else expect({ name, how, rev, code: mayBeLost ? 'FORK_NOT_FOUND' : null }).toEqual({ name, how, rev, code });
      }
    }),
    { numRuns: runs, seed: Number(process.env['COPPICE_SEED'] ?? 3), endOnFailure: true },
  );
}, 600_000);

describe('repair keeps what is intact', () => {
  test('damage to one fork leaves the others', async () => {
    const store = copyStore(sample);
    const segments = sample.files.filter((name) => name.endsWith('.seg'));
    expect(segments.length).toBe(4); // HEAD~2, first, second, HEAD
    harm(join(store, segments[2]!), 'zero', 0.2, 0);
    const { problems } = await doctor(store, true);
    expect(problems.map(({ where }) => where)).toContain('fork second');
    const after = await askAll(sample.repository, store);
    expect(after.map(({ rev, code }) => `${rev} ${code}`)).toEqual([
      'HEAD null',
      'HEAD~2 null',
      'fork:plain null',
      'fork:first null',
      'fork:second FORK_NOT_FOUND',
    ]);
    expect(answerOf(after, 'fork:first')).toBe(answerOf(healthy, 'fork:first'));
  });

  test('segments whose names are lost are taken back', async () => {
    const store = copyStore(sample);
    const journal = sample.files.find((name) => name.startsWith('journal'))!;
    const bytes = readFileSync(join(store, journal));
    // The last record of a segment, of which HEAD is part; then every one of them.
    for (let at = bytes.indexOf('"t":"segments"'); at >= 0; at = bytes.indexOf('"t":"segments"', at + 1))
      bytes[at + 3]! ^= 1;
    writeFileSync(join(store, journal), bytes);
    const asked = await askAll(sample.repository, store);
    expect(new Set(asked.map(({ code }) => code))).toEqual(new Set(['STORE_CORRUPT']));
    await doctor(store, true);
    expect((await doctor(store, false)).problems).toEqual([]);
    expect(await askAll(sample.repository, store)).toEqual(healthy);
  });

  test('a journal that was deleted is noticed, and what it named is taken back', async () => {
    const store = copyStore(sample);
    rmSync(
      join(
        store,
        sample.files.find((name) => name.startsWith('journal'))!,
      ),
    );
    const asked = await askAll(sample.repository, store);
    expect(new Set(asked.map(({ code }) => code))).toEqual(new Set(['STORE_CORRUPT']));
    await doctor(store, true);
    const engine = await openEngine({ repo: sample.repository.path, store, workers: 0 });
    const { revs } = await engine.index(['HEAD']);
    expect(revs[0]!.newChunks).toBe(0);
    await engine.close();
  });

  test('two segment files swapped are noticed', async () => {
    const store = copyStore(sample);
    const [a, b] = sample.files.filter((name) => name.endsWith('.seg')).map((name) => join(store, name));
    const bytes = readFileSync(a!);
    writeFileSync(a!, readFileSync(b!));
    writeFileSync(b!, bytes);
    expect((await askAll(sample.repository, store))[0]!.code).toBe('STORE_CORRUPT');
    await doctor(store, true);
    expect((await doctor(store, false)).problems).toEqual([]);
    expect((await askAll(sample.repository, store)).slice(0, 3)).toEqual(healthy.slice(0, 3));
  });
});

describe('an edited fork', () => {
  /** Segment files, the oldest first. */
  const segmentsOf = (): string[] =>
    sample.files
      .filter((name) => name.endsWith('.seg'))
      .sort((a, b) => Number(/\d+/.exec(a)![0]) - Number(/\d+/.exec(b)![0]));

  test.each(['flip', 'cut', 'delete', 'zero'] as const)('outlives what it was made of: %s', async (how) => {
    const store = copyStore(sample);
    const base = segmentsOf()[0]!;
    harm(join(store, base), how, 0.3, 3);
    const found = (await doctor(store, false)).problems.filter(({ where }) => where.startsWith('fork'));
    expect(found.map(({ where, remedy }) => `${where}: ${remedy}`).sort()).toEqual([
      'fork first: index again from the repository what it was made of',
      'fork second: index again from the repository what it was made of',
    ]);
    await doctor(store, true);
    expect((await doctor(store, false)).problems).toEqual([]);
    expect(await askAll(sample.repository, store)).toEqual(healthy);
  });

  test('is dropped when an edit is lost, and only then', async () => {
    for (const lost of segmentsOf()) {
      const store = copyStore(sample);
      rmSync(join(store, lost));
      const { problems } = await doctor(store, true);
      const asked = await askAll(sample.repository, store);
      for (const name of ['first', 'second']) {
        const { answer, code } = asked.find(({ rev }) => rev === `fork:${name}`)!;
        const isDropped = problems.some(({ where, remedy }) => where === `fork ${name}` && remedy === 'drop the fork');
        expect(code, `${lost} ${name}`).toBe(isDropped ? 'FORK_NOT_FOUND' : null);
        if (!isDropped) expect(answer).toBe(answerOf(healthy, `fork:${name}`));
      }
      expect(problems.filter(({ remedy }) => remedy === 'drop the fork').length).toBeLessThanOrEqual(1);
      expect((await doctor(store, false)).problems).toEqual([]);
    }
  });
});
