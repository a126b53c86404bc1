import ignore, { type Ignore } from 'ignore';

import { CoppiceError, contentHash, contentHashLength, throwIfAborted } from '../base/index.js';
import type { BlobContent } from '../git/index.js';
import type { DocId, FileId, Oid, SkipReason, TreeEntry, TreeId } from '../model/index.js';
import { languageNumber } from '../model/index.js';
import type { FileRecord, TreeNodeEntry } from '../segment/index.js';
import { fileKey, ignoredFileKey, rootKey, treeKey } from '../snapshot/index.js';
import type { KeyContext } from '../snapshot/index.js';
import type { AnalysisPool } from './analysis-pool.js';
import { ChunkNumber, languageByPath, nameClass } from './file-analysis.js';
import type { FileAnalysis } from './file-analysis.js';
import type { ObjectSource } from './object-source.js';
import { rulesFingerprint } from './rules.js';
import type { IndexingRules } from './rules.js';
import type { SegmentSink } from './segment-sink.js';

/** The file at a root that lists, in gitignore syntax, what is not indexed. */
export const ignoreFileName = '.coppiceignore';

/** A file whose blob has to be read. */
interface PendingFile {
  readonly key: Buffer;
  readonly oid: Oid;
  readonly path: string;
  readonly language: string;
  readonly byName: string;
  id: FileId | null;
  missing: boolean;
}

/** A file and what was read of it. */
interface ReadFile {
  readonly file: PendingFile;
  readonly blob: BlobContent;
}

/** Files are analysed in batches of at least so much text, or so many files. */
const batchBytesMin = 96 * 1024;
const batchFilesMax = 64;

/** A directory that is not stored yet. Children are stored ones, by number, or planned ones. */
interface PlannedTree {
  /** Another once it turns out that an object below is missing. */
  key: Buffer;
  readonly oid: Oid;
  readonly entries: readonly PlannedEntry[];
  id: TreeId | null;
}

type PlannedEntry =
  | { readonly kind: 'file' | 'executable'; readonly name: string; readonly file: FileId | PendingFile }
  | { readonly kind: 'tree'; readonly name: string; readonly tree: TreeId | PlannedTree }
  | { readonly kind: 'symlink' | 'submodule'; readonly name: string; readonly oid: Oid };

/** A stored root tree and the key it is found under: not its usual one (see rootKey) while an object below is missing. */
export interface StoredRoot {
  readonly id: TreeId;
  readonly key: Buffer;
}

export interface TreeIndexerOptions {
  readonly sink: SegmentSink;
  readonly pool: AnalysisPool;
  readonly rules: IndexingRules;
  readonly signal?: AbortSignal | undefined;
  /** After each file: files done and to do in this call, bytes of the file. */
  readonly onFile?: (done: number, total: number, bytes: number, path: string) => void;
  readonly onNote?: ((note: string) => void) | undefined;
}

/**
 * Makes trees part of the store. Git's own tree sharing is what makes it a diff: a directory or blob that the store has,
 * from whichever commit, is not looked into.
 *
 * 1. Plan: walk the directories that are not stored; note the blobs that are not stored.
 * 2. Files: read those blobs, chunk and analyse them, store unseen chunks.
 * 3. Trees: store the planned directories, deepest first.
 *
 * What was published when a run is cut short is found again by the next.
 */
export class TreeIndexer {
  private readonly fingerprint: string;
  private pending = new Map<string, PendingFile>();
  private planned = new Map<string, PlannedTree>();
  /** Planned trees below which an object is missing. */
  private readonly incomplete = new WeakSet<PlannedTree>();

  constructor(private readonly options: TreeIndexerOptions) {
    this.fingerprint = rulesFingerprint(options.rules);
  }

  /** Stores the root trees that are not stored; in the order given. Roots share their work. */
  async ensure(roots: readonly Oid[], source: ObjectSource): Promise<StoredRoot[]> {
    const plans: (TreeId | PlannedTree)[] = [];
    this.pending = new Map();
    this.planned = new Map();
    for (const oid of roots) plans.push(await this.planRoot(oid, source));
    await this.storeFiles(source);
    return plans.map((plan, i) => {
      const id = this.storeTree(plan);
      return { id, key: typeof plan === 'number' ? rootKey(roots[i]!, this.fingerprint) : plan.key };
    });
  }

