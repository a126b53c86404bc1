import { ByteReader, ByteWriter, encodeBytes } from '../../base/index.js';
import {
  asCommitId,
  asDocId,
  asFileId,
  asOid,
  asRepositoryId,
  asTreeId,
  diagnosticCodes,
  entryKinds,
  skipReasons,
  symbolKinds,
} from '../../model/index.js';
import type {
  CommitId,
  DocId,
  EntryKind,
  FileDiagnostic,
  FileId,
  Oid,
  RepositoryId,
  SkipReason,
  SymbolDefinition,
  TreeId,
} from '../../model/index.js';

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
  /** Too large for more than exact search: its chunks have no words and no vector, and take no part in ranking. */
  readonly exactOnly: boolean;
  /** Of a skipped file: none, or one that holds its content and is never searched. */
  readonly docs: readonly DocId[];
  readonly diagnostics: readonly FileDiagnostic[];
}

export function encodeFileRecord(file: FileRecord): Buffer {
  const writer = new ByteWriter(64);
  writer.u8(file.skipped === null ? 0 : skipReasons.indexOf(file.skipped) + 1);
  writer.u8(file.language);
  writer.u8((file.generated ? 1 : 0) | (file.diagnostics.length > 0 ? 2 : 0) | (file.exactOnly ? 4 : 0));
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
  readonly exactOnly: boolean;
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
    this.exactOnly = (flags & 4) !== 0;
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

/** Calls with the trees and files of a node, and reads nothing else of it. */
export function readTreeChildren(bytes: Buffer, onTree: (id: TreeId) => void, onFile: (id: FileId) => void): void {
  const reader = new ByteReader(bytes);
  const skip = (): void => {
    const length = reader.varint();
    reader.at += length;
  };
  skip(); // oid
  for (let i = 0; i < 3; i++) reader.varint(); // counts
  let expectedFile = 0;
  let expectedTree = 0;
  for (let left = reader.varint(); left > 0; left--) {
    const kind = entryKinds[reader.u8()]!;
    skip(); // name
    if (kind === 'tree') {
      const tree = asTreeId(expectedTree + reader.zigzag());
      expectedTree = tree + 1;
      onTree(tree);
    } else if (kind === 'file' || kind === 'executable') {
      const file = asFileId(expectedFile + reader.zigzag());
      expectedFile = file + 1;
      onFile(file);
    } else skip(); // oid
  }
}

/** What a chunk defines (see ChunkSpan). */
export interface ChunkSymbols {
  readonly symbols: readonly SymbolDefinition[];
  readonly continues: string;
  readonly closes: readonly number[];
}

/** Bit of the byte that holds a symbol's kind. */
const innerFlag = 0x80;

export function encodeChunkSymbols({ symbols, continues, closes }: ChunkSymbols): Buffer {
  if (symbols.length === 0 && continues === '' && closes.length === 0) return Buffer.alloc(0);
  const writer = new ByteWriter(64);
  writer.prefixed(encodeBytes(continues));
  writer.varint(closes.length);
  let closed = 0;
  for (const line of closes) {
    writer.varint(line - closed);
    closed = line;
  }
  for (const { name, kind, scope, line, startLine, endLine, inner } of symbols) {
    writer.u8(symbolKinds.indexOf(kind) | (inner ? innerFlag : 0));
    writer.varint(line);
    writer.varint(line - startLine);
    writer.varint(endLine === null ? 0 : endLine - line + 1);
    writer.prefixed(encodeBytes(name));
    writer.prefixed(encodeBytes(scope));
  }
  return writer.toBuffer();
}

export function decodeChunkSymbols(bytes: Buffer): ChunkSymbols {
  if (bytes.length === 0) return { symbols: [], continues: '', closes: [] };
  const reader = new ByteReader(bytes);
  const continues = reader.text();
  const closes: number[] = [];
  let closed = 0;
  for (let count = reader.varint(); count > 0; count--) closes.push((closed += reader.varint()));
  const symbols: SymbolDefinition[] = [];
  while (!reader.done) {
    const flags = reader.u8();
    const line = reader.varint();
    const startLine = line - reader.varint();
    const length = reader.varint();
    symbols.push({
      name: reader.text(),
      kind: symbolKinds[flags & ~innerFlag]!,
      scope: reader.text(),
      line,
      startLine,
      endLine: length === 0 ? null : line + length - 1,
      inner: (flags & innerFlag) !== 0,
    });
  }
  return { symbols, continues, closes };
}

/** Calls with the name of each symbol of an encoded record, and the position of its kind in the list of kinds. */
export function forEachSymbol(bytes: Uint8Array, onSymbol: (name: string, kind: number) => void): void {
  if (bytes.length === 0) return;
  const reader = new ByteReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  reader.prefixed();
  for (let count = reader.varint(); count > 0; count--) reader.varint();
  while (!reader.done) {
    const flags = reader.u8();
    reader.varint();
    reader.varint();
    reader.varint();
    onSymbol(reader.text(), flags & ~innerFlag);
    reader.prefixed();
  }
}

/** A path at which a commit has another file than its first parent; null where there is none. Either has searchable lines. */
export interface FileChange {
  readonly path: string;
  readonly before: FileId | null;
  readonly after: FileId | null;
  /** Where one is null, the path has a symlink or submodule instead: the file was replaced, it neither went nor came. */
  readonly replaced?: boolean;
}

/** A commit of a repository and what it changed against its first parent (a root commit: against nothing). */
export interface CommitRecord {
  readonly repository: RepositoryId;
  readonly oid: Oid;
  readonly tree: TreeId;
  /** In git's order; null for a parent that is not here, as at the boundary of a shallow clone. */
  readonly parents: readonly (CommitId | null)[];
  /** Committer time, in seconds since 1970. */
  readonly time: number;
  /** By path, in git's order. */
  readonly changes: readonly FileChange[];
}

export function encodeCommitRecord({ repository, oid, tree, parents, time, changes }: CommitRecord): Buffer {
  const writer = new ByteWriter(256);
  writer.prefixed(encodeBytes(repository));
  writer.prefixed(Buffer.from(oid, 'hex'));
  writer.varint(tree);
  writer.varint(time);
  writer.varint(parents.length);
  for (const parent of parents) writer.varint(parent === null ? 0 : parent + 1);
  let expected = 0;
  for (const { path, before, after, replaced } of changes) {
    writer.prefixed(encodeBytes(path));
    for (const file of [before, after]) {
      // The gap from the file before: most commits change files that were indexed together.
      if (file === null) writer.varint(replaced === true ? 1 : 0);
      else {
        const gap = file - expected;
        writer.varint(2 + (gap >= 0 ? gap * 2 : -gap * 2 - 1));
        expected = file;
      }
    }
  }
  return writer.toBuffer();
}

export function decodeCommitRecord(bytes: Buffer): CommitRecord {
  return new StoredCommit(bytes);
}

/** Its changes wait until they are asked for: who asks when a chunk was first seen needs only its name. */
class StoredCommit implements CommitRecord {
  readonly repository: RepositoryId;
  readonly oid: Oid;
  readonly tree: TreeId;
  readonly parents: readonly (CommitId | null)[];
  readonly time: number;
  private readonly reader: ByteReader;
  private decoded: FileChange[] | undefined;

  constructor(bytes: Buffer) {
    const reader = new ByteReader(bytes);
    this.reader = reader;
    this.repository = asRepositoryId(reader.text());
    this.oid = asOid(reader.prefixed().toString('hex'));
    this.tree = asTreeId(reader.varint());
    this.time = reader.varint();
    const parents: (CommitId | null)[] = [];
    for (let count = reader.varint(); count > 0; count--) {
      const parent = reader.varint();
      parents.push(parent === 0 ? null : asCommitId(parent - 1));
    }
    this.parents = parents;
  }

  get changes(): readonly FileChange[] {
    if (this.decoded === undefined) {
      const { reader } = this;
      this.decoded = [];
      let expected = 0;
      let replaced = false;
      const readFile = (): FileId | null => {
        const coded = reader.varint();
        replaced ||= coded === 1;
        if (coded < 2) return null;
        const gap = coded - 2;
        expected += gap % 2 === 0 ? gap / 2 : -(gap + 1) / 2;
        return asFileId(expected);
      };
      while (!reader.done) {
        const path = reader.text();
        replaced = false;
        const before = readFile();
        const after = readFile();
        this.decoded.push(replaced ? { path, before, after, replaced } : { path, before, after });
      }
    }
    return this.decoded;
  }
}
