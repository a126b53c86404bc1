import { TimeSlices } from '../base/index.js';
import { looksSecret } from '../endpoint/index.js';
import { languageId, volatileIdMin } from '../model/index.js';
import { fileFactors, minorKinds, rankingSignals } from '../search/index.js';
import type { Segment } from '../segment/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { chunkNames, contentNameOf } from '../text/index.js';
import type { DescriptionIndex } from './description-index.js';
import type { DescribedChunk } from './prompt.js';

/** A chunk that nobody has described, at its first place. */
export interface UndescribedChunk {
  readonly doc: number;
  readonly path: string;
  /** 1-based. */
  readonly startLine: number;
  /** How much is gained by describing it: public definitions of ordinary code most, tests and vendored code least. */
  readonly gain: number;
}

/** Prose and data say themselves what they are about. */
const prose = new Set(
  'text markdown json yaml toml ini xml csv diff ignore lockfile restructuredtext asciidoc latex gomod template svg'.split(
    ' ',
  ),
);
const isPublic = /^\s*(?:@\w+\s+)*(?:export|pub|public|open|func\s+(?:\([^)]*\)\s*)?[A-Z]|def\s+[a-z]|class\s)/m;

/**
 * The visible chunks of code of a snapshot that are not described, largest gain first. Those of work trees that are not stored, of files
 * that look like secrets, or that are for exact search only are left out.
 */
export async function undescribedChunks(
  snapshot: Snapshot,
  index: DescriptionIndex,
  signal: AbortSignal | undefined,
): Promise<UndescribedChunk[]> {
  const { occurrenceDocs, occurrenceFiles, occurrenceLines, files, segments } = snapshot;
  const slices = new TimeSlices(signal);
  const factors = await fileFactors(snapshot, rankingSignals);
  const seen = index.described(segments, snapshot.visible.size);
  const chunks: UndescribedChunk[] = [];
  for (let position = 0; position < occurrenceDocs.length; position++) {
    if ((position & 63) === 0 && slices.isOver) await slices.next();
    const doc = occurrenceDocs[position]!;
    const file = occurrenceFiles[position]!;
    const { path, record } = files[file]!;
    if (doc >= volatileIdMin || seen.has(doc) || record.exactOnly || looksSecret(path)) continue;
    if (prose.has(languageId(record.language))) continue;
    seen.add(doc);
    const text = segments.chunkText(doc);
    if (!/\p{L}{2}/u.test(text)) continue;
    const { symbols } = segments.chunkSymbols(doc);
    const defines = symbols.some(({ kind, inner }) => inner !== true && !minorKinds.has(kind));
    const own = defines ? (isPublic.test(text) ? 3 : 2) : symbols.length > 0 ? 1 : 0.5;
    chunks.push({ doc, path, startLine: occurrenceLines[position]! + 1, gain: own * factors[file]! });
  }
  // As places are in order, equal gains stay so.
  return chunks.sort((a, b) => b.gain - a.gain);
}

export function describedChunk({ segments }: Snapshot, doc: number): DescribedChunk {
  const segment = segments.segmentOfDoc(doc);
  return {
    text: segments.chunkText(doc),
    language: languageId(segment.column('language')[doc - segment.docBase]!),
    ...chunkNames(segments.chunkSymbols(doc)),
  };
}

/** Names of what chunks hold, by doc id. */
export function chunkContents(segments: readonly Segment[], docs: ReadonlySet<number>): Map<number, string> {
  const contents = new Map<number, string>();
  for (const segment of segments) {
    const { docBase, docEnd } = segment;
    let has = false;
    for (const doc of docs) if ((has = doc >= docBase && doc < docEnd)) break;
    if (!has) continue;
    for (const { key, number } of segment.docKeys.rows())
      if (docs.has(docBase + number)) contents.set(docBase + number, contentNameOf(key));
  }
  return contents;
}
