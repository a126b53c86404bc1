import { afterEach, expect, test, vi } from 'vitest';
import { SegmentSink } from '../../src/indexing/index.js';
import { placeOfFile } from '../../src/indexing/analysis/fallback-place.js';
import { asOid } from '../../src/model/index.js';
import type { FileDiagnostic } from '../../src/model/index.js';
import { SnapshotStore } from '../../src/snapshot/index.js';
import { keyOf, makeStore } from '../segment/support.js';

const key = keyOf('a file');
const lost: FileDiagnostic = { code: 'worker-lost', message: 'lost' };
const store = makeStore();
const snapshots = new SnapshotStore(store);
const sink = new SegmentSink(snapshots);
afterEach(() => {
  vi.useRealTimers();
  snapshots.close();
  store.close();
});

test('a file that threads are lost at stays provisional for some hours, then ends as a stated fallback under its own key', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
  const meet = (): string => {
    const { key: stored, diagnostics, provisional } = placeOfFile(key, [lost], sink);
    if (sink.findFile(stored) === null) {
      const record = {
        language: 0,
        sizeBytes: 0,
        skipped: null,
        generated: false,
        exactOnly: false,
        docs: [],
        diagnostics,
      };
      sink.addFile(stored, { oid: asOid('0'.repeat(40)), ...record });
    }
    expect(provisional).toBe(!stored.equals(key));
    return diagnostics[0]!.code;
  };
  const seen: string[] = [];
  for (const minutes of [0, 1, 30, 40, 200, 1, 1]) {
    vi.setSystemTime(Date.now() + minutes * 60_000);
    seen.push(meet());
  }
  expect(seen.slice(0, 3)).toEqual(['worker-lost', 'worker-lost', 'worker-lost']);
  expect(seen.at(-1)).toBe('analysis-failed');
  // What is in the file, or fell back for want of something else, never counts.
  expect(placeOfFile(keyOf('b'), [{ code: 'parse-limit', message: '' }], sink).key).toEqual(keyOf('b'));
  expect(placeOfFile(keyOf('b'), [{ code: 'grammar-missing', message: '' }], sink).provisional).toBe(true);
});
