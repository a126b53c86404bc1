import { cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import { CoppiceError, TimeSlices, crc32 } from '../../src/base/index.js';
import { bundledSpace } from '../../src/embedding/index.js';
import { defaultRules, rulesFingerprint } from '../../src/indexing/index.js';
import { SnapshotStore, rootKey } from '../../src/snapshot/index.js';
import type { Snapshot } from '../../src/snapshot/index.js';
import { asOid, type TreeId } from '../../src/model/index.js';
import { compareVectors, prepareRanking, rankingSignals } from '../../src/search/index.js';
import { fileFactors } from '../../src/search/ranking/evidence/file-kinds.js';
import { FileLengths } from '../../src/search/ranking/evidence/file-lengths.js';
import { PathTerms } from '../../src/search/ranking/evidence/path-terms.js';
import { Store } from '../../src/store/index.js';
import { git, makeFolder, makeRepository } from '../support/git.js';
import type { Files } from '../support/git.js';

const everyKind: Files = {
  'a.ts': 'export const one = 1;\n',
  'z/same.ts': 'export const one = 1;\n',
  'z/twice.ts': `${'export function f() {\n  return 1;\n}\n\n'.repeat(90)}`,
  'empty.txt': '',
  'run.sh': { executable: 'f() {\n  true\n}\n' },
  link: { symlink: 'a.ts' },
  module: { submodule: 'c'.repeat(40) },
  'data.bin': Buffer.from([0, 1, 2, 0]),
  'large.txt': 'a line of a large text\n'.repeat(120_000),
  'limit.json': `${'['.repeat(3000)}\n`,
  'app.min.js': 'var a=1;'.repeat(2000),
  'bad\udcff/na\udcfeme.txt': 'a name that is no UTF-8\n',
  'ü/日本.md': '# two\n\ntext\n',
};

/** All that is to be seen of a snapshot. */
function seenOf(snapshot: Snapshot): unknown {
  const { files, unfollowed, visible, occurrenceDocs, occurrenceFiles, occurrenceLines, statistics } = snapshot;
  const occurrences: number[][] = [];
  for (const doc of visible.toArray()) {
    const positions: number[] = [];
    snapshot.forEachOccurrence(doc, (position) => positions.push(position));
    occurrences.push([doc, ...positions]);
  }
  return {
    files: files.map((file) => ({
      path: file.path,
      id: file.id,
      kind: file.kind,
      oid: file.record.oid,
      language: file.record.language,
      sizeBytes: file.record.sizeBytes,
      skipped: file.record.skipped,
      generated: file.record.generated,
      exactOnly: file.record.exactOnly,
      docs: [...file.record.docs],
      diagnostics: [...file.record.diagnostics],
      bytes: file.record.exactOnly ? null : snapshot.fileBytes(file)?.length,
    })),
    unfollowed: [...unfollowed],
    found: files.map(({ path }) => snapshot.fileAt(path)?.id),
    columns: [occurrenceDocs, occurrenceFiles, occurrenceLines, snapshot.fileStarts].map((column) => [...column]),
    ranked: [snapshot.rankedFiles && [...snapshot.rankedFiles], snapshot.ranked.toArray()],
    occurrences,
    statistics,
  };
}

async function opened(store: Store, root: string, flatFilesMin: number): Promise<unknown> {
  const snapshots = new SnapshotStore(store, { flatFilesMin });
  const snapshot = await snapshots.open(snapshots.findRoot(Buffer.from(root, 'hex'))!);
  const seen = seenOf(snapshot);
  snapshot.release();
  snapshots.close();
  return seen;
}

let made: Promise<{ readonly path: string; readonly root: string }> | undefined;

/** A store of its own with everything in it. */
async function everything(): Promise<Indexed> {
  made ??= indexed(everyKind).then(({ store, ...rest }) => (store.close(), rest));
  const { path, root } = await made;
  const copy = join(makeFolder(), 'store');
  cpSync(path, copy, { recursive: true });
  return { path: copy, root, store: Store.open(copy) };
}

const flatIn = (path: string): string[] =>
  readdirSync(join(path, 'snapshots'))
    .filter((name) => /^t\d+$/.test(name))
    .map((name) => join(path, 'snapshots', name));
/** Tables that were made of roots and their paths. */
const tablesIn = (path: string): string[] => readdirSync(join(path, 'snapshots')).filter((name) => name.includes('-'));
const namesOf = (path: string): string[] =>
  tablesIn(path)
    .map((name) => name.replace(/^\w+-/, '').replace(/-.*/, ''))
    .sort();
const allTables = ['lengths', 'pathKinds', 'pathTerms', 'statistics', 'vectorSigns', 'vectorSums'];
const sizeOf = (path: string): number => readFileSync(path).length;

interface Indexed {
  readonly path: string;
  readonly store: Store;
  readonly root: string;
}

async function indexed(files: Files): Promise<Indexed> {
  const repository = makeRepository();
  repository.commits([{ files: { 'before.ts': 'before();\n' } }, { files }]);
  const path = join(makeFolder(), 'store');
  const engine = await openEngine({ repo: repository.path, store: path, workers: 0 });
  await engine.index(['HEAD~1']);
  await engine.index(['HEAD']);
  await engine.close();
  const root = rootKey(repository.revParse('HEAD^{tree}'), rulesFingerprint(defaultRules)).toString('hex');
  return { path, store: Store.open(path), root };
}

test('a root that is opened again is laid out flat, and seen as the walk sees it', async () => {
  const { path, store, root } = await everything();
  const walked = await opened(store, root, Infinity);
  expect(existsSync(join(path, 'snapshots'))).toBe(false);
  expect(await opened(store, root, 1)).toEqual(walked);
  expect(flatIn(path).map(sizeOf)).toEqual([0]); // noted
  expect(await opened(store, root, 1)).toEqual(walked);
  const [flat] = flatIn(path) as [string];
  expect(sizeOf(flat)).toBeGreaterThan(1000);
  const bytes = readFileSync(flat);
  expect(await opened(store, root, 1)).toEqual(walked);
  expect(readFileSync(flat)).toEqual(bytes);
  store.close();
});

test('a root like one that is kept is seen as the walk sees it, whatever was put, removed, or became something else', async () => {
  const repository = makeRepository();
  const nothing = (files: Files): Files => Object.fromEntries(Object.keys(files).map((path) => [path, null]));
  const links: Files = { 'links/a': { symlink: '../a.ts' }, 'links/b/c': { symlink: '../../a.ts' } };
  const text = 'export const two = 2;\n';
  const steps: Files[] = [
    { ...everyKind, ...links, 'large.txt': text, 'limit.json': text },
    { 'z/same.ts': text },
    { '0.ts': text, 'z/y/x.ts': text, 'zz.ts': text, 'empty.txt': null },
    { link: null, 'link/now/a/folder.ts': text, 'run.sh': 'f() {\n  true\n}\n' },
    { ...nothing({ 'z/same.ts': '', 'z/twice.ts': '', 'z/y/x.ts': '' }), z: { symlink: 'ü' }, 'ü/日本.txt': text },
    { ...nothing(links), 'links.ts': text, 'links-too/a': { symlink: '../links.ts' }, 'app.min.js': null },
    { 'data.bin': null, 'data.bin/not/so': text, 'bad\udcff/na\udcfeme.txt': 'another\n', 'large.txt': null },
  ];
  repository.commits(steps.map((files) => ({ files })));
  const revs = steps.map((_, i) => `HEAD~${steps.length - 1 - i}`);
  const path = join(makeFolder(), 'store');
  const engine = await openEngine({ repo: repository.path, store: path, workers: 0 });
  await engine.index(revs);
  await engine.close();
  const store = Store.open(path);
  const alone = new SnapshotStore(store, { flatFilesMin: Infinity });
  const roots = revs.map((rev) => {
    const key = rootKey(repository.revParse(`${rev}^{tree}`), rulesFingerprint(defaultRules));
    return alone.findRoot(key)!;
  });
  for (const from of [0, steps.length - 1]) {
    for (const root of roots) {
      const near = new SnapshotStore(store, { flatFilesMin: 1 });
      await near.keepFlat(roots[from]!);
      near.forget();
      const [snapshot, expected] = [await near.open(root), await alone.open(root)];
      expect(seenOf(snapshot)).toEqual(seenOf(expected));
      if (root !== roots[from]) expect(near.memory.snapshots).toBe(2); // that which is kept was opened for it
      expected.release();
      near.forget();
      expect(() => seenOf(snapshot)).not.toThrow();
      snapshot.release();
      near.close();
      store.snapshots.clear();
    }
  }
  alone.close();
  store.close();
});

test('a root like one that has names twice, which git refuses to make, is seen as the walk sees it', async () => {
  const repository = makeRepository();
  const run = (words: string[], input = ''): string => git(repository.path, words, input).trim();
  const blobs = [1, 2].map((n) => run(['hash-object', '-w', '--stdin'], `export const value = ${n};\n`));
  const [one, two] = blobs.map((oid) => (name: string) => `100644 blob ${oid}\t${name}`);
  const mktree = (...rows: string[]): string => run(['mktree'], rows.map((row) => `${row}\n`).join(''));
  const folder = (name: string, ...rows: string[]): string => `040000 tree ${mktree(...rows)}\t${name}`;
  const a = folder('d', one!('x'));
  const b = folder('d', two!('x'));
  const trees = [
    mktree(one!('a'), two!('a'), one!('b'), a),
    mktree(one!('a'), one!('b'), a),
    mktree(one!('a'), a, b),
    mktree(one!('a'), b),
    mktree(one!('a'), folder('d', one!('x'), two!('x'), one!('y'))),
    mktree(one!('a'), folder('d', one!('x'), one!('y'))),
    mktree(one!('a'), folder('d', folder('e', one!('x'), two!('x')), one!('y'))),
    mktree(one!('a'), folder('d', folder('e', one!('x')), one!('y'), two!('y'))),
  ];
  const commits = trees.map((tree) =>
    run(['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit-tree', '-m', 'x', tree]),
  );
  const path = join(makeFolder(), 'store');
  const engine = await openEngine({ repo: repository.path, store: path, workers: 0 });
  await engine.index(commits);
  await engine.close();
  const store = Store.open(path);
  const alone = new SnapshotStore(store, { flatFilesMin: Infinity });
  const roots = trees.map((tree) => alone.findRoot(rootKey(asOid(tree), rulesFingerprint(defaultRules)))!);
  for (const [i, from] of roots.entries()) {
    store.snapshots.clear();
    const near = new SnapshotStore(store, { flatFilesMin: 1 });
    await near.keepFlat(from);
    for (const root of roots.slice(Math.max(0, i - 1), i + 2)) {
      const [snapshot, expected] = [await near.open(root), await alone.open(root)];
      expect(seenOf(snapshot)).toEqual(seenOf(expected));
      expected.release();
      snapshot.release();
    }
    near.close();
  }
  alone.close();
  store.close();
});

test('a root like one whose trees are damaged is seen as the walk sees it; that one fails alone', async () => {
  const repository = makeRepository();
  const [first] = repository.commits([
    { files: { ...everyKind, 'large.txt': 'small\n' } },
    { files: { 'z/new.ts': 'two\n' } },
  ]);
  const path = join(makeFolder(), 'store');
  const engine = await openEngine({ repo: repository.path, store: path, workers: 0 });
  await engine.index([first!]);
  await engine.index(['HEAD']);
  await engine.close();
  const store = Store.open(path);
  const snapshots = new SnapshotStore(store, { flatFilesMin: 1 });
  const [older, newer] = [first!, 'HEAD'].map((rev) => {
    const key = rootKey(repository.revParse(`${rev}^{tree}`), rulesFingerprint(defaultRules));
    return snapshots.findRoot(key)!;
  }) as [TreeId, TreeId];
  const alone = new SnapshotStore(store, { flatFilesMin: Infinity });
  const expected = await alone.open(older);
  await snapshots.keepFlat(newer);
  snapshots.forget();
  const damaged = new SnapshotStore(store, { flatFilesMin: 1 });
  const { segments } = damaged.segments();
  expect(segments).toHaveLength(2);
  segments[1]!.treeRecords.get = () => {
    throw new CoppiceError('STORE_CORRUPT', 'damaged');
  };
  const snapshot = await damaged.open(older);
  expect(seenOf(snapshot)).toEqual(seenOf(expected));
  await expect(damaged.open(newer)).rejects.toThrow('damaged');
  snapshot.release();
  expected.release();
  for (const opened of [snapshots, alone, damaged]) opened.close();
  store.close();
});

test('what is laid out of an empty root, and what is damaged or of another store, is seen as the walk sees it', async () => {
  const empty = await indexed({ 'before.ts': null });
  const one = await opened(empty.store, empty.root, Infinity);
  for (let i = 0; i < 3; i++) expect(await opened(empty.store, empty.root, 0)).toEqual(one);
  empty.store.close();

  const { path, store, root } = await everything();
  const walked = await opened(store, root, Infinity);
  for (let i = 0; i < 2; i++) await opened(store, root, 1);
  const [flat] = flatIn(path) as [string];
  const bytes = readFileSync(flat);
  const damaged = [
    ...Array.from({ length: 10 }, (_, i) => Math.floor((i * bytes.length) / 10)).map((at) => {
      const copy = Buffer.from(bytes);
      copy[at]! ^= 1 << (at % 8);
      return copy;
    }),
    ...[1, 7, 12, 300, bytes.length - 1].map((length) => bytes.subarray(0, length)),
    Buffer.concat([bytes, Buffer.from([0])]),
  ];
  for (const other of damaged) {
    writeFileSync(flat, other);
    expect(await opened(store, root, 1)).toEqual(walked);
  }
  // The same tree with the same number, but its chunks have others.
  const repository = makeRepository();
  repository.commits([
    { files: { 'x.ts': 'x();\ny();\n' } },
    { files: { 'x.ts': null, 'before.ts': 'before();\n', ...everyKind } },
  ]);
  const renumbered = join(makeFolder(), 'store');
  const engine = await openEngine({ repo: repository.path, store: renumbered, workers: 0 });
  await engine.index(['HEAD~1']);
  await engine.index(['HEAD']);
  await engine.close();
  const otherStore = Store.open(renumbered);
  const seen = await opened(otherStore, root, Infinity);
  await opened(otherStore, root, 1);
  for (const name of flatIn(renumbered)) writeFileSync(name, bytes);
  expect(await opened(otherStore, root, 1)).toEqual(seen);
  for (const one of [store, otherStore]) one.close();
});

/** What searches make of a snapshot as a whole. */
async function tablesOf(store: Store, root: string, flatFilesMin: number): Promise<unknown> {
  const snapshots = new SnapshotStore(store, { flatFilesMin });
  const snapshot = await snapshots.open(snapshots.findRoot(Buffer.from(root, 'hex'))!);
  const [terms, lengths, factors] = [
    await PathTerms.of(snapshot),
    await FileLengths.of(snapshot),
    await fileFactors(snapshot, rankingSignals),
  ];
  const space = bundledSpace()!;
  const words = ['twice', 'run', 'name', 'na', 'z', 'min', 'nothing'];
  const query = Int8Array.from({ length: space.dimension }, (_, i) => (i % 7) - 3);
  const similarities = await compareVectors(snapshot, { space, signsTell: true }, query, new TimeSlices(), {
    codedMin: 0,
  });
  const bounds = [...similarities.most.nearest, ...similarities.most.cosines];
  const files = snapshot.files.map((_, file) => similarities.file(file));
  const mean = similarities.mean(0.5);
  similarities.release();
  const made = {
    statistics: snapshot.statistics,
    paths: words.map((word) => [word, [...terms.filesNamed(word)], [...terms.filesInFolder(word)]]),
    lengths: [lengths.body, lengths.comment, lengths.symbol].map((column) => [...column]),
    mean: lengths.mean,
    factors: [...factors],
    files,
    bounds,
    nearMean: mean,
  };
  snapshot.release();
  snapshots.close();
  return made;
}

test('tables of a root that is laid out are kept, and those that are damaged or of another are made again', async () => {
  const { path, store, root } = await everything();
  const made = (await tablesOf(store, root, Infinity)) as { paths: unknown; files: number[] };
  expect(made.paths).toContainEqual(['run', [8], []]);
  expect(made.files.some((cosine) => cosine !== 0)).toBe(true);
  // A root that is met once keeps nothing.
  expect(await tablesOf(store, root, 1)).toEqual(made);
  expect(tablesIn(path)).toEqual([]);
  expect(await tablesOf(store, root, 1)).toEqual(made);
  const names = tablesIn(path);
  expect(namesOf(path)).toEqual(allTables);
  expect(await tablesOf(store, root, 1)).toEqual(made);
  for (const name of names) {
    const file = join(path, 'snapshots', name);
    const bytes = readFileSync(file);
    const named = bytes.indexOf('"of":"') + 7;
    const other = Buffer.from(bytes);
    other[named]! ^= 1; // says that it is of another
    other.writeUInt32LE(crc32(other.subarray(8)), 4);
    const flipped = Buffer.from(bytes);
    flipped[bytes.length - 9]! ^= 4;
    for (const wrong of [other, flipped, bytes.subarray(0, bytes.length >> 1), Buffer.alloc(0)]) {
      writeFileSync(file, wrong);
      expect(await tablesOf(store, root, 1), name).toEqual(made);
      expect(readFileSync(file), name).toEqual(bytes);
    }
  }
  store.close();
});

test('tables of a root that is indexed are made before the first search, and are those that it makes', async () => {
  const { path, store, root } = await everything();
  const made = await tablesOf(store, root, Infinity);
  const snapshots = new SnapshotStore(store, { flatFilesMin: 1 });
  const tree = snapshots.findRoot(Buffer.from(root, 'hex'))!;
  await snapshots.keepFlat(tree);
  const snapshot = await snapshots.open(tree);
  await prepareRanking(snapshot, [{ space: bundledSpace()! }]);
  snapshot.release();
  snapshots.close();
  // Signs are of large ones alone.
  expect(namesOf(path)).toEqual(allTables.filter((name) => name !== 'vectorSigns'));
  const tables = tablesIn(path).map((name) => readFileSync(join(path, 'snapshots', name)));
  expect(await tablesOf(store, root, 1)).toEqual(made);
  expect(tablesIn(path).map((name) => readFileSync(join(path, 'snapshots', name)))).toEqual(
    expect.arrayContaining(tables),
  );
  store.close();
});

test('gc lets go what is laid out, and a store that is made anew has nothing of the one before', async () => {
  const { path, store, root } = await everything();
  for (let i = 0; i < 2; i++) await opened(store, root, 1);
  store.close();
  const engine = await openEngine({ repo: makeRepository().path, store: path, workers: 0 });
  await engine.gc();
  await engine.close();
  expect(existsSync(join(path, 'snapshots'))).toBe(false);
  const again = Store.open(path);
  again.snapshots.put('t1', Buffer.from('left'));
  again.close();
  for (const name of readdirSync(path)) if (name !== 'snapshots') rmSync(join(path, name), { recursive: true });
  Store.open(path).close();
  expect(existsSync(join(path, 'snapshots'))).toBe(false);
});

test('so many are kept, those that were used last', () => {
  const path = join(makeFolder(), 'store');
  const store = Store.open(path);
  for (let i = 0; i < 140; i++) store.snapshots.put(`t${i}`, Buffer.alloc(10));
  expect(flatIn(path)).toHaveLength(120);
  expect(store.snapshots.sizeOf('t139')).toBe(10);
  store.close();
});
