// all-MiniLM-L6-v2 (N. Reimers, Apache-2.0) on single words: what the training starts from. BERT as of J. Devlin et al., 2018.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Matrices } from './matrix.js';
import type { Matrix } from './matrix.js';

const hidden = 384;
const inner = 1536;
const layerCount = 6;
const headCount = 12;
const headSize = hidden / headCount;
const epsilon = 1e-12;
const batchRows = 1024;

interface Layer {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly up: Linear;
  readonly down: Linear;
  readonly attentionNorm: Norm;
  readonly outputNorm: Norm;
}
interface Linear {
  readonly weight: Matrix;
  readonly bias: Float32Array;
}
interface Norm {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** The vectors of words, one row of 384 each, of unit length. `directory` has model.safetensors and vocab.txt. */
export async function teacherVectors(
  directory: string,
  words: readonly string[],
  onProgress: (done: number) => void,
): Promise<Float32Array> {
  const tensors = readSafetensors(join(directory, 'model.safetensors'));
  const pieces = new Map(
    readFileSync(join(directory, 'vocab.txt'), 'utf8')
      .split('\n')
      .map((piece, i) => [piece, i]),
  );
  const matrices = await Matrices.create();
  const tensor = (name: string): Float32Array => tensors.get(name)!;
  const linear = (name: string, rows: number, columns: number): Linear => {
    const weight = matrices.make(rows, columns);
    weight.values.set(tensor(`${name}.weight`));
    return { weight, bias: tensor(`${name}.bias`) };
  };
  const norm = (name: string): Norm => ({ weight: tensor(`${name}.weight`), bias: tensor(`${name}.bias`) });
  const layers = Array.from({ length: layerCount }, (_, i): Layer => {
    const at = `encoder.layer.${i}`;
    return {
      query: linear(`${at}.attention.self.query`, hidden, hidden),
      key: linear(`${at}.attention.self.key`, hidden, hidden),
      value: linear(`${at}.attention.self.value`, hidden, hidden),
      output: linear(`${at}.attention.output.dense`, hidden, hidden),
      up: linear(`${at}.intermediate.dense`, inner, hidden),
      down: linear(`${at}.output.dense`, hidden, inner),
      attentionNorm: norm(`${at}.attention.output.LayerNorm`),
      outputNorm: norm(`${at}.output.LayerNorm`),
    };
  });
  const make = (columns: number): Matrix => matrices.make(batchRows, columns);
  const [x, q, k, v, mixed, projected, up] = [
    make(hidden),
    make(hidden),
    make(hidden),
    make(hidden),
    make(hidden),
    make(hidden),
    make(inner),
  ];
  const apply = ({ weight, bias }: Linear, from: Matrix, to: Matrix, rows: number): void => {
    matrices.multiplyTransposed(from, weight, to, rows);
    const { values } = to;
    for (let row = 0, at = 0; row < rows; row++) for (let i = 0; i < weight.rows; i++) values[at++]! += bias[i]!;
  };
  const [wordTable, positions, types] = ['word', 'position', 'token_type'].map((name) =>
    tensor(`embeddings.${name}_embeddings.weight`),
  ) as [Float32Array, Float32Array, Float32Array];
  const firstNorm = norm('embeddings.LayerNorm');

  const byLength = new Map<number, { word: number; tokens: number[] }[]>();
  for (const [word, text] of words.entries()) {
    const tokens = wordPieces(text, pieces);
    const same = byLength.get(tokens.length);
    if (same === undefined) byLength.set(tokens.length, [{ word, tokens }]);
    else same.push({ word, tokens });
  }
  const vectors = new Float32Array(words.length * hidden);
  let done = 0;
  for (const [length, same] of byLength) {
    const perBatch = Math.floor(batchRows / length);
    for (let from = 0; from < same.length; from += perBatch) {
      const batch = same.slice(from, from + perBatch);
      const rows = (batch.length * length + 3) & ~3;
      const values = x.values;
      values.fill(0);
      for (const [i, { tokens }] of batch.entries()) {
        for (const [position, token] of tokens.entries()) {
          const at = (i * length + position) * hidden;
          for (let c = 0; c < hidden; c++)
            values[at + c] = wordTable[token * hidden + c]! + positions[position * hidden + c]! + types[c]!;
        }
      }
      normalize(x, firstNorm, rows);
      for (const layer of layers) {
        apply(layer.query, x, q, rows);
        apply(layer.key, x, k, rows);
        apply(layer.value, x, v, rows);
        attend(q.values, k.values, v.values, mixed.values, batch.length, length);
        apply(layer.output, mixed, projected, rows);
        add(x, projected, rows);
        normalize(x, layer.attentionNorm, rows);
        apply(layer.up, x, up, rows);
        gelu(up.values, rows * inner);
        apply(layer.down, up, projected, rows);
        add(x, projected, rows);
        normalize(x, layer.outputNorm, rows);
      }
      for (const [i, { word }] of batch.entries()) {
        const into = vectors.subarray(word * hidden, (word + 1) * hidden);
        const from = x.values;
        for (let position = 0; position < length; position++)
          for (let c = 0; c < hidden; c++) into[c]! += from[(i * length + position) * hidden + c]!;
        unit(into);
      }
      done += batch.length;
      onProgress(done);
    }
  }
  return vectors;
}

function attend(
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
  out: Float32Array,
  count: number,
  length: number,
): void {
  const scores = new Float64Array(length);
  const scale = 1 / Math.sqrt(headSize);
  out.fill(0);
  for (let word = 0; word < count; word++) {
    for (let head = 0; head < headCount; head++) {
      const base = word * length * hidden + head * headSize;
      for (let a = 0; a < length; a++) {
        let total = 0;
        for (let b = 0; b < length; b++) {
          let dot = 0;
          for (let c = 0; c < headSize; c++) dot += q[base + a * hidden + c]! * k[base + b * hidden + c]!;
          scores[b] = Math.exp(dot * scale);
          total += scores[b]!;
        }
        for (let b = 0; b < length; b++) {
          const share = scores[b]! / total;
          for (let c = 0; c < headSize; c++) out[base + a * hidden + c]! += share * v[base + b * hidden + c]!;
        }
      }
    }
  }
}

function add(into: Matrix, other: Matrix, rows: number): void {
  const [a, b] = [into.values, other.values];
  for (let i = 0; i < rows * hidden; i++) a[i]! += b[i]!;
}

function normalize(matrix: Matrix, { weight, bias }: Norm, rows: number): void {
  const { values } = matrix;
  for (let row = 0; row < rows; row++) {
    const at = row * hidden;
    let mean = 0;
    for (let c = 0; c < hidden; c++) mean += values[at + c]!;
    mean /= hidden;
    let variance = 0;
    for (let c = 0; c < hidden; c++) variance += (values[at + c]! - mean) ** 2;
    const factor = 1 / Math.sqrt(variance / hidden + epsilon);
    for (let c = 0; c < hidden; c++) values[at + c] = (values[at + c]! - mean) * factor * weight[c]! + bias[c]!;
  }
}

/** With the error function as of Abramowitz and Stegun, 7.1.26. */
function gelu(values: Float32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const x = values[i]!;
    const z = Math.abs(x) * Math.SQRT1_2;
    const t = 1 / (1 + 0.3275911 * z);
    const erf =
      1 -
      ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) *
        t *
        Math.exp(-z * z);
    values[i] = 0.5 * x * (1 + (x < 0 ? -erf : erf));
  }
}

