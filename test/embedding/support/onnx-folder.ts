import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { words } from './contract.js';

export const onnxDimension = 16;
const vocabulary = ['[UNK]', '[CLS]', ...words];

/** The vector of a token: what there is no pattern in, the same each time. */
export const tokenVector = (token: number): number[] =>
  Array.from({ length: onnxDimension }, (_, i) => Math.fround(Math.sin(1 + token * 37 + i * (token + 3))));

/**
 * Writes a model folder as sentence-transformers does: a tokenizer of words, with `[CLS]` before the first, and a model that looks
 * up a vector for each token.
 */
export function writeOnnxFolder(folder: string, more: Readonly<Record<string, object>> = {}): void {
  const files: Record<string, object | Uint8Array> = {
    'config.json': {
      model_type: 'bert',
      architectures: ['BertModel'],
      hidden_size: onnxDimension,
      max_position_embeddings: 64,
    },
    'tokenizer_config.json': { tokenizer_class: 'PreTrainedTokenizerFast', unk_token: '[UNK]', model_max_length: 64 },
    'tokenizer.json': {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [],
      normalizer: { type: 'Lowercase' },
      pre_tokenizer: { type: 'Whitespace' },
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: '[CLS]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        pair: [],
        special_tokens: { '[CLS]': { id: '[CLS]', ids: [1], tokens: ['[CLS]'] } },
      },
      decoder: null,
      model: {
        type: 'WordLevel',
        vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
        unk_token: '[UNK]',
      },
    },
    'onnx/model.onnx': lookupModel(),
    ...more,
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content instanceof Uint8Array ? content : JSON.stringify(content));
  }
}

const int64 = 7;
const float32 = 1;

/** `last_hidden_state = Gather(table, input_ids)`, as an ONNX file: protobuf messages with the numbers of onnx.proto. */
function lookupModel(): Uint8Array {
  const table = Float32Array.from(vocabulary.flatMap((_, token) => tokenVector(token)));
  const node = message([1, text('table')], [1, text('input_ids')], [2, text('last_hidden_state')], [4, text('Gather')]);
  const weights = message(
    [1, vocabulary.length],
    [1, onnxDimension],
    [2, float32],
    [8, text('table')],
    [9, Buffer.from(table.buffer)],
  );
  const graph = message(
    [1, node],
    [2, text('lookup')],
    [5, weights],
    [11, valueInfo('input_ids', int64, ['batch', 'length'])],
    [12, valueInfo('last_hidden_state', float32, ['batch', 'length', onnxDimension])],
  );
  return message([1, 8], [7, graph], [8, message([1, text('')], [2, 13])]);
}

function valueInfo(name: string, type: number, shape: readonly (string | number)[]): Buffer {
  const dims = shape.map((dim): Part => [1, typeof dim === 'number' ? message([1, dim]) : message([2, text(dim)])]);
  return message([1, text(name)], [2, message([1, message([1, type], [2, message(...dims)])])]);
}

type Part = readonly [field: number, value: number | Buffer];

const text = (value: string): Buffer => Buffer.from(value);

function message(...parts: readonly Part[]): Buffer {
  return Buffer.concat(
    parts.flatMap(([field, value]) =>
      typeof value === 'number'
        ? [varint(field << 3), varint(value)]
        : [varint((field << 3) | 2), varint(value.length), value],
    ),
  );
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}
