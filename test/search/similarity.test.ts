import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TimeSlices } from '../../src/base/index.js';
import { createBundledEmbedder } from '../../src/embedding/index.js';
import { openEngine } from '../../src/engine/index.js';
import { comparedSpace } from '../../src/engine/shared/embeddings.js';
import { defaultRules, rulesFingerprint } from '../../src/indexing/index.js';
import type { Oid } from '../../src/model/index.js';
import { Deadline } from '../../src/pattern/index.js';
import { compareVectors, parseQuery, rankSnapshot, rankingSignals, readQuestion } from '../../src/search/index.js';
import type { RankedHit, RankMode } from '../../src/search/index.js';
import { SnapshotStore, rootKey } from '../../src/snapshot/index.js';
import { FileLengths } from '../../src/search/ranking/evidence/file-lengths.js';
import { fromNeighbour, vectorTables } from '../../src/search/vectors/vector-tables.js';
import { visibleVectors } from '../../src/search/vectors/visible-vectors.js';
import { Store } from '../../src/store/index.js';
import { makeFolder, makeRepository } from '../support/git.js';
import { WordEmbedder } from '../support/word-embedder.js';

const verbs = ['read', 'write', 'open', 'close', 'parse', 'render', 'weigh', 'sort', 'merge', 'retry'];
const nouns = ['ledger', 'session', 'socket', 'queue', 'parcel', 'tree', 'query', 'image', 'account', 'timer'];
const capital = (word: string): string => word[0]!.toUpperCase() + word.slice(1);

/** Files of several functions each, some of which are in many. */
function files(): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [i, verb] of verbs.entries())
    for (const [j, noun] of nouns.entries()) {
      const functions = Array.from({ length: 1 + ((i * 7 + j) % 4) }, (_, n) => {
        const [other, thing] = [verbs[(i + n * j) % 10]!, nouns[(j + n) % 10]!];
        return `/** ${capital(other)}s a ${thing} before the next ${noun} is there. */\nexport function ${other}${capital(thing)}(${thing}: ${capital(thing)}) {\n${`  ${thing}.${verb}(${noun});\n`.repeat(12)}}\n`;
      });
      all[`src/${noun}/${verb}.ts`] = functions.join('\n');
    }
  all['src/empty.ts'] = '';
  return all;
}

test('what is read of vectors where signs tell which can be near is what reading all of them tells, bit for bit', async () => {
  const repository = makeRepository();
  repository.commit(files());
  const path = join(makeFolder(), 'store');
  const engine = await openEngine({ repo: repository.path, store: path, workers: 0 });
  await engine.index(['HEAD']);
  await engine.close();
  const store = Store.open(path);
  const snapshots = new SnapshotStore(store);
  const root = rootKey(repository.revParse('HEAD^{tree}'), rulesFingerprint(defaultRules));
  const snapshot = await snapshots.open(snapshots.findRoot(root)!);
  const embedder = createBundledEmbedder()!;
  const slices = new TimeSlices();
  let passedOver = 0;
  for (const text of [
    'retry the socket when a parcel is lost',
    'merge trees',
    'account',
    'draws an image of the query',
  ])
    for (const mode of ['hybrid', 'semantic'] satisfies RankMode[]) {
      const vector = await embedder.embedQuery(text);
      const compared = comparedSpace(embedder);
      const all = await compareVectors(snapshot, compared, vector, slices, { codedMin: Infinity });
      const coded = await compareVectors(snapshot, compared, vector, slices, { codedMin: 0 });
      for (const of of ['nearest', 'cosines'] as const)
        expect(Math.min(...coded.most[of].map((most, file) => most - all.most[of][file]!))).toBeGreaterThan(-1e-9);
      const question = await readQuestion(snapshot, parseQuery(text), slices);
      const ranked = (similarities: typeof all, limit: number): Promise<RankedHit[]> =>
        rankSnapshot(snapshot, {
          question,
          similarities,
          mode,
          mask: null,
          limit,
          signals: rankingSignals,
          deadline: new Deadline(10_000),
          signal: undefined,
        });
      expect(await ranked(coded, 10)).toEqual(await ranked(all, 10));
      passedOver += snapshot.files.filter((_, file) => !coded.isKnown(file)).length;
      expect(snapshot.files.map((_, file) => coded.file(file))).toEqual([...all.most.cosines]);
      expect(coded.most).toEqual(all.most);
      const cosines = Array.from(snapshot.occurrenceDocs, (_, position) => all.chunk(position));
      expect(cosines.map((_, position) => coded.chunk(position))).toEqual(cosines);
      expect(coded.mean(0.3)).toBe(all.mean(0.3));
      expect(coded.mean(0)).toBeCloseTo(cosines.reduce((sum, own) => sum + own, 0) / cosines.length, 3);
      coded.release();
    }
  expect(passedOver).toBeGreaterThan(0);
  snapshot.release();
  snapshots.close();
  store.close();
});