  private async planRoot(oid: Oid, source: ObjectSource): Promise<TreeId | PlannedTree> {
    const key = rootKey(oid, this.fingerprint);
    const known = this.options.sink.findTree(key) ?? this.planned.get(key.toString('latin1'));
    if (known !== undefined && known !== null) return known;
    throwIfAborted(this.options.signal);
    const entries = await source.readTree(oid);
    const context: KeyContext = { rules: this.fingerprint, ignore: null };
    const ignoreEntry = entries.find(({ name, kind }) => name === ignoreFileName && kind !== 'tree');
    const matcher = ignoreEntry === undefined ? null : await readIgnore(ignoreEntry.oid, source);
    const ignoring = matcher === null ? null : { matcher, context: { ...context, ignore: ignoreEntry!.oid } };
    return this.plan(key, oid, entries, '', ignoring?.context ?? context, ignoring?.matcher ?? null, source);
  }

  private async planSubtree(
    oid: Oid,
    path: string,
    context: KeyContext,
    matcher: Ignore | null,
    source: ObjectSource,
  ): Promise<TreeId | PlannedTree> {
    const key = treeKey(oid, path, context);
    const known = this.options.sink.findTree(key) ?? this.planned.get(key.toString('latin1'));
    if (known !== undefined && known !== null) return known;
    throwIfAborted(this.options.signal);
    let entries: readonly TreeEntry[];
    try {
      entries = await source.readTree(oid);
    } catch (error) {
      if (!(error instanceof CoppiceError) || error.code !== 'OBJECT_MISSING') throw error;
      this.options.onNote?.(`the tree of ${path} (${oid}) is missing from the repository; its files are left out`);
      const tree = await this.plan(contentHash(`missing tree\0${oid}`), oid, [], path, context, matcher, source);
      this.incomplete.add(tree);
      return tree;
    }
    return this.plan(key, oid, entries, path, context, matcher, source);
  }

  private async plan(
    key: Buffer,
    oid: Oid,
    entries: readonly TreeEntry[],
    path: string,
    context: KeyContext,
    matcher: Ignore | null,
    source: ObjectSource,
  ): Promise<PlannedTree> {
    const mapKey = key.toString('latin1');
    const plans = entries.map(async (entry): Promise<PlannedEntry> => {
      const entryPath = path === '' ? entry.name : `${path}/${entry.name}`;
      switch (entry.kind) {
        case 'tree':
          return {
            kind: 'tree',
            name: entry.name,
            tree: await this.planSubtree(entry.oid, entryPath, context, matcher, source),
          };
        case 'file':
        case 'executable':
          return {
            kind: entry.kind,
            name: entry.name,
            file:
              matcher !== null && isIgnored(matcher, entryPath)
                ? await this.storeIgnored(entry.oid, source)
                : this.planFile(entry.oid, entryPath),
          };
        default:
          return { kind: entry.kind, name: entry.name, oid: entry.oid };
      }
    });
    const tree: PlannedTree = { key, oid, entries: await Promise.all(plans), id: null };
    // A sibling with the same content may have been planned while we waited.
    const twin = this.planned.get(mapKey);
    if (twin !== undefined) return twin;
    this.planned.set(mapKey, tree);
    return tree;
  }

  private async storeIgnored(oid: Oid, source: ObjectSource): Promise<FileId> {
    const { sink } = this.options;
    const key = ignoredFileKey(oid);
    const known = sink.findFile(key);
    if (known !== null) return known;
    const docs = await this.storeUnsearched(oid, source);
    return sink.findFile(key) ?? sink.addFile(key, { ...skippedRecord(oid, 0, 'ignored'), docs });
  }

  /** Keeps the content of a skipped file that is nowhere else, as one chunk without postings. */
  private async storeUnsearched(oid: Oid, source: ObjectSource): Promise<DocId[]> {
    const content = (await source.ownContent?.(oid)) ?? null;
    if (content === null) return [];
    const none = new Uint32Array(0);
    const chunk = {
      key: contentHash(`unsearched\0${oid}`),
      content,
      language: 0,
      lineCount: 0,
      symbols: new Uint8Array(0),
      analysis: {
        grams: none,
        termHigh: none,
        termLow: none,
        frequencies: new Uint8Array(0),
        bodyLength: 0,
        commentLength: 0,
        symbolLength: 0,
      },
    };
    return [this.options.sink.addChunk(chunk)];
  }

