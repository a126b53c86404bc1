import type { TimeSlices } from '../../base/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import type { Holds } from '../clause.js';
import type { FileMask } from '../file-mask.js';
import type { NewChunks } from '../range.js';
import { byScore } from './candidate.js';
import type { Candidate } from './candidate.js';
import type { Evidence } from './evidence.js';
import { FileWords } from './evidence/word-evidence.js';
import type { Meaning } from './evidence/meaning.js';
import type { RankingSignals } from './ranking-signals.js';
import type { Asked } from './rerank.js';

/** Candidates that the closer look of `rerank` is taken at, at least; of more hits thrice as many, up to so many besides. */
const closerLookCount = 120;
const closerLookMore = 2000;
/** So many that define something with a query's term in its name are among them, however often that is used elsewhere. */
const definitionCount = 40;
/** More than rounding can make of a bound, some of whose parts have 32 bits. */
const slack = 1 + 1e-6;

export interface CandidateRequest {
  readonly evidence: Evidence;
  readonly meaning: Meaning | null;
  /** What descriptions say, by position; null: nothing. */
  readonly described: Float64Array | null;
  /** False: words count in names and paths alone. */
  readonly usesWords: boolean;
  readonly mask: FileMask;
  readonly holds: Holds;
  readonly newChunks: NewChunks | null;
  readonly asked: Asked;
  readonly signals: RankingSignals;
  /** Of the snapshot's files (see fileFactors). */
  readonly factors: Float64Array;
  readonly limit: number;
  readonly slices: TimeSlices;
}

/**
 * The candidates with the highest scores, in that order: of all chunks with a term of the query, with one in their path, or near to it
 * in meaning. Files that have no chunk which can be one of them, by a bound for the whole file, are passed over; the answer is
 * that of looking at all chunks.
 */
export async function bestCandidates(snapshot: Snapshot, request: CandidateRequest): Promise<Candidate[]> {
  const { evidence, meaning, mask, newChunks, asked, slices, limit } = request;
  const files = await FileBounds.of(snapshot, request);
  const pools = new Pools(newChunks, limit);
  const look = new CloserLook(snapshot, request, files, pools);
  const seen = new Uint8Array(snapshot.files.length);
  const visit = (file: number, bound = files.boundOf(file)): void => {
    const worst = pools.worst(files.mayDefine(file));
    if (bound < worst) return;
    files.read(file);
    if (files.boundOfRead(file) < worst) return;
    if (meaning?.isKnown(file) === false) {
      meaning.know(file);
      if (files.boundOfRead(file) < worst) return;
    }
    look.at(file);
  };
  const isNew = (file: number): boolean => {
    if (seen[file] === 1 || (mask !== null && mask[file] === 0)) return false;
    seen[file] = 1;
    return true;
  };
  const list = new Uint32Array(seen.length);
  let count = 0;
  for (const some of [evidence.words.matching, files.described, evidence.namedFiles, [...asked.files.values.keys()]])
    for (let i = 0; i < some.length; i++) if (isNew(some[i]!)) list[count++] = some[i]!;
  const listed = list.subarray(0, count);
  const bounds = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    if ((i & 4095) === 0 && slices.isOver) await slices.next();
    bounds[i] = files.boundOf(listed[i]!);
  }
  // Those that can have the best come first: the sooner these are known, the more can be passed over.
  const first = await visitFirst(bounds, (i) => visit(listed[i]!, bounds[i]), slices);
  pools.settle();
  for (const [at, i] of restOf(bounds, first, listed, files, pools).entries()) {
    if ((at & 15) === 0 && slices.isOver) await slices.next();
    visit(listed[i]!, bounds[i]);
  }
  if (meaning !== null)
    for (let from = 0; from < seen.length; from += nearAtOnce) {
      if (slices.isOver) await slices.next();
      for (const file of meaning.mayHaveNear(from, Math.min(from + nearAtOnce, seen.length)))
        if (isNew(file)) visit(file);
    }
  return pools.candidates();
}

/** Files that are asked for near chunks between two looks at the clock. */
const nearAtOnce = 1024;
/** About so many files are visited before all others. */
const firstFiles = 256;
const sampleSize = 2048;

/** Visits those with the highest bounds, from the highest on; returns a bound such that all that have it or more were visited. */
async function visitFirst(bounds: Float64Array, visit: (i: number) => void, slices: TimeSlices): Promise<number> {
  if (bounds.length === 0) return -Infinity;
  const step = Math.ceil(bounds.length / sampleSize);
  const sample = new Float64Array(Math.ceil(bounds.length / step));
  for (let i = 0; i < sample.length; i++) sample[i] = bounds[i * step]!;
  sample.sort();
  const least = sample[Math.max(0, sample.length - 1 - Math.ceil(firstFiles / step))]!;
  const first: number[] = [];
  for (let i = 0; i < bounds.length; i++) if (bounds[i]! >= least) first.push(i);
  first.sort((a, b) => bounds[b]! - bounds[a]! || a - b);
  for (const [at, i] of first.entries()) {
    if ((at & 15) === 0 && slices.isOver) await slices.next();
    visit(i);
  }
  return least;
}

