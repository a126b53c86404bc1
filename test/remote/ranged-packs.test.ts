import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PublishedDirectory } from '../../src/daemon/directory.js';
import { openEngines, shrinkStore, type Engine, type LocalEngines } from '../../src/engine/index.js';
import { randomFrom } from '../crash/support/random.js';
import { TestRepository, git, makeFolder } from '../support/git.js';
import { withEngine, withPublisher } from './support.js';

/** Serves a folder, by ranges or whole, and counts. */
class Served {
  sentBytes = 0;
  wholePacks = 0;
  knowsRanges = true;
  /** Changes what is sent. */
  change: (path: string, bytes: Buffer) => Buffer = (_, bytes) => bytes;
  private constructor(
    readonly server: Server,
    readonly url: string,
    public folder: string,
  ) {}

  static async start(folder: string): Promise<Served> {
    const server = createServer((request, response) => {
      const path = decodeURIComponent(request.url!).slice(1);
      let bytes: Buffer;
      try {
        bytes = served.change(path, readFileSync(join(served.folder, path)));
      } catch {
        response.writeHead(404).end();
        return;
      }
      const etag = `"${createHash('sha1').update(bytes).digest('hex')}"`;
      const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
      const isPart = from !== undefined && served.knowsRanges;
      const sent = isPart ? bytes.subarray(Number(from), Number(to) + 1) : bytes;
      if (path.startsWith('packs/') && sent.length === bytes.length && bytes.length > 1024 * 1024) served.wholePacks++;
      served.sentBytes += sent.length;
      response.writeHead(isPart ? 206 : 200, { etag, 'content-length': sent.length }).end(sent);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const served = new Served(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, folder);
    return served;
  }
}

let repository: TestRepository;
let own: string;
let folder: string;
let served: Served;
/** Commits, the oldest first: the first is most of the repository, the others are published one by one. */
const commits: string[] = [];

beforeAll(async () => {
  const place = makeFolder();
  git(place, ['init', '-q', '-b', 'main', 'repo']);
  repository = new TestRepository(join(place, 'repo'), false);
  const random = randomFrom(11);
  const words = Array.from({ length: 4000 }, () =>
    Array.from({ length: 3 }, () => 'aeioubdfgklmnprstvz'[random(19)]!).join(''),
  );
  const word = (): string => words[random(words.length)]! + words[random(words.length)]!;
  const text = (seed: number): string =>
    Array.from({ length: 60 }, (_, i) => {
      const [name, field] = [word(), word()];
      return `/** Weighs the ${word()} of a ${word()}. */\nexport function ${name}${seed}x${i}(${field}: number): number {\n  return ${field} * ${random(1e6)} + ${word()};\n}\n`;
    }).join('\n');
  const files = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`src/part${i % 9}/file${i}.ts`, text(i)]));
  commits.push(repository.commit({ ...files, 'README.md': 'Parcels are weighed here.\n' }));
  for (let i = 0; i < 3; i++)
    commits.push(
      repository.commit({
        [`src/part${i}/file${i}.ts`]: `${files[`src/part${i}/file${i}.ts`]}export const parcelWeight${i} = ${i};\n`,
        [`docs/guide${i}.md`]: `The weight of parcel ${i}.\n`,
      }),
    );
  own = makeFolder();
  folder = join(makeFolder(), 'remote');
  for (const commit of commits)
    await withPublisher(repository.path, own, (publisher) => publisher.push(`file:${folder}`, [commit]));
  served = await Served.start(folder);
}, 120_000);
afterAll(() => served.server.close());

/** Runs with an engine of a node that takes nothing in that can be read by range. */
async function withNode<T>(
  cache: string,
  action: (engine: Engine, engines: LocalEngines) => Promise<T>,
  takenBytesMax = 0,
): Promise<T> {
  const engines = await openEngines({ store: join(cache, 'store'), remote: served.url, takenBytesMax });
  const place = { remote: served.url, folder: join(cache, 'repositories'), cacheBytes: 2 ** 30 };
  const directory = new PublishedDirectory(place, engines, () => undefined);
  await directory.start();
  try {
    return await action(engines.open(directory.require('repo')), engines);
  } finally {
    directory.stop();
    await engines.close();
  }
}

const told = <T extends object>(hits: readonly T[]): object[] =>
  hits.map((hit) => ({ ...hit, repo: null, rev: null, firstSeen: null, freshness: null }));

