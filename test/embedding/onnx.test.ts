import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';

import { parseEmbeddingConfig } from '../../src/embedding/config.js';
import type { OnnxEmbedderConfig } from '../../src/embedding/config.js';
import { OnnxEmbedder } from '../../src/embedding/onnx-embedder.js';
import type { TransformersLibrary } from '../../src/embedding/onnx-embedder.js';
import { makeFolder } from '../support/git.js';
import { chunk, describeEmbedder, words } from './support/contract.js';
import { onnxDimension, tokenVector, writeOnnxFolder } from './support/onnx-folder.js';

/** A node_modules folder with the library, which is too large to be installed for the tests. */
const installed = process.env['COPPICE_TEST_ONNX'];

const isInstalledHere = existsSync(new URL('../../node_modules/@huggingface/transformers', import.meta.url));

const loadInstalled = async (): Promise<TransformersLibrary> =>
  (await import(
    pathToFileURL(createRequire(join(resolve(installed!), 'x.js')).resolve('@huggingface/transformers')).href
  )) as TransformersLibrary;

/** Does what the library would do with the folder that the tests write. */
const standIn: TransformersLibrary = {
  env: { allowRemoteModels: true },
  AutoTokenizer: {
    from_pretrained: () =>
      Promise.resolve((text: string, { max_length = Infinity }: { max_length?: number }) => {
        const found = (text.toLowerCase().match(/[\p{L}\p{M}\p{N}_]+|[^\s\p{L}\p{M}\p{N}_]+/gu) ?? []).map(
          (word) => words.indexOf(word as (typeof words)[number]) + 2,
        );
        return { input_ids: [1, ...found.map((id) => (id === 1 ? 0 : id))].slice(0, max_length) };
      }),
  },
  AutoModel: {
    from_pretrained: () => {
      let isDisposed = false;
      const model = (inputs: object) => {
        if (isDisposed) return Promise.reject(new Error('disposed'));
        const { input_ids } = inputs as { input_ids: number[] };
        const data = Float32Array.from(input_ids.flatMap(tokenVector));
        return Promise.resolve({ last_hidden_state: { data, dims: [1, input_ids.length, onnxDimension] } });
      };
      const dispose = (): Promise<void> => {
        isDisposed = true;
        return Promise.resolve();
      };
      return Promise.resolve(Object.assign(model, { dispose }));
    },
  },
};

function configOf(settings: object): OnnxEmbedderConfig {
  return parseEmbeddingConfig({ provider: 'onnx', ...settings }, '/store/config.json') as OnnxEmbedderConfig;
}

function makeModel(more: Readonly<Record<string, object>> = {}): string {
  const folder = join(makeFolder(), 'word-model');
  writeOnnxFolder(folder, more);
  return folder;
}

const libraries: Readonly<Record<string, () => Promise<TransformersLibrary>>> = {
  'a stand-in for the library': () => Promise.resolve(standIn),
  ...(installed === undefined ? {} : { 'the library': loadInstalled }),
};

/** Rounded as `embedQuery` does. */
function bytesOf(vector: readonly number[]): Int8Array {
  const largest = Math.max(...vector.map(Math.abs));
  return Int8Array.from(vector, (value) => Math.round((value / largest) * 127));
}

const cls = tokenVector(1);
const lock = tokenVector(2);
const file = tokenVector(3);

describe.each(Object.entries(libraries))('with %s', (_, loadLibrary) => {
  const shared = makeModel();
  const open = (settings: object = {}, path = shared): Promise<OnnxEmbedder> =>
    OnnxEmbedder.open(configOf({ path, ...settings }), { loadLibrary });

  describeEmbedder('ONNX folder', { open: () => open() });

  test.each([
    ['nothing', {}, cls.map((value, i) => value + lock[i]! + file[i]!)],
    [
      'mean',
      { pooling_mode_mean_tokens: true, pooling_mode_cls_token: false },
      cls.map((value, i) => value + lock[i]! + file[i]!),
    ],
    ['cls', { pooling_mode_cls_token: true }, cls],
    ['max', { pooling_mode_max_tokens: true }, cls.map((value, i) => Math.max(value, lock[i]!, file[i]!))],
    ['last token', { pooling_mode_lasttoken: true }, file],
  ])('pools as the model says: %s', async (_, pooling, expected) => {
    const embedder = await open({}, makeModel({ '1_Pooling/config.json': pooling }));
    expect(await embedder.embedQuery('Lock file')).toEqual(bytesOf(expected));
    await embedder.close();
  });

  test('takes no more tokens than the model does', async () => {
    const embedder = await open({}, makeModel({ 'sentence_bert_config.json': { max_seq_length: 3 } }));
    expect(await embedder.embedQuery('lock file cache cache cache')).toEqual(await embedder.embedQuery('lock file'));
    await embedder.close();
  });

  test('puts the words before texts that the model asks for, or the user', async () => {
    const prompts = { 'config_sentence_transformers.json': { prompts: { query: 'cache ', document: 'file ' } } };
    const path = makeModel(prompts);
    const plain = await open();
    const prompted = await open({}, path);
    const told = await open({ queryPrefix: 'server ', documentPrefix: '' }, path);
    const [document] = await prompted.embedChunks([chunk('lock')]);
    expect(document).toEqual(await plain.embedQuery('file lock'));
    expect(await prompted.embedQuery('lock')).toEqual(await plain.embedQuery('cache lock'));
    expect(await told.embedQuery('lock')).toEqual(await plain.embedQuery('server lock'));
    expect((await told.embedChunks([chunk('lock')]))[0]).toEqual(await plain.embedQuery('lock'));
    expect(prompted.space.revision).not.toBe(told.space.revision);
    for (const embedder of [plain, prompted, told]) await embedder.close();
  });

  test('another model is another space', async () => {
    const one = await open();
    expect(one.space).toMatchObject({ model: 'word-model', dimension: onnxDimension });
    const other = await open({}, makeModel({ '1_Pooling/config.json': { pooling_mode_cls_token: true } }));
    const same = await open({}, makeModel());
    const named = await open({ model: 'mine', revision: '2' });
    expect(other.space.revision).not.toBe(one.space.revision);
    expect(same.space).toEqual(one.space);
    expect(named.space.model).toBe('mine');
    expect(named.space.revision).toMatch(/^2\+/);
    for (const embedder of [one, other, same, named]) await embedder.close();
  });

  test('a model that sentence-transformers takes further steps after is refused', async () => {
    const modules = [
      { type: 'sentence_transformers.models.Transformer' },
      { type: 'sentence_transformers.models.Dense' },
    ];
    await expect(open({}, makeModel({ 'modules.json': modules }))).rejects.toMatchObject({
      code: 'EMBEDDER_INVALID',
      message: expect.stringContaining('needs Dense') as string,
    });
  });
});

