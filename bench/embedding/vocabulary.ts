// Which terms have a vector, and the vector that training starts from.
import type { Corpus } from './corpus.js';
import { Matrices } from './matrix.js';
import { unit } from './teacher.js';

export interface Vocabulary {
  readonly terms: readonly string[];
  readonly surfaces: readonly string[];
  /** Share of all term occurrences in chunks. */
  readonly probabilities: Float64Array;
}

export interface VocabularyLimits {
  readonly size: number;
  /** A term of fewer repositories is their own name for something. */
  readonly repositories: number;
}

interface Count {
  repositories: number;
  chunks: number;
  surfaces: Map<string, number>;
}

/** The terms that most repositories and chunks have. */
export function countVocabulary(corpora: Iterable<Corpus>, { size, repositories }: VocabularyLimits): Vocabulary {
  const counts = new Map<string, Count>();
  let total = 0;
  for (const { terms, surfaces, chunks, pairs } of corpora) {
    const own = new Uint32Array(terms.length);
    for (const chunk of chunks) for (let i = 0; i < chunk.terms.length; i += 2) own[chunk.terms[i]!]!++;
    for (const { query } of pairs) for (const term of query) own[term]!++;
    for (const [number, term] of terms.entries()) {
      let count = counts.get(term);
      if (count === undefined) counts.set(term, (count = { repositories: 0, chunks: 0, surfaces: new Map() }));
      count.repositories++;
      count.chunks += own[number]!;
      total += own[number]!;
      const surface = surfaces[number]!;
      count.surfaces.set(surface, (count.surfaces.get(surface) ?? 0) + own[number]!);
    }
  }
  const known = [...counts]
    .filter(([term, count]) => count.repositories >= repositories && !/^\d+$/.test(term) && term.length <= 40)
    .sort(
      ([a, one], [b, other]) => other.repositories - one.repositories || other.chunks - one.chunks || (a < b ? -1 : 1),
    )
    .slice(0, size);
  return {
    terms: known.map(([term]) => term),
    surfaces: known.map(([, count]) => [...count.surfaces].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0]![0]),
    probabilities: Float64Array.from(known, ([, { chunks }]) => chunks / total),
  };
}

/** Smooth inverse frequency (Arora, Liang, Ma, "A simple but tough-to-beat baseline for sentence embeddings", 2017). */
const smoothing = 3e-4;

/** Principal components of the teacher's vectors, each times how telling its term is. */
export async function firstVectors(
  teacher: Float32Array,
  from: number,
  to: number,
  { probabilities }: Vocabulary,
): Promise<Float32Array> {
  const count = probabilities.length;
  const vectors = await principalComponents(teacher, count, from, to);
  for (let row = 0; row < count; row++) {
    const vector = vectors.subarray(row * to, (row + 1) * to);
    unit(vector);
    const weight = smoothing / (smoothing + probabilities[row]!);
    for (let c = 0; c < to; c++) vector[c]! *= weight;
  }
  return vectors;
}

async function principalComponents(
  vectors: Float32Array,
  count: number,
  from: number,
  to: number,
): Promise<Float32Array> {
  const mean = new Float64Array(from);
  for (let row = 0; row < count; row++) for (let c = 0; c < from; c++) mean[c]! += vectors[row * from + c]! / count;
  const covariance = new Float64Array(from * from);
  const centred = new Float64Array(from);
  for (let row = 0; row < count; row += 2) {
    for (let c = 0; c < from; c++) centred[c] = vectors[row * from + c]! - mean[c]!;
    for (let a = 0; a < from; a++) {
      const value = centred[a]!;
      for (let b = a; b < from; b++) covariance[a * from + b]! += value * centred[b]!;
    }
  }
  for (let a = 0; a < from; a++) for (let b = 0; b < a; b++) covariance[a * from + b] = covariance[b * from + a]!;
  const basis = leadingEigenvectors(covariance, from, to);
  const matrices = await Matrices.create();
  const rows = 1024;
  const [x, projection, y] = [matrices.make(rows, from), matrices.make(to, from), matrices.make(rows, to)];
  projection.values.set(basis);
  const result = new Float32Array(count * to);
  for (let first = 0; first < count; first += rows) {
    const some = Math.min(rows, count - first);
    const { values } = x;
    for (let row = 0; row < some; row++)
      for (let c = 0; c < from; c++) values[row * from + c] = vectors[(first + row) * from + c]! - mean[c]!;
    matrices.multiplyTransposed(x, projection, y);
    result.set(y.values.subarray(0, some * to), first * to);
  }
  return result;
}

/** Orthogonal iteration: rows of the result are the eigenvectors of the largest eigenvalues. */
function leadingEigenvectors(matrix: Float64Array, size: number, count: number): Float64Array {
  let seed = 1;
  const random = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) | 0) / 2 ** 31;
  let basis = Float64Array.from({ length: count * size }, random);
  orthogonalize(basis, size, count);
  for (let step = 0; step < 60; step++) {
    const next = new Float64Array(count * size);
    for (let i = 0; i < count; i++) {
      for (let a = 0; a < size; a++) {
        const value = basis[i * size + a]!;
        for (let b = 0; b < size; b++) next[i * size + b]! += value * matrix[a * size + b]!;
      }
    }
    basis = next;
    orthogonalize(basis, size, count);
  }
  return basis;
}

function orthogonalize(basis: Float64Array, size: number, count: number): void {
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      let dot = 0;
      for (let c = 0; c < size; c++) dot += basis[i * size + c]! * basis[j * size + c]!;
      for (let c = 0; c < size; c++) basis[i * size + c]! -= dot * basis[j * size + c]!;
    }
    let norm = 0;
    for (let c = 0; c < size; c++) norm += basis[i * size + c]! ** 2;
    norm = 1 / Math.sqrt(norm);
    for (let c = 0; c < size; c++) basis[i * size + c]! *= norm;
  }
}