export function unit(vector: Float32Array): void {
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (sum === 0) return;
  const factor = 1 / Math.sqrt(sum);
  for (let i = 0; i < vector.length; i++) vector[i]! *= factor;
}

/** WordPiece, longest match first, between [CLS] and [SEP]. */
function wordPieces(word: string, pieces: ReadonlyMap<string, number>): number[] {
  const tokens = [101];
  for (const part of word.toLowerCase().match(/[a-z]+|\d+|\S/g) ?? []) {
    for (let from = 0; from < part.length;) {
      let to = part.length;
      let found: number | undefined;
      for (; to > from; to--) {
        found = pieces.get((from > 0 ? '##' : '') + part.slice(from, to));
        if (found !== undefined) break;
      }
      tokens.push(found ?? 100);
      from = found === undefined ? part.length : to;
    }
  }
  return [...tokens.slice(0, 15), 102];
}

function readSafetensors(path: string): Map<string, Float32Array> {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const head = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<
    string,
    { dtype?: string; data_offsets?: [number, number] }
  >;
  const tensors = new Map<string, Float32Array>();
  for (const [name, { dtype, data_offsets: range }] of Object.entries(head)) {
    if (dtype !== 'F32' || range === undefined) continue;
    const copy = Uint8Array.from(bytes.subarray(8 + length + range[0], 8 + length + range[1]));
    tensors.set(name, new Float32Array(copy.buffer));
  }
  return tensors;
}
