import { ByteReader, ByteWriter, decodeBytes, encodeBytes } from '../base/index.js';
import { asDocId, asFileId, asOid, asTreeId, entryKinds, skipReasons, symbolKinds } from '../model/index.js';
import type {
  DocId,
  EntryKind,
  FileDiagnostic,
  FileId,
  Oid,
  SkipReason,
  SymbolDefinition,
  TreeId,
} from '../model/index.js';

/** A blob read as one language: its chunks in order, which together are all of its lines. */
export interface FileRecord {
  readonly oid: Oid;
  /** Position in the language table. */
  readonly language: number;
  readonly sizeBytes: number;
  /** Why it has no searchable lines, or null. */
  readonly skipped: SkipReason | null;
  /** Ranked lower: made by a program, or not meant to be read. */
  readonly generated: boolean;
  /** Of a skipped file: none, or one that holds its content and is never searched. */
  readonly docs: readonly DocId[];
  readonly diagnostics: readonly FileDiagnostic[];
}

const diagnosticCodes = ['parse-timeout', 'parse-failed', 'worker-died', 'grammar-missing'] as const;

export function encodeFileRecord(file: FileRecord): Buffer {
  const writer = new ByteWriter(64);
  writer.u8(file.skipped === null ? 0 : skipReasons.indexOf(file.skipped) + 1);
  writer.u8(file.language);
  writer.u8((file.generated ? 1 : 0) | (file.diagnostics.length > 0 ? 2 : 0));
  writer.varint(file.sizeBytes);
  writer.prefixed(Buffer.from(file.oid, 'hex'));
  writer.varint(file.docs.length);
  let expected = 0;
  for (const doc of file.docs) {
    writer.zigzag(doc - expected);
    expected = doc + 1;
  }
  if (file.diagnostics.length > 0) {
    writer.varint(file.diagnostics.length);
    for (const { code, message } of file.diagnostics) {
      writer.u8(diagnosticCodes.indexOf(code));
      writer.prefixed(encodeBytes(message));
    }
  }
  return writer.toBuffer();
}

export function decodeFileRecord(bytes: Buffer): FileRecord {
  const reader = new ByteReader(bytes);
  const skipped = reader.u8();
  const language = reader.u8();
  const flags = reader.u8();
  const sizeBytes = reader.varint();
  const oid = asOid(reader.prefixed().toString('hex'));
  const docs: DocId[] = new Array<DocId>(reader.varint());
  let expected = 0;
  for (let i = 0; i < docs.length; i++) {
    docs[i] = asDocId(expected + reader.zigzag());
    expected = docs[i]! + 1;
  }
  const diagnostics: FileDiagnostic[] = [];
  if ((flags & 2) !== 0) {
    for (let count = reader.varint(); count > 0; count--) {
      const code = diagnosticCodes[reader.u8()]!;
      diagnostics.push({ code, message: decodeBytes(reader.prefixed()) });
    }
  }
  return {
    oid,
    language,
    sizeBytes,
    skipped: skipped === 0 ? null : skipReasons[skipped - 1]!,
    generated: (flags & 1) !== 0,
    docs,
    diagnostics,
  };
}

/** An entry of a stored tree: files and trees by their numbers, symlinks and submodules by their oid. */
export interface TreeNodeEntry {
  readonly name: string;
  readonly kind: EntryKind;
  readonly file?: FileId;
  readonly tree?: TreeId;
  readonly oid?: Oid;
}

export interface TreeNode {
  readonly oid: Oid;
  /** In git's order. */
  readonly entries: readonly TreeNodeEntry[];
}

export function encodeTreeNode(node: TreeNode): Buffer {
  const writer = new ByteWriter(256);
  writer.prefixed(Buffer.from(node.oid, 'hex'));
  writer.varint(node.entries.length);
  let expectedFile = 0;
  let expectedTree = 0;
  for (const entry of node.entries) {
    writer.u8(entryKinds.indexOf(entry.kind));
    writer.prefixed(encodeBytes(entry.name));
    if (entry.file !== undefined) {
      writer.zigzag(entry.file - expectedFile);
      expectedFile = entry.file + 1;
    } else if (entry.tree !== undefined) {
      writer.zigzag(entry.tree - expectedTree);
      expectedTree = entry.tree + 1;
    } else {
      writer.prefixed(Buffer.from(entry.oid ?? '', 'hex'));
    }
  }
  return writer.toBuffer();
}

export function decodeTreeNode(bytes: Buffer): TreeNode {
  const reader = new ByteReader(bytes);
  const oid = asOid(reader.prefixed().toString('hex'));
  const entries: TreeNodeEntry[] = new Array<TreeNodeEntry>(reader.varint());
  let expectedFile = 0;
  let expectedTree = 0;
  for (let i = 0; i < entries.length; i++) {
    const kind = entryKinds[reader.u8()]!;
    const name = decodeBytes(reader.prefixed());
    if (kind === 'tree') {
      const tree = asTreeId(expectedTree + reader.zigzag());
      expectedTree = tree + 1;
      entries[i] = { name, kind, tree };
    } else if (kind === 'file' || kind === 'executable') {
      const file = asFileId(expectedFile + reader.zigzag());
      expectedFile = file + 1;
      entries[i] = { name, kind, file };
    } else {
      entries[i] = { name, kind, oid: asOid(reader.prefixed().toString('hex')) };
    }
  }
  return { oid, entries };
}

/** What a chunk defines (see ChunkSpan). */
export interface ChunkSymbols {
  readonly symbols: readonly SymbolDefinition[];
  readonly continues: string;
}

export function encodeChunkSymbols({ symbols, continues }: ChunkSymbols): Buffer {
  if (symbols.length === 0 && continues === '') return Buffer.alloc(0);
  const writer = new ByteWriter(64);
  writer.prefixed(encodeBytes(continues));
  for (const symbol of symbols) {
    writer.u8(symbolKinds.indexOf(symbol.kind));
    writer.varint(symbol.line);
    writer.prefixed(encodeBytes(symbol.name));
    writer.prefixed(encodeBytes(symbol.scope));
  }
  return writer.toBuffer();
}

export function decodeChunkSymbols(bytes: Buffer): ChunkSymbols {
  if (bytes.length === 0) return { symbols: [], continues: '' };
  const reader = new ByteReader(bytes);
  const continues = decodeBytes(reader.prefixed());
  const symbols: SymbolDefinition[] = [];
  while (!reader.done) {
    const kind = symbolKinds[reader.u8()]!;
    const line = reader.varint();
    const name = decodeBytes(reader.prefixed());
    symbols.push({ kind, line, name, scope: decodeBytes(reader.prefixed()) });
  }
  return { symbols, continues };
}
