import type { TimeSlices } from '../../base/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import type { Holds } from '../clause.js';
import type { FileMask } from '../file-mask.js';
import type { NewChunks } from '../range.js';
import { byScore } from './candidate.js';
import type { Candidate } from './candidate.js';
import type { Evidence } from './evidence.js';
import type { Meaning } from './evidence/meaning.js';
import type { RankingSignals } from './ranking-signals.js';
import type { Asked } from './rerank.js';

/** Candidates that the closer look of `rerank` is taken at, at least; of more hits thrice as many, up to so many besides. */
const closerLookCount = 120;
const closerLookMore = 2000;
/** So many that define something with a query's term in its name are among them, however often that is used elsewhere. */
const definitionCount = 40;
/** More than rounding can make of a bound. */
const slack = 1 + 1e-9;

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
    const mayDefine = files.mayDefine[file] === 1;
    if (bound < pools.worst(mayDefine)) return;
    if (meaning?.isKnown(file) === false) {
      meaning.know(file);
      if (files.boundOf(file) < pools.worst(mayDefine)) return;
    }
    look.at(file);
  };
  const isNew = (file: number): boolean => {
    if (seen[file] === 1 || (mask !== null && mask[file] === 0)) return false;
    seen[file] = 1;
    return true;
  };
  const listed: number[] = [];
  for (const list of [files.matching, files.described, evidence.namedFiles, asked.files.values.keys()])
    for (const file of list) if (isNew(file)) listed.push(file);
  const bounds = new Float64Array(listed.length);
  for (let i = 0; i < listed.length; i++) {
    if ((i & 255) === 0 && slices.isOver) await slices.next();
    bounds[i] = files.boundOf(listed[i]!);
  }
  // Those that can have the best come first: the sooner these are known, the more can be passed over.
  const first = await visitFirst(bounds, (i) => visit(listed[i]!, bounds[i]), slices);
  pools.settle();
  for (let i = 0; i < listed.length; i++) {
    if ((i & 15) === 0 && slices.isOver) await slices.next();
    if (bounds[i]! < first) visit(listed[i]!, bounds[i]);
  }
  if (meaning !== null)
    for (let file = 0; file < seen.length; file++) {
      if ((file & 255) === 0 && slices.isOver) await slices.next();
      if (meaning.mayHaveNear(file) && isNew(file)) visit(file);
    }
  return pools.candidates();
}

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

/** What is known of each file's chunks together. */
class FileBounds {
  /** Files with chunks that have a term, ascending. */
  readonly matching: number[] = [];
  /** Files with chunks of which a description says something; one may be here twice. */
  readonly described: number[] = [];
  /** Sum of the evidence of a file's chunks, and the most that one has. */
  readonly sums: Float64Array;
  private readonly most: Float64Array;
  private readonly mostSaid: Float64Array;
  /** 1 where a chunk may count as a definition. */
  readonly mayDefine: Uint8Array;

  private constructor(
    snapshot: Snapshot,
    private readonly request: CandidateRequest,
  ) {
    const fileCount = snapshot.files.length;
    this.sums = new Float64Array(fileCount);
    this.most = new Float64Array(fileCount);
    this.mostSaid = new Float64Array(fileCount);
    this.mayDefine = new Uint8Array(fileCount);
  }

  static async of(snapshot: Snapshot, request: CandidateRequest): Promise<FileBounds> {
    const bounds = new FileBounds(snapshot, request);
    await bounds.addUp(snapshot);
    return bounds;
  }

  /** No chunk of the file has a higher score. */
  boundOf(file: number): number {
    const { evidence, meaning, factors } = this.request;
    const own = meaning === null ? 0 : meaning.mostIn(file);
    const about = this.about(file, this.sums[file]!);
    return (this.most[file]! + evidence.paths[file]! + about + own + this.mostSaid[file]!) * factors[file]! * slack;
  }

  /** What the file as a whole says for one of its chunks, of which the others have so much. */
  about(file: number, others: number): number {
    const { evidence, signals, usesWords } = this.request;
    if (!usesWords) return 0;
    const text = signals.fileText * evidence.files[file]!;
    return others > 0 ? text + signals.fileMatches * Math.log1p(others) : text;
  }

  private async addUp(snapshot: Snapshot): Promise<void> {
    const { evidence, asked, described, usesWords, slices } = this.request;
    const { occurrenceFiles } = snapshot;
    const { matching, chunks, defines } = evidence;
    let last = -1;
    // In order of position, as sums are everywhere.
    for (let at = 0; at < matching.length; at++) {
      if ((at & 1023) === 0 && slices.isOver) await slices.next();
      for (let word = matching[at]!; word !== 0; word &= word - 1) {
        const position = at * 32 + 31 - Math.clz32(word & -word);
        const file = occurrenceFiles[position]!;
        if (file !== last) this.matching.push((last = file));
        if (defines[position] === 1) this.mayDefine[file] = 1;
        if (!usesWords) continue;
        const text = chunks[position]!;
        this.sums[file]! += text;
        if (text > this.most[file]!) this.most[file] = text;
      }
    }
    for (let position = 0; position < (described?.length ?? 0); position++) {
      if ((position & 4095) === 0 && slices.isOver) await slices.next();
      const said = described![position]!;
      if (said === 0) continue;
      const file = occurrenceFiles[position]!;
      this.described.push(file);
      if (said > this.mostSaid[file]!) this.mostSaid[file] = said;
    }
    for (const file of asked.files.values.keys()) this.mayDefine[file] = 1;
    for (const doc of asked.verbatim?.toArray() ?? [])
      snapshot.forEachOccurrence(doc, (position) => (this.mayDefine[occurrenceFiles[position]!] = 1));
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

  at(file: number): void {
    const { evidence, meaning, described, usesWords, holds, asked, factors } = this.request;
    const { occurrenceDocs, fileStarts } = this.snapshot;
    const from = fileStarts[file]!;
    const to = fileStarts[file + 1]!;
    const path = evidence.paths[file]!;
    // The beginning of a file that the query names is looked at however little else speaks for it.
    const isFileNamed = asked.files.values.has(file);
    const sum = this.files.sums[file]!;
    for (let position = from; position < to; position++) {
      const text = usesWords ? evidence.chunks[position]! : 0;
      const own = meaning === null ? 0 : meaning.of(position, file);
      const isNamed = isFileNamed && position === from;
      const said = described === null ? 0 : described[position]!;
      if (text === 0 && path === 0 && said === 0 && !isNamed && !(own > 0 && meaning!.isNear(position))) continue;
      const about = this.files.about(file, sum - text);
      const score = (text + path + about + own + said) * factors[file]!;
      const doc = occurrenceDocs[position]!;
      const isDefinition = evidence.defines[position] === 1 || isNamed || asked.verbatim?.has(doc) === true;
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
