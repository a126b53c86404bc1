import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ChunkText, Embedder } from '../../src/embedding/index.js';
import { openEngine, openEngines } from '../../src/engine/index.js';
import type { Engine, SearchOptions } from '../../src/engine/types.js';
import { VectorFileWriter } from '../../src/segment/index.js';
import { Store } from '../../src/store/index.js';
import { makeFolder, makeRepository } from '../support/git.js';

/** Every question is about texts without the word "lock". Remembers what it was given. */
class CountingEmbedder implements Embedder {
  readonly space;
  readonly isRemote = true;
  readonly texts: string[] = [];
  failing = false;
  closed = false;

  constructor(revision = '1') {
    this.space = { model: 'counting', revision, dimension: 20 };
  }

  embedQuery(_: string): Promise<Int8Array> {
    return Promise.resolve(this.vectorOf(''));
  }

  embedChunks(chunks: readonly ChunkText[]): Promise<Int8Array[]> {
    if (this.failing) return Promise.reject(new Error('out of order'));
    this.texts.push(...chunks.map(({ text }) => text));
    return Promise.resolve(chunks.map(({ text }) => this.vectorOf(text)));
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  private vectorOf(text: string): Int8Array {
    const vector = new Int8Array(this.space.dimension).fill(1);
    vector[19] = /lock/i.test(text) ? 100 : -100;
    return vector;
  }
}

const engines: Pick<Engine, 'close'>[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

const files = {
  'src/lock.ts': 'export function acquire(): void {\n  takeLock();\n}\n',
  'src/paint.ts': 'export function paint(): void {\n  brush();\n}\n',
  'copy/paint.ts': 'export function paint(): void {\n  brush();\n}\n',
};

function makePlace(content: Record<string, string> = files): {
  repo: string;
  store: string;
  commit: (files: Record<string, string>) => void;
} {
  const repository = makeRepository();
  repository.commits([{ branch: 'main', files: content }]);
  return {
    repo: repository.path,
    store: join(makeFolder(), 'store'),
    commit: (more) => repository.commits([{ branch: 'main', parents: ['main'], files: more }]),
  };
}

async function open(place: { repo: string; store: string }, embedder?: Embedder): Promise<Engine> {
  const engine = await openEngine({ ...place, workers: 0, ...(embedder === undefined ? {} : { embedder }) });
  engines.push(engine);
  return engine;
}

const vectorFiles = (store: string): string[] =>
  readdirSync(join(store, 'segments')).flatMap((name) =>
    name.endsWith('.vec') ? [join(store, 'segments', name)] : [],
  );

async function answerOf(engine: Engine, options: SearchOptions = {}): Promise<unknown> {
  const { hits, coverage } = await engine.search('take the lock', { mode: 'semantic', ...options });
  return { coverage, hits: hits.map(({ path, startLine, score }) => [path, startLine, score]) };
}

test('chunks come with the vectors of the bundled embedding; without them they are made by the next search', async () => {
  const place = makePlace();
  const engine = await open(place);
  const first = await answerOf(engine);
  expect(first).toMatchObject({ coverage: { lexical: 1, semantic: 1 } });
  expect((first as { hits: unknown[][] }).hits[0]![0]).toBe('src/lock.ts');
  await engine.close();
  expect(vectorFiles(place.store)).toHaveLength(1);
  const made = readFileSync(vectorFiles(place.store)[0]!);
  rmSync(vectorFiles(place.store)[0]!);
  expect(await answerOf(await open(place))).toEqual(first);
  expect(readFileSync(vectorFiles(place.store)[0]!)).toEqual(made);
});

test('damaged vectors are told by doctor, and made again by a search', async () => {
  const place = makePlace();
  const engine = await open(place);
  const first = await answerOf(engine);
  await engine.close();
  const [path] = vectorFiles(place.store);
  const whole = readFileSync(path!);
  const damage = (at: number): void => {
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 1;
    writeFileSync(path!, bytes);
  };
  for (const at of [10, whole.length - 1]) {
    damage(at);
    const again = await open(place);
    expect((await again.doctor()).problems).toMatchObject([{ where: expect.stringMatching(/\.vec$/) as string }]);
    expect(await answerOf(again)).toEqual(first);
    expect(readFileSync(path!)).toEqual(whole);
    expect((await again.doctor()).problems).toEqual([]);
    damage(at);
    await again.doctor({ repair: true });
    expect(vectorFiles(place.store)).toEqual([]);
    await again.close();
    expect(await answerOf(await open(place))).toEqual(first);
  }
});

test('indexing makes the vectors of a named embedder, of each chunk once; until then the bundled ones answer', async () => {
  const place = makePlace();
  const plain = await open(place);
  const bundled = await answerOf(plain);
  await plain.close();
  const embedder = new CountingEmbedder();
  const engine = await open(place, embedder);
  expect(await answerOf(engine)).toEqual(bundled);
  expect(embedder.texts).toEqual([]);
  await engine.index(['main']);
  expect(embedder.texts).toHaveLength(2); // the third is a copy
  const named = await answerOf(engine);
  expect(named).toMatchObject({ coverage: { semantic: 1 } });
  expect(named).not.toEqual(bundled);
  place.commit({ 'src/new.ts': 'export const unlocked = 1;\n' });
  await engine.index(['main']);
  await engine.fork('f');
  await engine.gc();
  await engine.index(['main']);
  expect(embedder.texts).toHaveLength(3);
  expect(await answerOf(engine)).toEqual(await answerOf(engine, { rev: 'f' }));
  await engine.close();
  expect(embedder.closed).toBe(true);
  const fresh = new CountingEmbedder();
  const other = await open({ ...place, store: join(makeFolder(), 'store') }, fresh);
  await other.index(['main']);
  const again = await open(place, new CountingEmbedder());
  expect(await answerOf(again)).toEqual(await answerOf(other));
});

test('a process that stays makes them in the background, and goes on where it failed', async () => {
  const place = makePlace();
  const embedder = new CountingEmbedder();
  const notes: string[] = [];
  const all = await openEngines({ store: place.store, workers: 0, embedder, onNote: (note) => notes.push(note) });
  engines.push(all);
  const engine = all.open(place.repo);
  embedder.failing = true;
  const bundled = await answerOf(engine);
  await expect.poll(() => notes).toEqual(['vectors could not be made: out of order']);
  embedder.failing = false;
  expect(await answerOf(engine)).toEqual(bundled);
  await expect.poll(() => answerOf(engine)).not.toEqual(bundled);
  expect(embedder.texts).toHaveLength(2);
});

test('secrets are not sent, and what is withheld keeps nobody waiting', async () => {
  const place = makePlace({ ...files, '.env': 'LOCK_TOKEN=1234\n', 'deploy/id_rsa': 'lock\n' });
  const embedder = new CountingEmbedder();
  const engine = await open(place, embedder);
  await engine.index(['main']);
  expect(embedder.texts.join()).not.toMatch(/LOCK_TOKEN|^lock$/m);
  const { coverage, hits } = await engine.search('take the lock', { mode: 'semantic' });
  expect(coverage.semantic).toBe(0.5);
  expect(hits[0]!.path).toBe('copy/paint.ts');
});

test('without its endpoint a search asks the bundled embedding', async () => {
  const place = makePlace();
  const embedder = new CountingEmbedder();
  const engine = await open(place, embedder);
  await engine.index(['main']);
  embedder.embedQuery = () => Promise.reject(new Error('connection refused'));
  expect(await answerOf(engine)).toEqual(await answerOf(await open(place)));
});

test('gc takes the vectors of other revisions of the bundled model, and leaves those of other models', async () => {
  const place = makePlace();
  const engine = await open(place, new CountingEmbedder());
  await engine.index(['main']);
  const [bundled] = (await engine.status()).vectors;
  await engine.close();
  const store = Store.open(place.store);
  for (const model of [bundled!.model, 'another']) {
    const writer = new VectorFileWriter(store, store.catalog.segments()[0]!.id, { model, revision: '0', dimension: 3 });
    writer.add(0, Int8Array.of(1, 2, 3));
    writer.finish();
  }
  store.close();
  const again = await open(place);
  const spaces = async (): Promise<string[]> =>
    (await again.status()).vectors.map(({ model, revision, chunks }) => `${model} ${revision}: ${chunks}`);
  const { revision } = bundled!;
  expect(await spaces()).toEqual(['another 0: 1', 'coppice-code 0: 1', `coppice-code ${revision}: 2`, 'counting 1: 2']);
  await again.gc();
  expect(await spaces()).toEqual(['another 0: 1', `coppice-code ${revision}: 2`, 'counting 1: 2']);
});

describe('an embedder that the settings name', () => {
  let server: Server;
  let asked: string[];
  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (text: Buffer) => (body += text.toString()));
      request.on('end', () => {
        const { input } = JSON.parse(body) as { input: string[] };
        asked.push(...input);
        const data = input.map((text, index) => ({ index, embedding: [1, 0.5, text.includes('lock') ? -1 : 1] }));
        response.setHeader('Content-Type', 'application/json');
        response.end(JSON.stringify({ data }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  const settings = (store: string): void => {
    const { port } = server.address() as AddressInfo;
    mkdirSync(store, { recursive: true });
    const embedding = { provider: 'openai', endpoint: `http://127.0.0.1:${String(port)}/v1`, model: 'm' };
    writeFileSync(join(store, 'config.json'), JSON.stringify({ embedding }));
  };

  test('is asked for what is not there, and for the query', async () => {
    const place = makePlace({ ...files, '.env': 'LOCK_TOKEN=1234\n' });
    settings(place.store);
    const engine = await open(place);
    await engine.index(['main']);
    const { hits } = await engine.search('brushes', { mode: 'semantic', limit: 1 });
    expect(hits).toMatchObject([{ path: 'copy/paint.ts' }]);
    expect(asked.filter((text) => text.includes('takeLock'))).toHaveLength(1);
    expect(asked.join()).not.toContain('LOCK_TOKEN');
    expect((await engine.status()).vectors).toMatchObject([
      { model: 'coppice-code', chunks: 3 },
      { model: 'm', chunks: 2 },
    ]);
  });

  test('that is not there leaves indexing and searching as they are without', async () => {
    const place = makePlace();
    const plain = await open(place);
    const bundled = await answerOf(plain);
    await plain.close();
    settings(place.store);
    await new Promise((resolve) => server.close(resolve));
    const notes: string[] = [];
    const engine = await openEngine({ ...place, workers: 0, onNote: (note) => notes.push(note) });
    engines.push(engine);
    await engine.index(['main']);
    expect(await answerOf(engine)).toEqual(bundled);
    expect(notes).toHaveLength(1);
    server.listen(0);
  });
});
