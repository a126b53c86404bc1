import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import { asOid } from '../../src/model/index.js';
import { fileKey, ignoredFileKey, rootKey, treeKey, SnapshotStore } from '../../src/snapshot/index.js';
import type { Snapshot } from '../../src/snapshot/index.js';
import { Store } from '../../src/store/index.js';
import { defaultRules, rulesFingerprint } from '../../src/indexing/index.js';
import { makeFolder, makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';

function manyCommits(count: number): TestRepository {
  const repository = makeRepository();
  repository.commits(
    Array.from({ length: count }, (_, i) => ({ files: { [`f${i % 5}.ts`]: `parse ${i}\n`, 'all.ts': `tree ${i}\n` } })),
  );
  return repository;
}

/** Segment files that this process has open. */
function openSegments(store: string): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(store) && path.includes('.seg') ? [path] : [];
    } catch {
      return [];
    }
  });
}

test('a snapshot stays readable while others merge and collect below it', async () => {
  const repository = manyCommits(30);
  const path = join(makeFolder(), 'store');
  const writer = await openEngine({ repo: repository.path, store: path, workers: 0 });
  await writer.index(['HEAD~20']);
  const store = Store.open(path);
  const snapshots = new SnapshotStore(store);
  const key = rootKey(repository.revParse('HEAD~20^{tree}'), rulesFingerprint(defaultRules));
  const snapshot = await snapshots.open(snapshots.findRoot(key)!);
  const read = (): string[] => snapshot.files.map((file) => `${file.path}=${snapshot.fileBytes(file)?.toString()}`);
  const before = read();
  expect(before).toHaveLength(6);
  for (let i = 19; i >= 0; i--) await writer.index([`HEAD~${i}`]);
  repository.commit({ 'new.ts': 'nothing else\n' }, { parents: [], replace: true });
  repository.git('reflog', 'expire', '--expire=now', '--all');
  await writer.gc();
  expect(snapshots.segments().segments.length).toBeLessThan(8);
  expect(snapshots.findRoot(key)).toBeNull();
  expect(read()).toEqual(before);
  const { docCount, meanLength } = snapshot.statistics;
  expect([docCount, meanLength.body]).toEqual([6, 2]);
  snapshot.release();
  snapshots.close();
  store.close();
  await writer.close();
  await vi.waitFor(() => expect(openSegments(path)).toEqual([])); // many files are closed by and by
});

test('an engine that merged and searched a lot closes every file', async () => {
  const repository = manyCommits(40);
  const path = join(makeFolder(), 'store');
  const engine = await openEngine({ repo: repository.path, store: path, workers: 0 });
  for (let i = 39; i >= 0; i--) await engine.grep('parse', { rev: `HEAD~${i}` });
  await engine.gc();
  await engine.doctor();
  await engine.grep('parse');
  await vi.waitFor(() => expect(new Set(openSegments(path)).size).toBeLessThan(20));
  await engine.close();
  await vi.waitFor(() => expect(openSegments(path)).toEqual([])); // many files are closed by and by
});

test('a snapshot is opened once for all; those with the same paths share what is made of them', async () => {
  const repository = makeRepository();
  repository.commits([
    { files: { 'a.ts': 'one\n', 'dir/b.ts': 'two\n' } },
    { files: { 'a.ts': 'three\n' } },
    { files: { 'c.ts': 'four\n' } },
  ]);
  const path = join(makeFolder(), 'store');
  const writer = await openEngine({ repo: repository.path, store: path, workers: 0 });
  await writer.index(['HEAD~2', 'HEAD~1', 'HEAD']);
  const store = Store.open(path);
  const snapshots = new SnapshotStore(store);
  const open = (rev: string): Promise<Snapshot> => {
    const key = rootKey(repository.revParse(`${rev}^{tree}`), rulesFingerprint(defaultRules));
    return snapshots.open(snapshots.findRoot(key)!);
  };
  const [first, again, second, third] = await Promise.all(['HEAD~2', 'HEAD~2', 'HEAD~1', 'HEAD'].map(open));
  expect(again).toBe(first);
  expect(second!.paths).toBe(first!.paths);
  expect(third!.paths).not.toBe(first!.paths);
  expect([first, second, third].map((snapshot) => snapshot!.fileAt('a.ts')!.record.sizeBytes)).toEqual([4, 6, 6]);
  expect(first!.fileAt('c.ts')).toBeUndefined();
  for (const snapshot of [first, again, second, third]) snapshot!.release();
  snapshots.close();
  store.close();
  await writer.close();
  await vi.waitFor(() => expect(openSegments(path)).toEqual([]));
});

test('keys differ by whatever decides what is stored', () => {
  const a = asOid('a'.repeat(40));
  const b = asOid('b'.repeat(40));
  const keys = [
    rootKey(a, '1'),
    rootKey(b, '1'),
    rootKey(a, '2'),
    treeKey(a, 'x', { rules: '1', ignore: null }),
    treeKey(a, 'x', { rules: '2', ignore: null }),
    treeKey(a, 'x', { rules: '1', ignore: b }),
    treeKey(a, 'y', { rules: '1', ignore: b }),
    fileKey(a, 'go', '', '1'),
    fileKey(a, 'go', 'g', '1'),
    fileKey(a, 'text', '', '1'),
    fileKey(a, 'go', '', '2'),
    ignoredFileKey(a),
  ].map((key) => key.toString('hex'));
  expect(new Set(keys).size).toBe(keys.length);
  const anywhere = { rules: '1', ignore: null };
  expect(treeKey(a, 'x', anywhere)).toEqual(treeKey(a, 'y', anywhere));
});
