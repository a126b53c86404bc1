import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { PublishedDirectory } from '../../src/daemon/directory.js';
import { openEngines } from '../../src/engine/index.js';
import { Pack } from '../../src/pack/index.js';
import { rootKey } from '../../src/snapshot/index.js';
import { Store } from '../../src/store/index.js';
import { decodeHead, encodeHead, headName, type HeadBody } from '../../src/remote/head-format.js';
import { randomFrom, type Random } from '../crash/support/random.js';
import { makeFolder, type TestRepository } from '../support/git.js';
import { makeHistory, withEngine, withPublisher } from './support.js';

let repository: TestRepository;
let remote: string;
let body: HeadBody;

beforeAll(async () => {
  repository = makeHistory(4);
  remote = join(makeFolder(), 'remote');
  const own = makeFolder();
  await withPublisher(repository.path, own, (publisher) =>
    publisher.push(`file:${remote}`, ['main'], { history: true }),
  );
  const { repositories } = JSON.parse(readFileSync(join(remote, 'coppice-remote'), 'utf8')) as {
    repositories: [{ id: string }];
  };
  const head = readFileSync(join(remote, headName(repositories[0].id)));
  ({ body } = decodeHead('file:x', repositories[0].id, head, null));
});

/** A pack: 8 bytes, a header as JSON, and parts that it tells. */
interface Parts {
  header: Record<string, unknown> & { segment: { offset: number; length: number } };
  rest: Buffer;
}

type Forgery = (parts: Parts, random: Random) => Buffer | void;

const encode = ({ header, rest }: Parts): Buffer => {
  const json = Buffer.from(JSON.stringify(header));
  const start = Buffer.from('CPK1\0\0\0\0', 'latin1');
  start.writeUInt32LE(json.length, 4);
  return Buffer.concat([start, json, rest]);
};
const deflated = (plain: Buffer): Buffer =>
  Buffer.concat([Buffer.from('CPZ1'), randomBytes(12), deflateRawSync(plain)]);
const change = (at: number, bytes: Buffer, random: Random): void => {
  bytes[at] = bytes[at]! ^ (1 + random(255));
};

/** Gives two trees each other's keys: rows of their table are a key and a number. */
function exchangeTrees(rest: Buffer, one: Buffer, other: Buffer): void {
  const [a, b] = [one, other].map((key) => rest.indexOf(key) + key.length) as [number, number];
  const number = rest.readUInt32LE(a);
  rest.writeUInt32LE(rest.readUInt32LE(b), a);
  rest.writeUInt32LE(number, b);
}

/** What somebody who may write there can make: each has the right name, and the head names it. */
const forgeries: readonly [string, Forgery][] = [
  ...Array.from({ length: 8 }, (_, i): [string, Forgery] => [
    `a byte of the segment (${i})`,
    ({ header, rest }, random) => change(header.segment.offset + random(header.segment.length), rest, random),
  ]),
  [
    'a byte of its table of contents',
    ({ header, rest }, random) => change(header.segment.length - 1 - random(400), rest, random),
  ],
  ['cut in its middle', (parts) => encode(parts).subarray(0, encode(parts).length >> 1)],
  ['cut behind its header', (parts) => encode({ ...parts, rest: Buffer.alloc(0) })],
  [
    'its halves in another order',
    ({ header, rest }) =>
      encode({ header, rest: Buffer.concat([rest.subarray(rest.length >> 1), rest.subarray(0, rest.length >> 1)]) }),
  ],
  ['of another format', ({ header }) => void (header['formatVersion'] = 99)],
  ['of another repository', ({ header }) => void (header['repository'] = 'a'.repeat(40))],
  ['of other rules', ({ header }) => void (header['rules'] = 'other')],
  ['with parts beyond its end', ({ header }) => void (header.segment.length *= 2)],
  ['with a header that is none', () => Buffer.from('CPK1\x05\0\0\0{"a":', 'latin1')],
  ['with a header longer than itself', () => Buffer.from('CPK1\xff\xff\xff\x7f{}', 'latin1')],
  ['deflated, and cut in its middle', (parts) => deflated(encode(parts)).subarray(0, encode(parts).length >> 2)],
  ['deflated, and something else', () => deflated(Buffer.from('#!/bin/sh\n'))],
  ['deflated, and endless', () => deflated(Buffer.alloc(200 * 1024 * 1024))],
  ['deflated by its name alone', () => Buffer.from('CPZ1')],
  ['that is nothing', () => Buffer.alloc(0)],
  ['that is no pack', () => Buffer.from('#!/bin/sh\n')],
];

function partsOf(stored: Buffer): Parts {
  const bytes = stored.toString('latin1', 0, 4) === 'CPZ1' ? inflateRawSync(stored.subarray(16)) : stored;
  const headerEnd = 8 + bytes.readUInt32LE(4);
  return {
    header: JSON.parse(bytes.toString('utf8', 8, headerEnd)) as Parts['header'],
    rest: Buffer.from(bytes.subarray(headerEnd)),
  };
}