test.runIf(installed !== undefined)('a file that is no model is told by the library', async () => {
  const path = makeModel();
  writeFileSync(join(path, 'onnx/model.onnx'), 'not a model');
  await expect(OnnxEmbedder.open(configOf({ path }), { loadLibrary: loadInstalled })).rejects.toMatchObject({
    code: 'EMBEDDER_INVALID',
    message: expect.stringContaining('cannot be loaded') as string,
  });
});

test('nothing is downloaded', async () => {
  standIn.env.allowRemoteModels = true;
  await (
    await OnnxEmbedder.open(configOf({ path: makeModel() }), { loadLibrary: () => Promise.resolve(standIn) })
  ).close();
  expect(standIn.env.allowRemoteModels).toBe(false);
});

test.each([
  ['no folder', () => join(makeFolder(), 'none'), {}, /config\.json does not exist/],
  ['no model', () => makeModel(), { file: 'onnx/model_int8.onnx' }, /onnx\/model_int8\.onnx does not exist/],
  ['no JSON', () => makeModel({ 'config.json': Buffer.from('{') }), {}, /config\.json is not a JSON object/],
  [
    'an unknown pooling',
    () => makeModel({ '1_Pooling/config.json': { pooling_mode_weightedmean_tokens: true } }),
    {},
    /pooling_mode_weightedmean_tokens is not known/,
  ],
])('%s is told before the library is loaded', async (_, path, settings, message) => {
  const loadLibrary = (): Promise<TransformersLibrary> => Promise.reject(new Error('loaded'));
  await expect(OnnxEmbedder.open(configOf({ path: path(), ...settings }), { loadLibrary })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(message) as string,
    hint: expect.any(String) as string,
  });
});

test('outputs that are no vectors are told', async () => {
  const withOutputs = (outputs: object): (() => Promise<TransformersLibrary>) => {
    const model = Object.assign(() => Promise.resolve(outputs), { dispose: () => Promise.resolve() });
    const AutoModel = { from_pretrained: () => Promise.resolve(model) } as unknown as TransformersLibrary['AutoModel'];
    return () => Promise.resolve({ ...standIn, AutoModel });
  };
  const path = makeModel();
  for (const outputs of [
    {},
    { logits: { data: new Float32Array(2), dims: [1, 2] } },
    { last_hidden_state: { data: new Float32Array(6), dims: [2, 1, 3] } },
    { last_hidden_state: { data: new Uint16Array(3), dims: [1, 1, 3] } },
    { last_hidden_state: { data: Float32Array.of(1, NaN, 2), dims: [1, 1, 3] } },
    { sentence_embedding: { data: new Float32Array(0), dims: [1, 0] } },
  ])
    await expect(OnnxEmbedder.open(configOf({ path }), { loadLibrary: withOutputs(outputs) })).rejects.toMatchObject({
      code: 'EMBEDDER_INVALID',
    });
  const whole = { sentence_embedding: { data: Float32Array.of(0.5, -1, 0.25), dims: [1, 3] } };
  const embedder = await OnnxEmbedder.open(configOf({ path }), { loadLibrary: withOutputs(whole) });
  expect(await embedder.embedQuery('lock')).toEqual(Int8Array.of(64, -127, 32));
});

test.skipIf(isInstalledHere)('without the library the way out is told', async () => {
  await expect(OnnxEmbedder.open(configOf({ path: makeModel() }))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('@huggingface/transformers') as string,
    hint: expect.stringContaining('npm install @huggingface/transformers') as string,
  });
});
