/**
 * BM25 over several fields (BM25F: Robertson, Zaragoza, Taylor, "Simple BM25 extension to multiple weighted fields",
 * 2004): frequencies of a term are weighted and length-normalised by field, summed, and saturated once.
 */
export interface Bm25Parameters {
  /** How soon a repeated term stops to count. */
  readonly saturation: number;
  readonly weight: FieldValues;
  /** 0: length is ignored, 1: counts are per length. */
  readonly lengthNormalization: FieldValues;
}

export interface FieldValues {
  readonly body: number;
  readonly comment: number;
  readonly symbol: number;
}

/** Robertson's idf, with the 1 that keeps it positive. */
export const inverseDocumentFrequency = (docCount: number, docFrequency: number): number =>
  Math.log(1 + (docCount - docFrequency + 0.5) / (docFrequency + 0.5));

/** One field's part of a term's weighted frequency. */
export const fieldFrequency = (
  frequency: number,
  weight: number,
  b: number,
  length: number,
  meanLength: number,
): number => (frequency === 0 ? 0 : (weight * frequency) / (1 - b + (meanLength > 0 ? (b * length) / meanLength : 0)));

/** What a weighted frequency counts for: at most `saturation + 1`. */
export const saturate = (frequency: number, saturation: number): number =>
  (frequency * (saturation + 1)) / (frequency + saturation);
