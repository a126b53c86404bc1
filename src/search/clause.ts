import { BitSet } from '../base/index.js';
import { languageNumber } from '../model/index.js';
import { scanAllTexts } from '../pattern/index.js';
import type { Deadline, Pattern } from '../pattern/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { isUnsegmented, splitIdentifier, textTerms } from '../text/index.js';
import { backendOf, bringTexts, candidateDocs } from './backend.js';
import type { Clause, Condition, QueryTerm } from './query/query.js';
import { compileSnapshotPaths, maskOf } from './file-mask.js';
import { visiblePostings } from './term-postings.js';
import type { TimeSlices } from '../base/index.js';

/** Whether a chunk, at one of its occurrences in a file, may be a hit. */
export type Holds = (doc: number, file: number) => boolean;

export interface ClauseOptions {
  readonly caseSensitive: boolean;
  /** False: bare terms of this clause only rank (ranking itself sees to it that one occurs). */
  readonly topLevelTerms?: boolean;
  readonly slices: TimeSlices;
  /** Of the query's patterns. */
  readonly deadline: Deadline;
  readonly signal: AbortSignal | undefined;
}

/** Compiles a clause for one snapshot. Postings and lines are looked up once for each condition, not for each chunk. */
export async function compileClause(snapshot: Snapshot, clause: Clause, options: ClauseOptions): Promise<Holds> {
  const { caseSensitive, topLevelTerms = true } = options;
  const tests: Holds[] = [];
  for (const condition of clause.conditions) tests.push(await compileCondition(snapshot, condition, options));
  if (topLevelTerms && clause.terms.length > 0) {
    const sets = clause.terms.map((term) => docsWithTerm(snapshot, term, caseSensitive));
    tests.push((doc) => sets.some((set) => set.has(doc)));
  }
  return (doc, file) => tests.every((test) => test(doc, file));
}

async function compileCondition(snapshot: Snapshot, condition: Condition, options: ClauseOptions): Promise<Holds> {
  const { caseSensitive } = options;
  const inner = { ...options, topLevelTerms: true };
  switch (condition.kind) {
    case 'phrase':
    case 'regex': {
      const set = await docsMatching(snapshot, condition.pattern, options);
      return (doc) => set.has(doc);
    }
    case 'symbol': {
      const same = caseSensitive ? (name: string): string => name : (name: string): string => name.toLowerCase();
      const names = new Set(condition.names.map(same));
      return (doc) =>
        snapshot.segments
          .chunkSymbols(doc)
          .symbols.some(({ name, scope }) => names.has(same(name)) || names.has(same(`${scope}.${name}`)));
    }
    case 'symbol-kind': {
      const kinds = new Set(condition.kinds);
      return (doc) => snapshot.segments.chunkSymbols(doc).symbols.some(({ kind }) => kinds.has(kind));
    }
    case 'language': {
      const numbers = new Set(condition.languages.map(languageNumber));
      return (_, file) => numbers.has(snapshot.files[file]!.record.language);
    }
    case 'path': {
      const passes = compileSnapshotPaths(condition.patterns, snapshot.mounts);
      const mask = await maskOf(snapshot, passes, options.signal);
      return (_, file) => mask[file] === 1;
    }
    case 'or': {
      const operands: Holds[] = [];
      for (const clause of condition.operands) operands.push(await compileClause(snapshot, clause, inner));
      return (doc, file) => operands.some((holds) => holds(doc, file));
    }
    case 'not': {
      const holds = await compileClause(snapshot, condition.clause, inner);
      return (doc, file) => !holds(doc, file);
    }
  }
}

async function docsMatching(snapshot: Snapshot, pattern: Pattern, options: ClauseOptions): Promise<BitSet> {
  const { deadline, signal } = options;
  const set = new BitSet(snapshot.visible.size, snapshot.visible.gap);
  await backendOf(snapshot).bring({ plans: [pattern.plan] }, signal);
  const docs = candidateDocs(snapshot, pattern.plan);
  const textOf = (i: number): string => snapshot.segments.chunkText(docs[i]!);
  await bringTexts(snapshot, docs, signal);
  await scanAllTexts({ pattern, deadline, signal, count: docs.length, textOf, wanted: 'any' }, ({ i }) =>
    set.add(docs[i]!),
  );
  return set;
}

/** Chunks that have all words of a term, as terms of the index (so `-caching` leaves out `caches` too). */
function docsWithTerm(snapshot: Snapshot, { text }: QueryTerm, caseSensitive: boolean): BitSet {
  const set = new BitSet(snapshot.visible.size, snapshot.visible.gap);
  const terms = textTerms(text);
  if (terms.length === 0) return set;
  const counts = new Map<number, number>();
  for (const term of new Set(terms)) {
    for (const doc of visiblePostings(snapshot, term).docs) counts.set(doc, (counts.get(doc) ?? 0) + 1);
  }
  const needed = new Set(terms).size;
  // Pairs of characters may stand anywhere: a word of a script without spaces is the run that they make.
  const asTyped = caseSensitive || (needed > 1 && splitIdentifier(text).some(isUnsegmented));
  for (const [doc, count] of counts) {
    if (count === needed && (!asTyped || snapshot.segments.chunkText(doc).includes(text))) set.add(doc);
  }
  return set;
}
