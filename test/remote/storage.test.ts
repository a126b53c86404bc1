import { createServer, type Server } from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { S3Storage, openStorage, type RemoteStorage, type StoredObject } from '../../src/remote/index.js';
import { S3Double } from '../support/s3-double.js';
import { s3Keys, startGateway, startS3Server, type S3Server } from '../support/s3-server.js';

const settings = { accessKeyId: 'test', secretAccessKey: 'secret', sessionToken: null, region: 'us-east-1' };
const folder = mkdtempSync(join(tmpdir(), 'coppice-remote-'));
let double: S3Double;
let real: S3Server | null;
let gateway: S3Server | null;

beforeAll(async () => {
  double = await S3Double.start();
  real = await startS3Server();
  await real?.makeBucket('bucket');
  gateway = await startGateway({ builds: false });
  await gateway?.makeBucket('bucket');
}, 300_000);

afterAll(async () => {
  await double.stop();
  await real?.stop();
  await gateway?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const stored = async (storage: RemoteStorage, name: string): Promise<StoredObject> => {
  const found = await storage.read(name);
  if (found === null || found === 'unchanged') throw new Error(`${name}: ${found}`);
  return found;
};

const kinds: readonly [string, () => RemoteStorage | null][] = [
  ['file', () => openStorage(`file:${folder}/remote`)],
  ['s3 (double)', () => new S3Storage('bucket', 'a b/c', { ...settings, endpoint: double.endpoint })],
  [
    's3 (versitygw)',
    () => gateway && new S3Storage('bucket', 'a b/c', { ...settings, ...s3Keys, endpoint: gateway.endpoint }),
  ],
  ['s3 (gofakes3)', () => real && new S3Storage('bucket', 'x', { ...settings, endpoint: real.endpoint })],
];

test('a bucket that is not there is told, read or written; one of another region too', async ({ skip }) => {
  if (real === null) return skip('no real S3 server here');
  const storage = new S3Storage('nobodys', 'x', { ...settings, endpoint: real.endpoint });
  const noBucket = { code: 'REMOTE_NOT_FOUND', message: 's3://nobodys/x: there is no bucket of that name' };
  await expect(storage.read('heads/a')).rejects.toMatchObject(noBucket);
  await expect(storage.write('heads/a', Buffer.from('x'), 'absent')).rejects.toMatchObject(noBucket);
  await expect(storage.write('heads/a', Buffer.from('x'), { version: 'v' })).rejects.toMatchObject(noBucket);
  const server = createServer((_, response) =>
    response
      .writeHead(301, { 'x-amz-bucket-region': 'eu-north-1' })
      .end('<Error><Code>PermanentRedirect</Code></Error>'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const away = new S3Storage('bucket', 'x', { ...settings, endpoint }).read('heads/a');
  await expect(away).rejects.toMatchObject({ code: 'REMOTE_REFUSED', hint: expect.stringContaining('eu-north-1') });
  server.closeAllConnections();
  server.close();
});

test('an answer that breaks off, and one that leads elsewhere without a word of the region, are told as that', async () => {
  const server = createServer(({ url }, response) => {
    if (url!.includes('moved')) return void response.writeHead(301, { location: '/elsewhere' }).end();
    response.writeHead(200, { 'content-length': '1000' }).write('half');
    setTimeout(() => response.destroy(), 5);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const storage = new S3Storage('bucket', 'x', { ...settings, endpoint });
  await expect(storage.read('heads/a', { patienceMs: 200 })).rejects.toMatchObject({
    code: 'REMOTE_UNREACHABLE',
    message: 's3://bucket/x cannot be reached: its answer breaks off',
  });
  await expect(storage.read('moved')).rejects.toMatchObject({
    code: 'REMOTE_REFUSED',
    hint: 'the bucket is in another region, or behind another endpoint: set AWS_REGION, or AWS_ENDPOINT_URL',
  });
  server.closeAllConnections();
  server.close();
});

describe.each(kinds)('%s', (_, open) => {
  test('creates what is absent, swaps what has not changed, and refuses the rest', async ({ skip }) => {
    const storage = open();
    if (storage === null) return skip('no real S3 server here');
    expect(await storage.read('heads/a')).toBeNull();
    expect(await storage.write('heads/a', Buffer.from('x'), { version: 'none' })).toBeNull();
    const first = await storage.write('heads/a', Buffer.from('one'), 'absent');
    expect(first).not.toBeNull();
    expect(await storage.write('heads/a', Buffer.from('two'), 'absent')).toBeNull();
    expect((await stored(storage, 'heads/a')).bytes.toString()).toBe('one');
    expect(await storage.read('heads/a', { unless: first! })).toBe('unchanged');
    const second = await storage.write('heads/a', Buffer.from('two'), { version: first! });
    expect(second).not.toBe(first);
    expect(await storage.write('heads/a', Buffer.from('three'), { version: first! })).toBeNull();
    expect(await stored(storage, 'heads/a')).toEqual({ bytes: Buffer.from('two'), version: second });
    expect(await storage.write('heads/a', Buffer.from(''), 'any')).not.toBeNull();
    expect((await stored(storage, 'heads/a')).bytes).toHaveLength(0);
  });

  test('reads ranges, lists all pages and removes', async ({ skip }) => {
    const storage = open();
    if (storage === null) return skip('no real S3 server here');
    for (const name of ['1', '2', '3', '4', '5'])
      await storage.write(`packs/${name}`, Buffer.from(`pack ${name}`), 'any');
    const part = await storage.read('packs/3', { range: { offset: 2, length: 3 } });
    expect(part).toMatchObject({ bytes: Buffer.from('ck ') });
    expect(await storage.read('packs/3', { range: { offset: 4, length: 100 } })).toMatchObject({
      bytes: Buffer.from(' 3'),
    });
    expect(await storage.read('packs/3', { range: { offset: 100, length: 1 } })).toMatchObject({
      bytes: Buffer.alloc(0),
    });
    await storage.remove('packs/2');
    await storage.remove('packs/2');
    const listed: string[] = [];
    for await (const { name, sizeBytes, modifiedMs } of storage.list('packs/')) {
      listed.push(name);
      expect(sizeBytes).toBe(6);
      expect(Math.abs(modifiedMs - Date.now())).toBeLessThan(60_000);
    }
    expect(listed.sort()).toEqual(['packs/1', 'packs/3', 'packs/4', 'packs/5']);
    for await (const { name } of storage.list('nothing/')) expect(name).toBe('');
  });

  test('of many who swap at once each counts once', async ({ skip }) => {
    const storage = open();
    if (storage === null) return skip('no real S3 server here');
    await storage.write('heads/count', Buffer.from('0'), 'any');
    const add = async (): Promise<void> => {
      for (;;) {
        const { bytes, version } = await stored(storage, 'heads/count');
        const next = Buffer.from(String(Number(bytes) + 1));
        if ((await storage.write('heads/count', next, { version })) !== null) return;
      }
    };
    await Promise.all(Array.from({ length: 8 }, async () => [await add(), await add(), await add()]));
    expect((await stored(storage, 'heads/count')).bytes.toString()).toBe('24');
  });
});

test('http: reads what a file: remote holds, all from where a range begins if the server knows none, and writes nothing', async () => {
  const behind = openStorage(join(folder, 'served'));
  await behind.write('packs/a', Buffer.from('hello'), 'any');
  const server: Server = createServer((request, response) => {
    try {
      const bytes = readFileSync(join(folder, 'served', request.url!));
      response.writeHead(200, { etag: '"v"' }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const storage = openStorage(`http://user:pass@127.0.0.1:${(server.address() as AddressInfo).port}/`);
  try {
    expect(storage.url).not.toContain('pass');
    expect(await storage.read('packs/a')).toMatchObject({ bytes: Buffer.from('hello') });
    expect(await storage.read('packs/a', { range: { offset: 1, length: 2 } })).toMatchObject({
      bytes: Buffer.from('ello'),
    });
    expect(await storage.read('packs/b')).toBeNull();
    await expect(storage.write('a', Buffer.from(''), 'any')).rejects.toMatchObject({ code: 'REMOTE_READ_ONLY' });
    await expect(storage.remove('a')).rejects.toMatchObject({ code: 'REMOTE_READ_ONLY' });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

describe('a server that fails', () => {
  const open = (): RemoteStorage => new S3Storage('bucket', '', { ...settings, endpoint: double.endpoint });

  test('is asked again until it answers', async () => {
    let left = 5;
    double.fault = ({ method }) =>
      method === 'PUT' && left-- > 0 ? { status: left % 2 === 0 ? 503 : 429, drop: left === 3 } : null;
    expect(await open().write('heads/b', Buffer.from('x'), 'absent')).not.toBeNull();
    double.fault = () => null;
  });

  test('whose answer to a swap is lost has swapped once', async () => {
    const storage = open();
    const version = await storage.write('heads/c', Buffer.from('1'), 'any');
    let isFirst = true;
    double.losesAnswer = ({ method }) => method === 'PUT' && isFirst && !(isFirst = false);
    expect(await storage.write('heads/c', Buffer.from('2'), { version: version! })).not.toBeNull();
    double.losesAnswer = () => false;
  });

  test('and never answers is REMOTE_UNREACHABLE when patience ends; one that refuses says so at once', async () => {
    double.fault = () => ({ status: 500 });
    await expect(open().read('heads/a', { patienceMs: 300 })).rejects.toMatchObject({ code: 'REMOTE_UNREACHABLE' });
    double.fault = () => ({ status: 403 });
    await expect(open().read('heads/a')).rejects.toMatchObject({ code: 'REMOTE_REFUSED' });
    double.fault = () => null;
  });
});

test('requests are signed, whatever is in a name, and refused when they are by another', async () => {
  const names = ['plain', 'with space', 'ä+&=?#%', "(it's)*!~", 'a/b'];
  const storage = new S3Storage('bucket', 'signed + more', { ...settings, endpoint: double.endpoint });
  for (const name of names) {
    await storage.write(`packs/${name}`, Buffer.from(name), 'any');
    expect((await stored(storage, `packs/${name}`)).bytes.toString()).toBe(name);
  }
  const listed: string[] = [];
  for await (const { name } of storage.list('packs/')) listed.push(name.slice('packs/'.length));
  expect(listed.sort()).toEqual([...names].sort());
  const other = new S3Storage('bucket', '', { ...settings, secretAccessKey: 'wrong', endpoint: double.endpoint });
  await expect(other.read('packs/plain')).rejects.toMatchObject({ code: 'REMOTE_REFUSED' });
});

test.each(['', 'ftp://host/x', 's3://', 's3://b?/x', 'file:', 'https://'])('%j is no address', (address) => {
  expect(() => openStorage(address)).toThrow(expect.objectContaining({ code: 'REMOTE_INVALID' }));
});