async function answersOf(engine: Engine, rev: string): Promise<unknown> {
  const answers: unknown[] = [];
  for (const mode of ['lexical', 'semantic', 'hybrid'] as const)
    for (const query of ['weighs the parcel', 'parcelWeight1', '"weight of parcel"', 'return number'])
      answers.push(told((await engine.search(query, { rev, mode })).hits));
  for (const pattern of ['parcel', 'Weighs the [a-c]', '\\b1\\d\\d7\\b'])
    answers.push((await engine.grep(pattern, { rev })).lines.map(({ path, line, text }) => ({ path, line, text })));
  answers.push(told((await engine.symbols('parcelWeight2', { rev })).symbols));
  return answers;
}

test('answers from packs that are read by range are those of a store that indexed itself, at every commit, warm and after a restart', async () => {
  const cache = makeFolder();
  const expected = new Map<string, unknown>();
  for (const rev of commits)
    expected.set(rev, await withEngine(repository.path, own, (engine) => answersOf(engine, rev)));
  await withNode(cache, async (engine, engines) => {
    for (const rev of [commits[3]!, commits[0]!, commits[2]!, commits[1]!])
      expect(await answersOf(engine, rev)).toEqual(expected.get(rev));
    // None of it was taken in.
    expect((await engine.status()).chunks).toBe(0);
    const before = served.sentBytes;
    expect(await answersOf(engine, commits[3]!)).toEqual(expected.get(commits[3]!));
    expect(served.sentBytes - before).toBeLessThan(64 * 1024);
    // A full cache lets go of it, and it comes again.
    await shrinkStore(engines, 1);
    expect(await answersOf(engine, commits[3]!)).toEqual(expected.get(commits[3]!));
    const last = repository.commit({ 'docs/last.md': 'The last parcel.\n' });
    await withPublisher(repository.path, own, (publisher) => publisher.push(`file:${folder}`, [last]));
    await shrinkStore(engines, 1);
    await expect
      .poll(async () => (await engine.grep('last parcel', { rev: last })).lines.length, { timeout: 10_000 })
      .toBe(1);
    expect(await answersOf(engine, commits[3]!)).toEqual(expected.get(commits[3]!));
  });
  const before = served.sentBytes;
  await withNode(cache, async (engine) => {
    expect(await answersOf(engine, commits[3]!)).toEqual(expected.get(commits[3]!));
  });
  const packs = readdirSync(join(folder, 'packs')).map((name) => readFileSync(join(folder, 'packs', name)).length);
  expect(served.sentBytes - before).toBeLessThan(Math.max(...packs) / 2); // blocks on disk are believed by their hashes
  expect(served.wholePacks).toBe(0);
}, 120_000);

test('a server that does not know ranges sends a pack once', async () => {
  served.knowsRanges = false;
  served.wholePacks = 0;
  try {
    const lines = await withNode(
      makeFolder(),
      async (engine) => (await engine.grep('parcel', { rev: commits[3]! })).lines,
    );
    expect(lines.length).toBe(6);
    expect(served.wholePacks).toBe(1);
  } finally {
    served.knowsRanges = true;
  }
});

test('a fork of what is read by range can be edited', async () => {
  await withNode(makeFolder(), async (engine) => {
    await engine.fork('mine', { from: commits[3]! });
    await engine.apply('mine', [{ kind: 'put', path: 'docs/new.md', content: Buffer.from('another parcel\n') }]);
    const { lines } = await engine.grep('another parcel', { rev: 'fork:mine' });
    expect(lines.map(({ path }) => path)).toEqual(['docs/new.md']);
  });
});

