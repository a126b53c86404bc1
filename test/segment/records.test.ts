import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBytes, encodeBytes } from '../../src/base/index.js';
import { asDocId, asFileId, asOid, asTreeId, skipReasons, symbolKinds } from '../../src/model/index.js';
import {
  decodeChunkSymbols,
  decodeFileRecord,
  decodeTreeNode,
  encodeChunkSymbols,
  encodeFileRecord,
  encodeTreeNode,
  readTreeChildren,
} from '../../src/segment/tables/records.js';
import type { TreeNodeEntry } from '../../src/segment/tables/records.js';

const oid = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => asOid(Buffer.from(bytes).toString('hex')));
/** Any bytes, as text. */
const name = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => decodeBytes(bytes));
const id = fc.oneof(fc.nat(100), fc.nat(2 ** 32 - 2));

test('files survive', () => {
  const file = fc.record({
    oid,
    language: fc.nat(255),
    sizeBytes: fc.nat(2 ** 40),
    skipped: fc.constantFrom(null, ...skipReasons),
    generated: fc.boolean(),
    exactOnly: fc.boolean(),
    docs: fc.array(id.map(asDocId)),
    diagnostics: fc.array(
      fc.record({ code: fc.constantFrom('parse-limit' as const, 'worker-lost' as const), message: name }),
    ),
  });
  fc.assert(
    fc.property(file, (value) => {
      const { oid, language, sizeBytes, skipped, generated, exactOnly, docs, diagnostics } = decodeFileRecord(
        encodeFileRecord(value),
      );
      expect({ oid, language, sizeBytes, skipped, generated, exactOnly, docs, diagnostics }).toEqual(value);
    }),
  );
});

test('trees survive', () => {
  const entry: fc.Arbitrary<TreeNodeEntry> = fc.oneof(
    fc.record({ name, kind: fc.constantFrom('file' as const, 'executable' as const), file: id.map(asFileId) }),
    fc.record({ name, kind: fc.constant('tree' as const), tree: id.map(asTreeId) }),
    fc.record({ name, kind: fc.constantFrom('symlink' as const, 'submodule' as const), oid }),
  );
  const counts = { fileCount: fc.nat(), chunkCount: fc.nat(), submoduleCount: fc.nat() };
  fc.assert(
    fc.property(fc.record({ oid, ...counts, entries: fc.array(entry) }), (value) => {
      const { oid, fileCount, chunkCount, submoduleCount, entries } = decodeTreeNode(encodeTreeNode(value));
      expect({ oid, fileCount, chunkCount, submoduleCount, entries }).toEqual(value);
      const children = { trees: [] as number[], files: [] as number[] };
      readTreeChildren(
        encodeTreeNode(value),
        (tree) => children.trees.push(tree),
        (file) => children.files.push(file),
      );
      expect(children).toEqual({
        trees: entries.flatMap(({ tree }) => tree ?? []),
        files: entries.flatMap(({ file }) => file ?? []),
      });
    }),
  );
});

test('symbols survive', () => {
  const symbol = fc
    .record({
      name,
      kind: fc.constantFrom(...symbolKinds),
      scope: name,
      startLine: fc.nat(1e6),
      toName: fc.nat(1e3),
      toEnd: fc.option(fc.nat(1e6)),
      inner: fc.boolean(),
    })
    .map(({ toName, toEnd, ...rest }) => {
      const line = rest.startLine + toName;
      return { ...rest, line, endLine: toEnd === null ? null : line + toEnd };
    });
  const closes = fc.array(fc.nat(1e6)).map((lines) => lines.sort((a, b) => a - b));
  const chunk = fc.record({ symbols: fc.array(symbol), continues: fc.oneof(name, fc.constant('')), closes });
  fc.assert(
    fc.property(chunk, (value) => {
      expect(decodeChunkSymbols(Buffer.from(encodeChunkSymbols(value)))).toEqual(value);
    }),
  );
});

test('names need not be UTF-8', () => {
  expect(encodeBytes(decodeBytes(Buffer.from([0xff, 0x61])))).toEqual(Buffer.from([0xff, 0x61]));
});