/** Those with bounds below `first` that are not out of question yet. It waits for nothing, as a loop in what does is compiled later. */
function restOf(bounds: Float64Array, first: number, listed: Uint32Array, files: FileBounds, pools: Pools): number[] {
  const worst = pools.worst(false);
  const worstOfDefining = pools.worst(true);
  const rest: number[] = [];
  for (let i = 0; i < bounds.length; i++) {
    const bound = bounds[i]!;
    if (bound < first && bound >= (files.mayDefine(listed[i]!) ? worstOfDefining : worst)) rest.push(i);
  }
  return rest;
}

/** What is known of each file's chunks together. */
class FileBounds {
  /** Files with chunks of which a description says something; one may be here twice. */
  readonly described: number[] = [];
  /** What the words of each chunk say, of the file that was read last; their sum, and the most that one has. */
  readonly own = new FileWords();
  sum = 0;
  private most = 0;
  private readonly mostSaid: Float64Array | null;
  /** Files that have a chunk that counts as a definition for what the query asks for. */
  private readonly asked: Set<number>;

  private constructor(
    private readonly snapshot: Snapshot,
    private readonly request: CandidateRequest,
  ) {
    const { asked, described } = request;
    this.mostSaid = described === null ? null : new Float64Array(snapshot.files.length);
    this.asked = new Set(asked.files.values.keys());
    for (const doc of asked.verbatim?.toArray() ?? [])
      snapshot.forEachOccurrence(doc, (position) => this.asked.add(snapshot.occurrenceFiles[position]!));
  }

  static async of(snapshot: Snapshot, request: CandidateRequest): Promise<FileBounds> {
    const bounds = new FileBounds(snapshot, request);
    await bounds.addUpDescribed();
    return bounds;
  }

  mayDefine(file: number): boolean {
    return this.request.evidence.words.mayDefine[file] === 1 || this.asked.has(file);
  }

  /** No chunk of the file has a higher score. */
  boundOf(file: number): number {
    const { evidence, usesWords } = this.request;
    const { most, sums } = evidence.words;
    return usesWords ? this.boundWith(file, most[file]!, sums[file]!) : this.boundWith(file, 0, 0);
  }

  /** The same, the file having been read. */
  boundOfRead(file: number): number {
    return this.boundWith(file, this.most, this.sum);
  }

  private boundWith(file: number, most: number, sum: number): number {
    const { evidence, meaning, factors } = this.request;
    const own = meaning === null ? 0 : meaning.mostIn(file);
    const said = this.mostSaid === null ? 0 : this.mostSaid[file]!;
    return (most + evidence.paths[file]! + this.about(file, sum) + own + said) * factors[file]! * slack;
  }

  /** What the file as a whole says for one of its chunks, of which the others have so much. */
  about(file: number, others: number): number {
    const { evidence, signals, usesWords } = this.request;
    if (!usesWords) return 0;
    const text = signals.fileText * evidence.files[file]!;
    return others > 0 ? text + signals.fileMatches * Math.log1p(others) : text;
  }

  /** Adds up what the words of a file's chunks say. */
  read(file: number): void {
    const { own } = this;
    const { evidence, usesWords } = this.request;
    const { fileStarts } = this.snapshot;
    const from = fileStarts[file]!;
    const count = fileStarts[file + 1]! - from;
    own.clear(count);
    evidence.words.read(file, from, own);
    this.sum = 0;
    this.most = 0;
    if (!usesWords) {
      own.texts.fill(0, 0, count);
      return;
    }
    // In order of position, as sums are everywhere.
    for (let i = 0; i < count; i++) {
      const text = own.texts[i]!;
      this.sum += text;
      if (text > this.most) this.most = text;
    }
  }

  private async addUpDescribed(): Promise<void> {
    const { described, slices } = this.request;
    if (described === null) return;
    const { occurrenceFiles } = this.snapshot;
    const mostSaid = this.mostSaid!;
    for (let position = 0; position < described.length; position++) {
      if ((position & 4095) === 0 && slices.isOver) await slices.next();
      const said = described[position]!;
      if (said === 0) continue;
      const file = occurrenceFiles[position]!;
      this.described.push(file);
      if (said > mostSaid[file]!) mostSaid[file] = said;
    }
  }
}