test('the same of a root in several segments, some of whose files have no vectors and one of which has many chunks', async () => {
  const repository = makeRepository();
  const before = files();
  repository.commit(before);
  const path = join(makeFolder(), 'store');
  const engine = await openEngine({ repo: repository.path, store: path, workers: 0 });
  await engine.index(['HEAD']);
  const long = Object.values(before).join('\n');
  const [one, other] = [before['src/queue/open.ts']!, before['src/timer/sort.ts']!];
  repository.commit({ 'src/long.ts': `${long}\n${long.replaceAll('timer', 'clock')}`, 'a.ts': `${other}\n${one}` });
  await engine.index(['HEAD']);
  await engine.close();
  const store = Store.open(path);
  const snapshots = new SnapshotStore(store);
  const root = rootKey(repository.revParse('HEAD^{tree}'), rulesFingerprint(defaultRules));
  const snapshot = await snapshots.open(snapshots.findRoot(root)!);
  expect(snapshot.segments.segments.length).toBeGreaterThan(1);
  const embedder = createBundledEmbedder()!;
  const compared = { ...comparedSpace(embedder), isWithheld: (file: string) => /long|image|read/.test(file) };
  const vector = await embedder.embedQuery('retry the socket when a parcel is lost');
  const slices = new TimeSlices();
  const all = await compareVectors(snapshot, compared, vector, slices, { codedMin: Infinity });
  const coded = await compareVectors(snapshot, compared, vector, slices, { codedMin: 0 });
  for (const of of ['nearest', 'cosines'] as const)
    expect(Math.min(...coded.most[of].map((most, file) => most - all.most[of][file]!))).toBeGreaterThan(-1e-9);
  const cosines = Array.from(snapshot.occurrenceDocs, (_, position) => all.chunk(position));
  expect(cosines).toContain(0);
  expect(cosines.map((_, position) => coded.chunk(position))).toEqual(cosines);
  expect(coded.most).toEqual(all.most);
  expect(coded.mean(0.3)).toBe(all.mean(0.3));
  expect(
    Math.max(...Array.from(snapshot.files, (_, file) => snapshot.fileStarts[file + 1]! - snapshot.fileStarts[file]!)),
  ).toBeGreaterThan(144);
  coded.release();
  snapshot.release();
  snapshots.close();
  store.close();
});

test('signs tell of the embedding that comes with Coppice alone; with another all vectors are read, in a large snapshot too', async () => {
  const repository = makeRepository();
  repository.commit(files());
  const path = join(makeFolder(), 'store');
  const embedder = new WordEmbedder();
  const engine = await openEngine({ repo: repository.path, store: path, workers: 0, embedder });
  await engine.index(['HEAD']);
  await engine.close();
  const store = Store.open(path);
  const snapshots = new SnapshotStore(store);
  const root = rootKey(repository.revParse('HEAD^{tree}'), rulesFingerprint(defaultRules));
  const snapshot = await snapshots.open(snapshots.findRoot(root)!);
  const vector = await embedder.embedQuery('retry the socket');
  const compared = comparedSpace(embedder);
  const similarities = await compareVectors(snapshot, compared, vector, new TimeSlices(), { codedMin: 0 });
  expect(snapshot.files.every((_, file) => similarities.isKnown(file))).toBe(true);
  expect(Math.max(...similarities.most.nearest)).toBeGreaterThan(0.3);
  similarities.release();
  snapshot.release();
  snapshots.close();
  store.close();
});

test('what is made of a root from what is kept of one like it is what is made of all its vectors, bit for bit', async () => {
  const repository = makeRepository();
  const before = files();
  repository.commit({ ...before, 'copy/a.ts': before['src/tree/sort.ts']!, 'copy/b.ts': before['src/tree/sort.ts']! });
  const path = join(makeFolder(), 'store');
  const engine = await openEngine({ repo: repository.path, store: path, workers: 0 });
  await engine.index(['HEAD']);
  const first = repository.revParse('HEAD^{tree}');
  // One longer, one gone, one that moved, one new before all, one of two copies gone, a third of another.
  const longer = `${before['src/queue/open.ts']!}\n${before['src/image/weigh.ts']!.replaceAll('image', 'picture')}`;
  repository.commit({
    'src/queue/open.ts': longer,
    'a.ts': longer,
    'src/timer/again.ts': before['src/timer/read.ts']!,
  });
  repository.git('rm', '-q', 'copy/b.ts', 'src/image/sort.ts');
  repository.git('mv', 'src/tree/merge.ts', 'src/zebra.ts');
  repository.git('commit', '-qm', 'less');
  await engine.index(['HEAD']);
  await engine.close();
  const rootOf = (tree: Oid): Buffer => rootKey(tree, rulesFingerprint(defaultRules));
  const compared = comparedSpace(createBundledEmbedder()!);
  const store = Store.open(path);
  const tablesOf = async (snapshots: SnapshotStore, tree: Oid): Promise<unknown[]> => {
    const snapshot = await snapshots.open(snapshots.findRoot(rootOf(tree))!);
    const vectors = await visibleVectors(snapshot, compared);
    const tables = await Promise.all([
      fromNeighbour(snapshot, vectors, compared, true),
      vectorTables(snapshot, vectors, compared, true),
      FileLengths.of(snapshot),
    ]);
    snapshot.release();
    return tables;
  };
  const second = repository.revParse('HEAD^{tree}');
  const fresh = new SnapshotStore(store, { flatFilesMin: Infinity });
  const [none, ...expected] = await tablesOf(fresh, second);
  expect(none).toBeNull();
  const kept = new SnapshotStore(store, { flatFilesMin: 1 });
  await kept.keepFlat(kept.findRoot(rootOf(first))!);
  await tablesOf(kept, first);
  const [made, ...used] = await tablesOf(kept, second);
  expect(made).toEqual(expected[0]);
  expect(used).toEqual(expected);
  fresh.close();
  kept.close();
  store.close();
});
