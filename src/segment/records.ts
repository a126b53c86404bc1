import { ByteReader, ByteWriter, encodeBytes } from '../base/index.js';
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
  return new StoredFile(bytes);
}

/** Decoded when a snapshot is opened, by the thousand: its oid, which only hits need, waits until it is asked for. */
class StoredFile implements FileRecord {
  readonly language: number;
  readonly sizeBytes: number;
  readonly skipped: SkipReason | null;
  readonly generated: boolean;
  readonly docs: readonly DocId[];
  readonly diagnostics: readonly FileDiagnostic[];
  private readonly oidBytes: Buffer;

  constructor(bytes: Buffer) {
    const reader = new ByteReader(bytes);
    const skipped = reader.u8();
    this.skipped = skipped === 0 ? null : skipReasons[skipped - 1]!;
    this.language = reader.u8();
    const flags = reader.u8();
    this.generated = (flags & 1) !== 0;
    this.sizeBytes = reader.varint();
    this.oidBytes = reader.prefixed();
    const docs: DocId[] = new Array<DocId>(reader.varint());
    let expected = 0;
    for (let i = 0; i < docs.length; i++) {
      docs[i] = asDocId(expected + reader.zigzag());
      expected = docs[i]! + 1;
    }
    this.docs = docs;
    this.diagnostics = (flags & 2) === 0 ? noDiagnostics : decodeDiagnostics(reader);
  }

  get oid(): Oid {
    return asOid(this.oidBytes.toString('hex'));
  }
}

const noDiagnostics: readonly FileDiagnostic[] = [];

function decodeDiagnostics(reader: ByteReader): FileDiagnostic[] {
  const diagnostics: FileDiagnostic[] = [];
  for (let count = reader.varint(); count > 0; count--) {
    const code = diagnosticCodes[reader.u8()]!;
    diagnostics.push({ code, message: reader.text() });
  }
  return diagnostics;
}

/** An entry of a stored tree: files and trees by their numbers, symlinks and submodules by their oid. */
export interface TreeNodeEntry {
  readonly name: string;
  readonly kind: EntryKind;
  readonly file?: FileId;
  readonly tree?: TreeId;
  readonly oid?: Oid;
}

export interface TreeNode extends TreeCounts {
  readonly oid: Oid;
  /** In git's order. */
  readonly entries: readonly TreeNodeEntry[];
}

/** What a directory holds, with all below it. */
export interface TreeCounts {
  readonly fileCount: number;
  /** Chunks of its files, as often as they occur. */
  readonly chunkCount: number;
  readonly submoduleCount: number;
}

export function encodeTreeNode(node: TreeNode): Buffer {
  const writer = new ByteWriter(256);
  writer.prefixed(Buffer.from(node.oid, 'hex'));
  writer.varint(node.fileCount);
  writer.varint(node.chunkCount);
  writer.varint(node.submoduleCount);
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
  const fileCount = reader.varint();
  const chunkCount = reader.varint();
  const submoduleCount = reader.varint();
  const entries: TreeNodeEntry[] = new Array<TreeNodeEntry>(reader.varint());
  let expectedFile = 0;
  let expectedTree = 0;
  for (let i = 0; i < entries.length; i++) {
    const kind = entryKinds[reader.u8()]!;
    const name = reader.text();
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
  return { oid, fileCount, chunkCount, submoduleCount, entries };
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
  const continues = reader.text();
  const symbols: SymbolDefinition[] = [];
  while (!reader.done) {
    const kind = symbolKinds[reader.u8()]!;
    const line = reader.varint();
    const name = reader.text();
    symbols.push({ kind, line, name, scope: reader.text() });
  }
  return { symbols, continues };
}