  private planFile(oid: Oid, path: string): FileId | PendingFile {
    const { sink } = this.options;
    const language = languageByPath(path);
    const byName = nameClass(path);
    const key = fileKey(oid, language, byName, this.fingerprint);
    const mapKey = key.toString('latin1');
    const known = sink.findFile(key) ?? this.pending.get(mapKey);
    if (known !== undefined && known !== null) return known;
    const file: PendingFile = { key, oid, path, language, byName, id: null, missing: false };
    this.pending.set(mapKey, file);
    return file;
  }

  private async storeFiles(source: ObjectSource): Promise<void> {
    const files = [...this.pending.values()];
    if (files.length === 0) return;
    const { pool, rules, signal } = this.options;
    const concurrency = pool.concurrency(files.length);
    const underWay: { batch: ReadFile[]; analyses: Promise<FileAnalysis[]> }[] = [];
    let done = 0;
    let next = 0;
    let batch: ReadFile[] = [];
    let batchBytes = 0;
    const finishFirst = async (): Promise<void> => {
      const first = underWay.shift()!;
      const analyses = await first.analyses;
      let analysed = 0;
      for (const { file, blob } of first.batch) {
        throwIfAborted(signal);
        await this.storeFile(file, blob, blob.content === null ? null : analyses[analysed++]!, source);
        this.options.onFile?.(++done, files.length, Math.max(blob.size, 0), file.path);
      }
    };
    const startBatch = (): void => {
      const requests = batch.flatMap(({ file: { language, byName }, blob: { content } }) =>
        content === null ? [] : [{ content, language, byName }],
      );
      const analyses = pool.analyze(requests, files.length, signal);
      analyses.catch(() => undefined); // awaited in turn
      underWay.push({ batch, analyses });
      batch = [];
      batchBytes = 0;
    };
    const oids = files.map(({ oid }) => oid);
    for await (const blob of source.readBlobs(oids, { maxBytes: rules.maxFileBytes, signal })) {
      throwIfAborted(signal);
      batch.push({ file: files[next++]!, blob });
      batchBytes += blob.content?.length ?? 0;
      if (batchBytes < batchBytesMin && batch.length < batchFilesMax) continue;
      startBatch();
      if (underWay.length >= concurrency) await finishFirst();
    }
    startBatch();
    while (underWay.length > 0) await finishFirst();
  }

  private async storeFile(
    file: PendingFile,
    blob: BlobContent,
    analysis: FileAnalysis | null,
    source: ObjectSource,
  ): Promise<void> {
    const { sink, rules, onNote } = this.options;
    if (blob.size < 0) {
      // Under a key of its own: the blob may come later, and is looked for again whenever this tree is planned.
      file.missing = true;
      onNote?.(`${file.path}: its blob ${file.oid} is missing from the repository; it is left out`);
      const key = contentHash(`missing\0${file.oid}`);
      file.id = sink.findFile(key) ?? sink.addFile(key, skippedRecord(file.oid, 0, 'missing'));
      return;
    }
    const language = languageNumber(file.language);
    const skip = skipReason(analysis, rules);
    if (analysis === null || skip !== null) {
      const docs = await this.storeUnsearched(file.oid, source);
      file.id = sink.addFile(file.key, { ...skippedRecord(file.oid, blob.size, skip ?? 'too-large'), language, docs });
      return;
    }
    for (const { message } of analysis.diagnostics) onNote?.(`${file.path}: ${message}; indexed by lines`);
    const docs = this.storeChunks(blob.content!, analysis);
    const { language: found, diagnostics, minified, generated } = analysis;
    const record: FileRecord = {
      oid: file.oid,
      language: found,
      sizeBytes: blob.size,
      skipped: null,
      generated: minified || generated,
      docs,
      diagnostics,
    };
    file.id = sink.addFile(file.key, record);
  }