test('a block that is not the one that was written is refused by the name of its pack, wherever it lies', async () => {
  const random = randomFrom(3);
  const isLarge = (path: string, bytes: Buffer): boolean => path.startsWith('packs/') && bytes.length > 1024 * 1024;
  const tampered: readonly [string, (bytes: Buffer) => Buffer][] = [
    ...Array.from({ length: 6 }, (): [string, (bytes: Buffer) => Buffer] => {
      const share = random(1000) / 1000;
      return [
        `a byte of each block from ${share} on`,
        (bytes) => {
          const other = Buffer.from(bytes);
          for (let at = Math.floor(share * bytes.length * 0.5); at < bytes.length; at += 16 * 1024)
            other[at] = other[at]! ^ 1;
          return other;
        },
      ];
    }),
    ['cut', (bytes) => bytes.subarray(0, bytes.length >> 1)],
    ['cut in its head', (bytes) => bytes.subarray(0, 900)],
    [
      'its halves in another order',
      (bytes) => Buffer.concat([bytes.subarray(bytes.length >> 1), bytes.subarray(0, bytes.length >> 1)]),
    ],
    ['nothing', () => Buffer.alloc(0)],
  ];
  for (const [what, change] of tampered) {
    served.change = (path, bytes) => (isLarge(path, bytes) ? change(bytes) : bytes);
    try {
      await withNode(makeFolder(), async (engine) => {
        const error = await answersOf(engine, commits[3]!).then(
          () => null,
          (failed: { code: string; message: string }) => failed,
        );
        expect(error?.code, `${what}: ${error?.message}`).toBe('REMOTE_INVALID');
        expect(error!.message, what).toMatch(/pack [0-9a-f]{16} /);
      });
    } finally {
      served.change = (_, bytes) => bytes;
    }
  }
  // A cache that was damaged on disk is brought again.
  const cache = makeFolder();
  const lines = await withNode(cache, async (engine) => (await engine.grep('parcel', { rev: commits[3]! })).lines);
  const blocks = join(cache, 'store/blocks');
  for (const name of readdirSync(blocks)) {
    const bytes = readFileSync(join(blocks, name));
    for (let at = 100; at < bytes.length; at += 10_000) bytes[at] = bytes[at]! ^ 1;
    writeFileSync(join(blocks, name), bytes);
  }
  await withNode(cache, async (engine) => {
    expect((await engine.grep('parcel', { rev: commits[3]! })).lines).toEqual(lines);
  });
}, 120_000);

test('what was opened of packs that have gone meanwhile is opened anew, from those that took their place', async () => {
  const merged = join(makeFolder(), 'remote');
  await withPublisher(repository.path, own, (publisher) => publisher.push(`file:${merged}`, commits));
  await withNode(makeFolder(), async (engine, engines) => {
    const lines = async (pattern: string): Promise<number> =>
      (await engine.grep(pattern, { rev: commits[3]! })).lines.length;
    expect(await lines('parcelWeight1')).toBe(1);
    served.folder = merged;
    try {
      await shrinkStore(engines, 1);
      await expect(lines('parcelWeight0')).rejects.toMatchObject({ code: 'REMOTE_INVALID' });
      await expect.poll(() => lines('parcelWeight0').catch(() => 0), { timeout: 10_000 }).toBe(1);
    } finally {
      served.folder = folder;
    }
  });
}, 60_000);

test('a file that is shown is the blob that git has, or refused: whoever publishes may have read another', async () => {
  const place = makeFolder();
  git(place, ['clone', '-q', '--no-hardlinks', repository.path, 'repo']);
  const path = join(place, 'repo');
  const file = 'src/part1/file1.ts';
  const oid = git(path, ['rev-parse', `${commits[0]}:${file}`]);
  const object = join(path, '.git/objects', oid.slice(0, 2), oid.slice(2));
  const packs = join(path, '.git/objects/pack');
  const packed = readdirSync(packs).flatMap((name) =>
    name.endsWith('.pack') ? [readFileSync(join(packs, name))] : [],
  );
  rmSync(packs, { recursive: true });
  for (const pack of packed) git(path, ['unpack-objects', '-q'], pack);
  const text = git(path, ['cat-file', 'blob', oid]);
  const forged = Buffer.from(`${text.replace('Weighs', 'Steals')}\n`);
  mkdirSync(dirname(object), { recursive: true });
  rmSync(object, { force: true });
  writeFileSync(object, deflateSync(Buffer.concat([Buffer.from(`blob ${forged.length}\0`), forged])));
  const other = join(makeFolder(), 'remote');
  await withPublisher(path, makeFolder(), (publisher) => publisher.push(`file:${other}`, [commits[0]!]));
  served.folder = other;
  try {
    await withNode(makeFolder(), async (engine) => {
      const rev = commits[0]!;
      expect((await engine.show(rev, 'src/part2/file2.ts')).content.length).toBeGreaterThan(0);
      const shown = await engine.show(rev, file).then(
        ({ content }) => content.toString(),
        (error: { code: string }) => error.code,
      );
      expect(shown.slice(0, 80)).toBe('REMOTE_INVALID');
    });
  } finally {
    served.folder = folder;
  }
}, 60_000);