test('a pack imports as much as its header says, refers to nothing else, and is not larger than what is stored deflated', () => {
  const open = (bytes: Buffer): Pack => Pack.open(createHash('sha256').update(bytes).digest('hex'), bytes, 'file:x');
  const isInvalid = expect.objectContaining({ code: 'REMOTE_INVALID' }) as Error;
  const { header, rest } = partsOf(readFileSync(join(remote, 'packs', body.packs.at(-1)!.name)));
  const { imports } = header as unknown as { imports: { counts: Record<string, number> } };
  const pack = open(encode({ header, rest }));
  const docs = pack.count('docs') + imports.counts['docs']!;
  expect(() => pack.keyOf('docs', docs)).toThrow(isInvalid);
  for (const count of [2 ** 40, -1, 0.5, imports.counts['docs']! + 1, '1', null]) {
    const counts = { ...imports.counts, docs: count };
    expect(() => open(encode({ header: { ...header, imports: { ...imports, counts } }, rest }))).toThrow(isInvalid);
  }
  const padded = encode({ header, rest: Buffer.concat([rest, Buffer.alloc(8 * 1024 * 1024)]) });
  expect(open(padded).count('docs')).toBe(pack.count('docs'));
  expect(() => open(deflated(padded))).toThrow(isInvalid);
});

test('a forged pack is refused by name, or what it holds is what git has; the store is as before', async () => {
  const random = randomFrom(5);
  const lines = execFileSync('git', ['-C', repository.path, 'grep', '-n', '-I', '', 'main'], { encoding: 'utf8' });
  for (const [what, forge] of forgeries) {
    const folder = makeFolder();
    execFileSync('cp', ['-r', `${remote}/.`, folder]);
    const ref = body.packs[random(body.packs.length)]!;
    const stored = readFileSync(join(folder, 'packs', ref.name));
    const parts = partsOf(stored);
    const forged = forge(parts, random) ?? (random(2) === 0 ? encode(parts) : deflated(encode(parts)));
    const name = createHash('sha256').update(forged).digest('hex');
    writeFileSync(join(folder, 'packs', name), forged);
    const packs = body.packs.map((pack) => (pack === ref ? { ...pack, name, bytes: forged.length } : pack));
    writeFileSync(join(folder, headName(body.repository)), encodeHead({ ...body, packs }, null));
    const store = makeFolder();
    const pulled = await withPublisher(repository.path, store, (publisher) =>
      publisher.pull(`file:${folder}`, ['main'], { history: true }).then(
        () => null,
        (error: { code?: string; message: string }) => error,
      ),
    );
    if (pulled !== null) {
      expect(['REMOTE_INVALID', 'REMOTE_VERSION'], `${what}: ${pulled.message}`).toContain(pulled.code);
      const opened = Store.open(store);
      expect(opened.catalog.segments()).toEqual([]);
      expect(opened.orphans()).toEqual([]);
      opened.close();
    } else {
      const found = await withEngine(repository.path, store, (engine) => engine.grep('', { rev: 'main' }));
      for (const { path, line, text } of found.lines) expect(lines).toContain(`main:${path}:${line}:${text}\n`);
    }
  }
}, 60_000);

test('a commit is not given the tree of another, each of which is what git has', async () => {
  const folder = makeFolder();
  execFileSync('cp', ['-r', `${remote}/.`, folder]);
  const commit = repository.revParse('main~1');
  const keyOf = (rev: string): Buffer => rootKey(repository.revParse(`${rev}^{tree}`), body.packs[0]!.rules);
  const [one, other] = [keyOf('main~1'), keyOf('main~2')];
  const packs = body.packs.map((pack) => {
    const parts = partsOf(readFileSync(join(folder, 'packs', pack.name)));
    const { offset, length } = parts.header.segment;
    const segment = parts.rest.subarray(offset, offset + length);
    if (!segment.includes(one) || !segment.includes(other)) return pack;
    exchangeTrees(segment, one, other);
    const forged = encode(parts);
    const name = createHash('sha256').update(forged).digest('hex');
    writeFileSync(join(folder, 'packs', name), forged);
    return { ...pack, name, bytes: forged.length };
  });
  expect(packs).not.toEqual(body.packs);
  writeFileSync(join(folder, headName(body.repository)), encodeHead({ ...body, packs }, null));
  await withPublisher(repository.path, makeFolder(), (publisher) =>
    expect(publisher.pull(`file:${folder}`, [commit])).rejects.toMatchObject({ code: 'REMOTE_INVALID' }),
  );
  // Nor by a node, which takes it in or searches it where it lies.
  for (const takenBytesMax of [2 ** 30, 0]) {
    const cache = makeFolder();
    const engines = await openEngines({ store: join(cache, 'store'), remote: `file:${folder}`, takenBytesMax });
    const place = { remote: `file:${folder}`, folder: join(cache, 'repositories'), cacheBytes: 2 ** 30 };
    const directory = new PublishedDirectory(place, engines, () => undefined);
    await directory.start();
    try {
      const engine = engines.open(directory.require('repo'));
      await expect(engine.grep('Version', { rev: commit })).rejects.toMatchObject({ code: 'REMOTE_INVALID' });
    } finally {
      directory.stop();
      await engines.close();
    }
  }
});