  private storeChunks(content: Buffer, analysis: FileAnalysis): DocId[] {
    const { numbers, keys, symbols, grams, termHigh, termLow, frequencies, language } = analysis;
    const docs: DocId[] = [];
    let gramAt = 0;
    let termAt = 0;
    let symbolAt = 0;
    for (let at = 0, chunk = 0; at < numbers.length; at += ChunkNumber.Count, chunk++) {
      const gramEnd = gramAt + numbers[at + ChunkNumber.Grams]!;
      const termEnd = termAt + numbers[at + ChunkNumber.Terms]!;
      const symbolEnd = symbolAt + numbers[at + ChunkNumber.SymbolBytes]!;
      docs.push(
        this.options.sink.addChunk({
          key: keys.subarray(chunk * contentHashLength, (chunk + 1) * contentHashLength),
          content: content.subarray(numbers[at + ChunkNumber.StartByte], numbers[at + ChunkNumber.EndByte]),
          language,
          lineCount: numbers[at + ChunkNumber.Lines]!,
          symbols: symbols.subarray(symbolAt, symbolEnd),
          analysis: {
            grams: grams.subarray(gramAt, gramEnd),
            termHigh: termHigh.subarray(termAt, termEnd),
            termLow: termLow.subarray(termAt, termEnd),
            frequencies: frequencies.subarray(termAt, termEnd),
            bodyLength: numbers[at + ChunkNumber.BodyLength]!,
            commentLength: numbers[at + ChunkNumber.CommentLength]!,
            symbolLength: numbers[at + ChunkNumber.SymbolLength]!,
          },
        }),
      );
      gramAt = gramEnd;
      termAt = termEnd;
      symbolAt = symbolEnd;
    }
    return docs;
  }

  private storeTree(plan: TreeId | PlannedTree): TreeId {
    if (typeof plan === 'number') return plan;
    if (plan.id !== null) return plan.id;
    const missing: Oid[] = [];
    const entries = plan.entries.map((entry): TreeNodeEntry => {
      switch (entry.kind) {
        case 'tree': {
          const tree = this.storeTree(entry.tree);
          if (typeof entry.tree !== 'number' && this.incomplete.has(entry.tree)) missing.push(entry.tree.oid);
          return { name: entry.name, kind: 'tree', tree };
        }
        case 'file':
        case 'executable':
          if (typeof entry.file === 'number') return { name: entry.name, kind: entry.kind, file: entry.file };
          if (entry.file.missing) missing.push(entry.file.oid);
          return { name: entry.name, kind: entry.kind, file: entry.file.id! };
        default:
          return { name: entry.name, kind: entry.kind, oid: entry.oid };
      }
    });
    const { sink } = this.options;
    if (missing.length === 0) plan.id = sink.findTree(plan.key) ?? sink.addTree(plan.key, plan.oid, entries);
    else {
      // Not under its own key, so that it is planned anew when what is missing may have come.
      this.incomplete.add(plan);
      plan.key = contentHash('incomplete\0', plan.key, missing.join());
      plan.id = sink.findTree(plan.key) ?? sink.addTree(plan.key, plan.oid, entries);
    }
    return plan.id;
  }
}

function skipReason(analysis: FileAnalysis | null, rules: IndexingRules): SkipReason | null {
  if (analysis === null) return 'too-large';
  if (analysis.binary) return 'binary';
  if (rules.skipMinified && analysis.minified) return 'minified';
  if (rules.skipGenerated && analysis.generated) return 'generated';
  return null;
}

const skippedRecord = (oid: Oid, sizeBytes: number, skipped: SkipReason): FileRecord => ({
  oid,
  language: 0,
  sizeBytes,
  skipped,
  generated: false,
  docs: [],
  diagnostics: [],
});

async function readIgnore(oid: Oid, source: ObjectSource): Promise<Ignore | null> {
  for await (const { content } of source.readBlobs([oid], { maxBytes: 1024 * 1024 })) {
    if (content !== null) return ignore({ allowRelativePaths: true }).add(content.toString('utf8'));
  }
  return null;
}

/** Paths with bytes that the matcher does not take are never ignored. */
function isIgnored(matcher: Ignore, path: string): boolean {
  try {
    return matcher.ignores(path);
  } catch {
    return false;
  }
}