/** Looks at the chunks of files, one by one. */
class CloserLook {
  constructor(
    private readonly snapshot: Snapshot,
    private readonly request: CandidateRequest,
    private readonly files: FileBounds,
    private readonly pools: Pools,
  ) {}

  /** The file was read by its bounds before. */
  at(file: number): void {
    const { evidence, meaning, described, holds, asked, factors } = this.request;
    const { own: words, sum } = this.files;
    const { occurrenceDocs, fileStarts } = this.snapshot;
    const from = fileStarts[file]!;
    const to = fileStarts[file + 1]!;
    const path = evidence.paths[file]!;
    // The beginning of a file that the query names is looked at however little else speaks for it.
    const isFileNamed = asked.files.values.has(file);
    for (let position = from; position < to; position++) {
      const text = words.texts[position - from]!;
      const own = meaning === null ? 0 : meaning.of(position, file);
      const isNamed = isFileNamed && position === from;
      const said = described === null ? 0 : described[position]!;
      if (text === 0 && path === 0 && said === 0 && !isNamed && !(own > 0 && meaning!.isNear(position))) continue;
      const about = this.files.about(file, sum - text);
      const score = (text + path + about + own + said) * factors[file]!;
      const doc = occurrenceDocs[position]!;
      const isDefinition = words.defines[position - from] === 1 || isNamed || asked.verbatim?.has(doc) === true;
      if (!this.pools.wants(score, position, isDefinition) || !holds(doc, file)) continue;
      this.pools.add({ position, doc, file, text, path, meaning: own, described: said, about, score }, isDefinition);
    }
  }
}

/** The pools of all candidates and, where some chunks alone are new, of these: the others have their part in the scores of those that are. */
class Pools {
  private readonly all: Pool;
  private readonly fresh: Pool | null;

  constructor(
    private readonly newChunks: NewChunks | null,
    limit: number,
  ) {
    this.all = new Pool(limit);
    this.fresh = newChunks === null ? null : new Pool(limit);
  }

  /** Whatever is below this is wanted nowhere. */
  worst(mayDefine: boolean): number {
    return Math.min(this.all.worst(mayDefine), this.fresh?.worst(mayDefine) ?? Infinity);
  }

  /** Lets go of all that are not among the best any more. */
  settle(): void {
    this.all.settle();
    this.fresh?.settle();
  }

  wants(score: number, position: number, isDefinition: boolean): boolean {
    return this.all.wants(score, position, isDefinition) || this.fresh?.wants(score, position, isDefinition) === true;
  }

  add(candidate: Candidate, isDefinition: boolean): void {
    const { score, position } = candidate;
    this.all.add(candidate, isDefinition);
    if (this.fresh?.wants(score, position, isDefinition) === true && this.newChunks!.has(position))
      this.fresh.add(candidate, isDefinition);
  }

  candidates(): Candidate[] {
    return [...new Set([...this.all.candidates(), ...(this.fresh?.candidates() ?? [])])].sort(byScore);
  }
}

/** The candidates to look at closely: the best, and the best of those that define something. */
class Pool {
  private readonly best: Best;
  private readonly definitions = new Best(definitionCount);

  constructor(limit: number) {
    this.best = new Best(Math.max(closerLookCount, limit + Math.min(limit * 2, closerLookMore)));
  }

  worst(mayDefine: boolean): number {
    return mayDefine ? Math.min(this.best.worst, this.definitions.worst) : this.best.worst;
  }

  wants(score: number, position: number, isDefinition: boolean): boolean {
    return this.best.wants(score, position) || (isDefinition && this.definitions.wants(score, position));
  }

  settle(): void {
    this.best.settle();
    this.definitions.settle();
  }

  add(candidate: Candidate, isDefinition: boolean): void {
    this.best.add(candidate);
    if (isDefinition) this.definitions.add(candidate);
  }

  candidates(): Candidate[] {
    return [...this.best.sorted(), ...this.definitions.sorted()];
  }
}

/** Keeps the best of many candidates, whatever their order. */
class Best {
  private kept: Candidate[] = [];
  /** What a further candidate must reach; at that, its position must come before the worst's. */
  worst = -Infinity;
  private worstPosition = Infinity;

  constructor(private readonly count: number) {}

  wants(score: number, position: number): boolean {
    return score > this.worst || (score === this.worst && position < this.worstPosition);
  }

  add(candidate: Candidate): void {
    if (!this.wants(candidate.score, candidate.position)) return;
    this.kept.push(candidate);
    if (this.kept.length >= this.count * 2) this.settle();
  }

  settle(): void {
    if (this.kept.length < this.count) return;
    this.kept = this.sorted();
    ({ score: this.worst, position: this.worstPosition } = this.kept.at(-1)!);
  }

  sorted(): Candidate[] {
    return this.kept.sort(byScore).slice(0, this.count);
  }
}
