import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { SearchCluster, openStorage, readClusterAddress } from '../../src/remote/index.js';

test('addresses of clusters', () => {
  const { dialect, origin, prefix, shards, replicas, url } = readClusterAddress(
    'opensearchs://search.example:9243/code?shards=3&replicas=1',
  );
  expect({ name: dialect.name, origin, prefix, shards, replicas, url }).toEqual({
    name: 'OpenSearch',
    origin: 'https://search.example:9243',
    prefix: 'code',
    shards: 3,
    replicas: 1,
    url: 'opensearchs://search.example:9243/code',
  });
  expect(readClusterAddress('opensearch://localhost')).toMatchObject({
    origin: 'http://localhost:9200',
    prefix: 'coppice',
  });
  expect(readClusterAddress('elasticsearch://localhost:1/x').dialect).toEqual({
    name: 'Elasticsearch',
    filter: 'numbers',
  });
  // Ports that a URL of HTTP(S) forgets are none of the default here.
  expect(readClusterAddress('opensearch://localhost:80/x').origin).toBe('http://localhost:80');
  expect(readClusterAddress('opensearchs://[::1]:443').origin).toBe('https://[::1]:443');
  expect(openStorage('opensearch://localhost/x').url).toBe('opensearch://localhost:9200/x');
});

test.each([
  'opensearch://',
  'opensearch://host/Upper',
  'opensearch://host/a/b',
  'opensearch://host/x?shards=many',
  'opensearch://host/x?verify=no',
  'opensearch://ada:qwertzsecret@host/x',
])('%s is refused, and tells no password', (address) => {
  const refused = (() => {
    try {
      openStorage(address);
    } catch (error) {
      return error as { code: string; message: string; hint: string };
    }
    return null;
  })();
  expect(refused).toMatchObject({ code: 'REMOTE_INVALID' });
  expect(`${refused!.message} ${refused!.hint}`).not.toContain('qwertzsecret');
});

/** A cluster that answers as it is told. */
async function withAnswers<T>(
  answer: (request: IncomingMessage, response: ServerResponse, tries: number) => void,
  action: (cluster: SearchCluster, seen: IncomingMessage[]) => Promise<T>,
): Promise<T> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    request.resume().on('end', () => answer(request, response, seen.length));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const env = { COPPICE_OPENSEARCH_USER: 'ada', COPPICE_OPENSEARCH_PASSWORD: 'qwertzsecret' };
  const cluster = new SearchCluster(
    readClusterAddress(`opensearch://127.0.0.1:${(server.address() as AddressInfo).port}/x`),
    env,
  );
  try {
    return await action(cluster, seen);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
const call = { patienceMs: 400 };
const failure = async (promise: Promise<unknown>): Promise<{ code: string; text: string }> => {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown as Error & { code: string; hint: string },
  );
  return {
    code: (error as { code?: string }).code ?? 'none',
    text: `${error.message} ${(error as { hint?: string }).hint}`,
  };
};

test('credentials come from the environment, and are in no error; a redirect is not followed', async () => {
  await withAnswers(
    (_, response) => send(response, 401, { error: { type: 'security_exception', reason: 'no permissions' } }),
    async (cluster, seen) => {
      // It is answered at once; a process that asks for the first time takes a while.
      const { code, text } = await failure(cluster.get('objects', 'a', { patienceMs: 10_000 }));
      expect(code).toBe('REMOTE_REFUSED');
      expect(text).not.toContain('qwertzsecret');
      expect(seen[0]!.headers.authorization).toBe(`Basic ${Buffer.from('ada:qwertzsecret').toString('base64')}`);
    },
  );
  await withAnswers(
    (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    async (cluster) => expect((await failure(cluster.get('objects', 'a', call))).code).toBe('REMOTE_UNREACHABLE'),
  );
});

test('what passes is tried again, whole requests and single documents; what stays is told', async () => {
  await withAnswers(
    (_, response, tries) => send(response, tries < 3 ? 429 : 200, { _source: { a: 1 }, _seq_no: 4, _primary_term: 2 }),
    async (cluster) =>
      expect(await cluster.get('objects', 'a', { patienceMs: 5000 })).toEqual({ source: { a: 1 }, version: '4.2' }),
  );
  const documents = ['a', 'b', 'c'].map((id) => ({ index: 'trees', id, json: '{}' }));
  await withAnswers(
    (_, response, tries) =>
      send(response, 200, {
        items:
          tries === 1
            ? [
                { create: { status: 201 } },
                { create: { status: 429, error: { type: 'rejected_execution_exception' } } },
                { create: { status: 409 } },
              ]
            : [{ create: { status: 201 } }],
      }),
    async (cluster) => expect(await cluster.create(documents, call)).toEqual(['written', 'written', 'exists']),
  );
  await withAnswers(
    (_, response, tries) =>
      send(response, 200, {
        items: (tries === 1 ? [200, 404, 429] : [200]).map((status) => ({ delete: { status } })),
      }),
    async (cluster, seen) => {
      await cluster.remove('trees', ['a', 'b', 'c'], call);
      expect(seen).toHaveLength(2);
    },
  );
  const blocked = {
    type: 'cluster_block_exception',
    reason: 'index [x] blocked by: [disk usage exceeded flood-stage]',
  };
  await withAnswers(
    (_, response) => send(response, 200, { items: documents.map(() => ({ create: { status: 429, error: blocked } })) }),
    async (cluster, seen) => {
      expect((await failure(cluster.create(documents, call))).code).toBe('REMOTE_READ_ONLY');
      expect(seen).toHaveLength(1);
    },
  );
  await withAnswers(
    (_, response) =>
      send(response, 503, { error: { type: 'search_phase_execution_exception', reason: 'all shards failed' } }),
    async (cluster) =>
      expect((await failure(cluster.search(['trees'], {}, 'hits', call))).code).toBe('REMOTE_UNREACHABLE'),
  );
  await withAnswers(
    (_, response) => response.writeHead(200).end('<html>'),
    async (cluster) => expect((await failure(cluster.get('objects', 'a', call))).code).toBe('REMOTE_INVALID'),
  );
});
