import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { sleep } from '../../src/base/index.js';
import { mergeWhereDue } from '../../src/indexing/index.js';
import { asOid, asRepositoryId } from '../../src/model/index.js';
import { SnapshotStore } from '../../src/snapshot/index.js';
import type { Store } from '../../src/store/index.js';
import { addSegment, keyOf, makeStore } from '../segment/support.js';

let store: Store;
let snapshots: SnapshotStore;
afterEach(() => {
  snapshots.close();
  store.close();
});

const segmentCount = 12;
const textsPerSegment = 150;
const textOf = (segment: number, number: number): string =>
  Array.from(
    { length: 30 },
    (_, line) => `const name${segment}x${number}x${line} = call${line * number}(${segment});`,
  ).join('\n');

/** A store whose segments are due to be merged. */
async function open(): Promise<void> {
  store = makeStore();
  for (let segment = 0; segment < segmentCount; segment++) {
    const texts = Array.from({ length: textsPerSegment }, (_, number) => textOf(segment, number));
    await addSegment(store, { texts, files: 3 });
  }
  snapshots = new SnapshotStore(store);
}

const filesOfSegments = (): string[] => readdirSync(join(store.path, 'segments')).sort();

function expectAllThere(): void {
  const list = snapshots.segments();
  for (let segment = 0; segment < segmentCount; segment++)
    for (let number = 0; number < textsPerSegment; number += 7) {
      const text = textOf(segment, number);
      expect(list.chunkText(list.findDoc(keyOf(`chunk ${text}`)))).toBe(text);
    }
}

test('others read, record names and hold snapshots while segments are merged', async () => {
  await open();
  const before = snapshots.segments().retain();
  let isDone = false;
  let turns = 0;
  let forks = 0;
  const others = async (): Promise<void> => {
    while (!isDone) {
      await sleep(1);
      if (turns++ % 10 !== 0) continue;
      expectAllThere();
      const repo = asRepositoryId('repo');
      const tree = asOid('0'.repeat(40));
      const fork = { repo, name: `f${forks}`, rev: 'HEAD', commit: null, tree, root: '', at: 0 };
      store.record({ t: 'fork', n: `n${forks++}`, ...fork });
    }
  };
  const beside = others();
  expect(await mergeWhereDue(snapshots)).toBe(1);
  isDone = true;
  await beside;
  expect(turns).toBeGreaterThan(5);
  expect([...store.catalog.forks()]).toHaveLength(forks);
  expect(store.catalog.segments()).toHaveLength(1);
  expect(filesOfSegments()).toEqual([`s${segmentCount}.seg`]);
  expectAllThere();
  // Who held the segments still reads them.
  expect(before.chunkText(0)).toBe(textOf(0, 0));
  before.release();
});

test('merging that is cancelled leaves everything as it was, and can be done later', async () => {
  await open();
  const files = filesOfSegments();
  const cancel = new AbortController();
  const merging = mergeWhereDue(snapshots, cancel.signal);
  await sleep(5);
  expect(filesOfSegments().length).toBeGreaterThan(files.length);
  cancel.abort();
  await expect(merging).rejects.toMatchObject({ code: 'ABORTED' });
  expect(filesOfSegments()).toEqual(files);
  expect(store.catalog.segments()).toHaveLength(segmentCount);
  expect(await mergeWhereDue(snapshots)).toBe(1);
  expectAllThere();
});
