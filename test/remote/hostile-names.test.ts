import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { readUsers, runDaemon, type RunningDaemon } from '../../src/daemon/index.js';
import { openStorage } from '../../src/remote/index.js';
import { decodeHead, encodeHead, remoteInfoName } from '../../src/remote/head-format.js';
import { makeFolder, makeRepository } from '../support/git.js';
import { withEngine, withPublisher } from './support.js';

const nodes: RunningDaemon[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop();
});

/** A repository in a folder of this name, published. */
async function publish(remote: string, name: string, text: string): Promise<void> {
  const repository = makeRepository({ name });
  repository.commit({ 'a.txt': `${text}\n` });
  await withPublisher(repository.path, makeFolder(), (publisher) => publisher.push(remote, ['HEAD']));
}

async function serve(remote: string, settings: object | null = null): Promise<{ ask: Ask; logged: string[] }> {
  const cache = makeFolder();
  const storePath = join(cache, 'store');
  if (settings !== null) {
    mkdirSync(storePath);
    writeFileSync(join(storePath, 'config.json'), JSON.stringify(settings));
  }
  const logged: string[] = [];
  const node = await runDaemon({
    storePath,
    version: '0',
    onDemand: false,
    port: 0,
    log: (message) => logged.push(message),
    node: { remote, folder: join(cache, 'repositories'), cacheBytes: 2 ** 30 },
  });
  nodes.push(node);
  const ask: Ask = async (operation, body) => {
    const response = await fetch(`${node.http!.url}/v1/${operation}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${node.http!.token}` },
      body: JSON.stringify(body),
    });
    return response.text();
  };
  return { ask, logged };
}
type Ask = (operation: string, body: object) => Promise<string>;

test('repositories whose names look alike are kept apart; one name of two is nobody’s', async () => {
  const folder = join(makeFolder(), 'remote');
  const remote = `file:${folder}`;
  await publish(remote, 'my app', 'text of the spaced');
  await publish(remote, 'my_app', 'text of the joined');
  await publish(remote, 'twin', 'text of a twin');
  await publish(remote, 'twin', 'text of another twin');
  // Who publishes gives it another name; who may write there need not.
  const info = join(folder, remoteInfoName);
  const published = readFileSync(info, 'utf8');
  expect(published).toContain('"twin-2"');
  writeFileSync(info, published.replace('"twin-2"', '"twin"'));
  const { ask, logged } = await serve(remote);
  const shown = (repo: string): Promise<string> => ask('grep', { repo, pattern: 'text', rev: 'HEAD' });
  expect(await shown('my app')).toContain('text of the spaced');
  expect(await shown('my_app')).toContain('text of the joined');
  expect(await shown('my app')).not.toContain('joined');
  expect(await shown('twin')).toContain('NOT_A_REPOSITORY');
  expect(logged.join('\n')).toContain('twin is the name of several repositories');
}, 30_000);

test('who may read a name is not served one of two repositories that have it', async () => {
  const store = makeFolder();
  for (const [name, text] of [
    ['app', 'text of the public one'],
    ['app', 'text of the secret one'],
    ['other', 'text of another'],
  ]) {
    const repository = makeRepository({ name: name! });
    repository.commit({ 'a.txt': `${text}\n` });
    await withEngine(repository.path, store, (engine) => engine.index(['HEAD']));
  }
  const users = join(makeFolder(), 'users.json');
  const token = `sha256:${createHash('sha256').update('token').digest('hex')}`;
  writeFileSync(users, JSON.stringify({ users: [{ name: 'ada', tokens: [token], repositories: ['*'] }] }));
  const log = (): void => undefined;
  const daemon = await runDaemon({
    storePath: store,
    version: '0',
    onDemand: false,
    port: 0,
    log,
    users: readUsers(users, undefined, log),
  });
  nodes.push(daemon);
  const shown = async (repo: string): Promise<string> => {
    const response = await fetch(`${daemon.http!.url}/v1/grep`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer token' },
      body: JSON.stringify({ repo, pattern: 'text', rev: 'HEAD' }),
    });
    return response.text();
  };
  expect(await shown('other')).toContain('text of another');
  expect(await shown('app')).toContain('NOT_A_REPOSITORY');
}, 30_000);

test.each(['null', '[]', '{"users":[null]}', '{"users":[7]}', '{"users":{}}'])('no users: %s', (text) => {
  const users = join(makeFolder(), 'users.json');
  writeFileSync(users, text);
  expect(() => readUsers(users, undefined, () => undefined)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error,
  );
});

test('a node serves no head that nobody signed, where its settings trust a key', async () => {
  const remote = `file:${makeFolder()}/remote`;
  await publish(remote, 'plain', 'text');
  const { publicKey } = generateKeyPairSync('ed25519');
  const trust = [
    createPublicKey(publicKey.export({ format: 'pem', type: 'spki' }))
      .export({ format: 'der', type: 'spki' })
      .toString('base64'),
  ];
  const { ask, logged } = await serve(remote, { trust });
  expect(await ask('grep', { repo: 'plain', pattern: 'text', rev: 'HEAD' })).toContain('error');
  expect(logged.join('\n')).toContain('not signed');
}, 30_000);

describe('a head', () => {
  const body = {
    repository: 'r',
    name: 'n',
    version: 1,
    nextSequence: 1,
    tables: [],
    recent: [],
    packs: [],
    refs: {},
  };
  const hash = 'a'.repeat(64);
  const table = { name: hash, objects: null, bytes: 1, count: 1 };
  const decoded = (changes: object | null): unknown =>
    decodeHead('file:x', 'r', encodeHead((changes === null ? null : { ...body, ...changes }) as never, null), null);

  test('with names that are hashes is read', () => {
    expect(decoded({ tables: [table, { ...table, objects: hash }] })).toBeDefined();
  });

  test.each<[string, object | null]>([
    ['that is nothing', null],
    ['with a table of a path', { tables: [{ ...table, name: '../../../../dev/zero' }] }],
    ['with objects of a path', { tables: [{ ...table, objects: '../x' }] }],
    ['with a table of a number', { tables: [{ ...table, name: 7 }] }],
    ['with a table of none', { tables: [null] }],
    ['with a pack of a list', { packs: [{ name: [hash], from: 0, to: 0 }] }],
    ['with a hash and more', { packs: [{ name: `${hash}\n`, from: 0, to: 0 }] }],
  ])('%s is refused', (_, changes) => {
    expect(() => decoded(changes)).toThrow(expect.objectContaining({ code: 'REMOTE_INVALID' }) as Error);
  });
});

test.each(['https://ci:100%@host/x', 'ftp://user:100%pass@host', 'ftp://a:100%@b@host/x'])(
  'an address that is none is told without its password: %s',
  (address) => {
    expect(() => openStorage(address)).toThrow(expect.objectContaining({ code: 'REMOTE_INVALID' }) as Error);
    expect(() => openStorage(address)).not.toThrow(/100%/);
  },
);
