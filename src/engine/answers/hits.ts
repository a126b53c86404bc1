import { languageId } from '../../model/index.js';
import { explainHit, matchSpans, shownDefinition } from '../../search/index.js';
import type { Question, RankedHit, Span } from '../../search/index.js';
import type { ChunkSymbols } from '../../segment/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import type { Origin } from '../session/scope.js';
import type { FirstSeen, Freshness, Hit } from '../types.js';

/** What a hit was found in. */
export interface Searched {
  /** Of the repository, where one is searched. */
  readonly repo: string;
  readonly snapshot: Snapshot;
}

/** Where a hit is from, and what is known of it besides. */
export interface Found extends Pick<Origin, 'rev' | 'labels' | 'path'> {
  readonly freshness: Freshness;
  readonly firstSeen: FirstSeen | null;
}

/** A ranked chunk as the contract shows it. */
export function toHit(
  { repo, snapshot }: Searched,
  /** Where it is from, and what of that had to be waited for. */
  { rev, labels, path, freshness, firstSeen }: Found,
  question: Question,
  ranked: RankedHit,
  /** Where the query's patterns were found in the chunk. */
  found: readonly Span[],
  explain: boolean,
): Hit {
  const { position, doc, file, score, signals } = ranked;
  const { record } = snapshot.files[file]!;
  const text = snapshot.segments.chunkText(doc);
  const startLine = snapshot.occurrenceLines[position]! + 1;
  const lineCount = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  const spans = matchSpans(text, question.query, [...question.words, ...question.nearWords], found);
  const {
    symbol,
    kind,
    line: symbolLine,
    named,
  } = headingOf(text, snapshot.segments.chunkSymbols(doc), question, spans);
  return {
    repo,
    ...labels,
    rev: rev.rev,
    commit: rev.commit,
    path,
    blob: record.oid,
    startLine,
    endLine: startLine + lineCount - 1,
    language: languageId(record.language),
    symbol,
    kind,
    symbolLine: symbolLine === null ? null : startLine + symbolLine,
    score,
    ...(ranked.grade !== 'good' ? { confidence: 'weak' as const } : {}),
    ...(explain ? { explanation: explainHit(snapshot, question, ranked) } : {}),
    signals,
    matches: withSpan(spans, named).map(({ line, column, length }) => ({
      line: startLine + line,
      column: column + 1,
      length,
    })),
    text,
    firstSeen,
    freshness,
  };
}

interface Heading {
  readonly symbol: string;
  readonly kind: Hit['kind'];
  /** Line of its name, counted from the chunk's first; null when that is in an earlier chunk. */
  readonly line: number | null;
  /** Where the name is, when the query asks for it. */
  readonly named: Span | null;
}

/** What a chunk is shown under: a definition (see `shownDefinition`), else what the chunk continues. */
function headingOf(
  text: string,
  { symbols, continues }: ChunkSymbols,
  { query, words }: Question,
  spans: readonly Span[],
): Heading {
  const shown = shownDefinition(symbols, query, words, spans);
  if (shown === null) return { symbol: continues, kind: '', line: null, named: null };
  const { name, scope, kind, line } = shown.definition;
  const column = shown.named ? text.split('\n', line + 1)[line]!.indexOf(name) : -1;
  return {
    symbol: scope === '' ? name : `${scope}.${name}`,
    kind,
    line,
    named: column < 0 ? null : { line, column, length: name.length },
  };
}

/** The spans and one more, unless there is one on its line already. */
const withSpan = (spans: readonly Span[], span: Span | null): readonly Span[] =>
  span === null || spans.some(({ line }) => line === span.line)
    ? spans
    : [...spans, span].sort((a, b) => a.line - b.line);
