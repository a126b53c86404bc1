import { languageId } from '../model/index.js';
import { matchSpans, queryWords } from '../search/index.js';
import type { Query, RankedHit, Span } from '../search/index.js';
import type { Snapshot } from '../snapshot/index.js';
import type { FirstSeen, Freshness, Hit, ResolvedRev } from './types.js';

/** What a hit was found in. */
export interface Searched {
  readonly repo: string;
  readonly rev: ResolvedRev;
  readonly snapshot: Snapshot;
  readonly freshness: Freshness;
}

/** A ranked chunk as the contract shows it. */
export function toHit(
  { repo, rev, snapshot, freshness }: Searched,
  query: Query,
  ranked: RankedHit,
  firstSeen: FirstSeen | null,
  /** Where the query's patterns were found in the chunk. */
  found: readonly Span[],
): Hit {
  const { position, doc, file, score, signals } = ranked;
  const { path, record } = snapshot.files[file]!;
  const text = snapshot.segments.chunkText(doc);
  const startLine = snapshot.occurrenceLines[position]! + 1;
  const lineCount = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  const spans = matchSpans(text, query, queryWords(query.ranking), found);
  return {
    repo,
    rev: rev.rev,
    commit: rev.commit,
    path,
    blob: record.oid,
    startLine,
    endLine: startLine + lineCount - 1,
    language: languageId(record.language),
    ...headingOf(snapshot, doc, query),
    score,
    signals,
    matches: spans.map(({ line, column, length }) => ({ line: startLine + line, column: column + 1, length })),
    text,
    firstSeen,
    freshness,
  };
}

/** The definition a chunk is shown under: one that the query names, else the first it was cut for, else what it continues. */
function headingOf(snapshot: Snapshot, doc: number, query: Query): Pick<Hit, 'symbol' | 'kind'> {
  const { symbols, continues } = snapshot.segments.chunkSymbols(doc);
  const words = new Set(queryWords(query.ranking).map(({ text }) => text.toLowerCase()));
  const shown = symbols.find(({ name }) => words.has(name.toLowerCase())) ?? symbols.find(({ inner }) => !inner);
  if (shown === undefined) return { symbol: continues, kind: '' };
  return { symbol: shown.scope === '' ? shown.name : `${shown.scope}.${shown.name}`, kind: shown.kind };
}
