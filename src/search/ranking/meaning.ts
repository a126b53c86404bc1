import type { TimeSlices } from '../../base/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import type { Evidence } from './evidence.js';
import type { RankMode } from './ranked.js';
import type { MeaningSignal, RankingSignals } from './ranking-signals.js';
import type { Similarities } from './similarity.js';

export interface MeaningOptions {
  readonly mode: RankMode;
  readonly signals: RankingSignals;
  readonly slices: TimeSlices;
  /** Default: that of the mode. */
  readonly signal?: MeaningSignal;
}

/**
 * What the similarity of its vector says for each occurrence, on the scale of lexical evidence. Cosines of different queries are
 * not comparable, so they are measured between the mean of the snapshot and the nearest chunk of it. A file that has a near chunk
 * is about the matter: its others get a share.
 */
export async function gatherMeaning(
  snapshot: Snapshot,
  { chunks, files }: Similarities,
  { idf }: Evidence,
  { mode, signals, slices, signal }: MeaningOptions,
): Promise<Float64Array> {
  const { occurrenceFiles } = snapshot;
  const isRanked = snapshot.files.map(({ record }) => !record.exactOnly);
  const {
    weight,
    focus,
    whole,
    file: fileShare,
  } = signal ?? (mode === 'semantic' ? signals.meaningAlone : signals.meaning);
  const similarities = new Float64Array(chunks.length);
  let sum = 0;
  let count = 0;
  let nearest = 0;
  for (let position = 0; position < chunks.length; position++) {
    if ((position & 1023) === 0 && slices.isOver) await slices.next();
    if (!isRanked[occurrenceFiles[position]!]!) continue;
    count++;
    const similarity = (1 - whole) * chunks[position]! + whole * files[occurrenceFiles[position]!]!;
    similarities[position] = similarity;
    sum += similarity;
    if (similarity > nearest) nearest = similarity;
  }
  const mean = count === 0 ? 0 : Math.max(0, sum / count);
  const meaning = new Float64Array(similarities.length);
  if (nearest <= mean) return meaning;
  let scale = weight * (mode === 'hybrid' && idf.size === 1 ? signals.meaningOfWord : 1);
  let most = 0;
  for (const value of idf.values()) most += value;
  scale *= most;
  const nearestOf = new Float64Array(snapshot.files.length);
  for (let position = 0; position < meaning.length; position++) {
    if ((position & 1023) === 0 && slices.isOver) await slices.next();
    const near = (similarities[position]! - mean) / (nearest - mean);
    if (near <= 0) continue;
    const own = scale * near ** focus;
    meaning[position] = own;
    const file = occurrenceFiles[position]!;
    if (own > nearestOf[file]!) nearestOf[file] = own;
  }
  if (fileShare === 0) return meaning;
  for (let position = 0; position < meaning.length; position++)
    meaning[position]! += fileShare * nearestOf[occurrenceFiles[position]!]!;
  return meaning;
}
