import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operationsByName } from '../../src/api/index.js';
import { makeFolder, makeRepository, type TestRepository } from '../support/git.js';
import { ask, post, serve, token, type Served } from './support/served.js';

let served: Served;
let repository: TestRepository;
let repo: string;

beforeAll(async () => {
  const page = makeFolder();
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>page</title>');
  mkdirSync(join(page, 'chunks'));
  writeFileSync(join(page, 'chunks/a.js'), 'export {};');
  writeFileSync(join(page, 'secret.txt'), 'not a page file');
  served = await serve({ page });
  repository = makeRepository();
  repository.commit({ 'a.ts': 'export function alpha() {\n  return beta;\n}\n', 'b.txt': 'beta\n' });
  repository.tag('v1');
  repository.commit({ 'b.txt': 'beta\ngamma beta\n' });
  repo = repository.path;
});
afterAll(() => served.close());

const code = (answer: { json(): Record<string, unknown> }): unknown =>
  (answer.json()['error'] as { code: string }).code;

describe('operations', () => {
  test('answer as the engine does', async () => {
    const engine = served.engines.open(repo);
    const { tookMs: _, ...expected } = await engine.grep('beta');
    const answer = await post(served, 'grep', { repo, pattern: 'beta' });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.json()).toEqual({ ...expected, tookMs: expect.any(Number) as number });
    const range = await post(served, 'grep-range', { repo, pattern: 'beta', from: 'v1', to: 'HEAD' });
    expect(range.json<{ lines: object[] }>().lines).toEqual([
      { side: '+', path: 'b.txt', line: 2, column: 7, length: 4, text: 'gamma beta' },
    ]);
    const found = await post(served, 'search', { repo, query: 'alpha', limit: 1 });
    expect(found.json<{ hits: object[] }>().hits).toMatchObject([{ path: 'a.ts', symbol: 'alpha', freshness: 'live' }]);
    const shown = await post(served, 'show', { repo, rev: 'v1', path: 'a.ts', start: 2, end: 2 });
    expect(shown.json()).toMatchObject({
      path: 'a.ts',
      startLine: 2,
      endLine: 2,
      text: '  return beta;\n',
      encoding: 'utf-8',
    });
  });

  test('stream their lists as lines, the result last', async () => {
    const answer = await post(served, 'grep', { repo, pattern: 'beta' }, { accept: 'application/x-ndjson' });
    expect(answer.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    const lines = answer.lines();
    expect(lines.filter((line) => 'item' in line)).toHaveLength(3);
    expect(lines.at(-1)).toMatchObject({ result: { truncated: false, freshness: 'live' } });
    expect(lines.at(-1)!['result']).not.toHaveProperty('lines');
    const log = await post(served, 'log', { repo, pattern: 'gamma' });
    expect(log.lines()).toMatchObject([{ item: { line: 'gamma beta' } }, { result: {} }]);
  });

  test('forks are made, edited, searched and dropped', async () => {
    expect((await post(served, 'fork', { repo, name: 'try' })).json()).toMatchObject({ name: 'try', rev: 'HEAD' });
    expect(code(await post(served, 'fork', { repo, name: 'try' }))).toBe('FORK_EXISTS');
    const steps = [
      { kind: 'put', path: 'new.bin', base64: Buffer.from([0xff, 0x0a]).toString('base64') },
      { kind: 'put', path: 'new.txt', text: 'delta\n' },
      { kind: 'remove', path: 'b.txt' },
    ];
    expect((await post(served, 'apply', { repo, name: 'try', steps })).json()).toMatchObject({ changedFiles: 3 });
    const shown = (await post(served, 'show', { repo, rev: 'try', path: 'new.bin' })).json();
    expect(shown).toMatchObject({ encoding: 'base64', text: '/wo=' });
    const grep = await post(served, 'grep', { repo, pattern: 'delta', rev: 'fork:try' });
    expect(grep.json<{ lines: { path: string }[] }>().lines.map(({ path }) => path)).toEqual(['new.txt']);
    const incomplete = await post(served, 'apply', { repo, name: 'try', steps: [{ kind: 'put', path: 'x' }] });
    expect(incomplete.json()['error']).toMatchObject({
      code: 'USAGE',
      message: 'steps/0: a step of kind put needs text or base64',
    });
    expect((await post(served, 'drop', { repo, name: 'try' })).json()).toEqual({ name: 'try', dropped: true });
    expect((await post(served, 'drop', { repo, name: 'try' })).status).toBe(404);
  });

  test('every failure has a code, a message and a way out', async () => {
    const cases: [string, unknown, number, string, RegExp][] = [
      ['grep', { repo }, 400, 'USAGE', /parameter pattern is missing/],
      ['grep', { repo, pattern: 'a', colour: 1 }, 400, 'USAGE', /unknown parameter "colour"/],
      ['grep', { repo, pattern: 'a', maxCount: 'x' }, 400, 'USAGE', /maxCount must be integer/],
      ['grep', { repo, pattern: 'a', ['__proto__']: 1 }, 400, 'USAGE', /unknown parameter "__proto__"/],
      ['grep', { repo: 'relative/path', pattern: 'a' }, 400, 'USAGE', /repo must be an absolute path/],
      ['grep', { pattern: 'a' }, 400, 'USAGE', /parameter repo is missing/],
      ['grep', [], 400, 'USAGE', /one JSON object/],
      ['grep', null, 400, 'USAGE', /one JSON object/],
      ['grep', { repo, pattern: '(' }, 400, 'PATTERN_INVALID', /./],
      ['grep', { repo, pattern: 'a', rev: 'no-such' }, 404, 'REV_NOT_FOUND', /no-such/],
      ['search', { repo, query: '"open' }, 400, 'QUERY_INVALID', /\^/],
      ['search', { repo, query: 'a', mode: 'best' }, 400, 'USAGE', /mode must be one of hybrid, lexical, semantic/],
      ['search', { repo, query: 'a', limit: 10_001 }, 400, 'USAGE', /limit must be <= 10000/],
      ['show', { repo, path: '../../etc/passwd' }, 404, 'PATH_NOT_FOUND', /./],
      ['show', { repo, path: '/etc/passwd' }, 404, 'PATH_NOT_FOUND', /./],
      ['grep', { repo: `${makeFolder()}/none`, pattern: 'a' }, 404, 'NOT_A_REPOSITORY', /./],
      ['grep', { repo: '/', pattern: 'a' }, 400, 'FOLDER_TOO_WIDE', /./],
      ['put-overlay', { repo, id: 'o', files: [{ path: 'a' }] }, 400, 'USAGE', /either text, base64 or removed/],
      ['nothing', {}, 404, 'ROUTE_NOT_FOUND', /nothing at \/v1\/nothing/],
    ];
    for (const [operation, body, status, expected, message] of cases) {
      const answer = await post(served, operation, body);
      expect(answer.status, answer.text).toBe(status);
      const { error } = answer.json<{ error: { code: string; message: string; hint?: string } }>();
      expect(error.code).toBe(expected);
      expect(error.message).toMatch(message);
      expect(answer.text).not.toMatch(/\.ts:\d+|node_modules|    at /);
    }
  });

  test('revs that look like options of git reach no option parser', async () => {
    for (const rev of ['--upload-pack=touch x', '-h', '--output=x', '--all', '-', 'HEAD\n--help', 'HEAD\0x', '']) {
      for (const operation of ['resolve', 'show', 'grep', 'search'] as const) {
        const more = { resolve: {}, show: { path: 'a.ts' }, grep: { pattern: 'a' }, search: { query: 'a' } }[operation];
        const answer = await post(served, operation, { repo, rev, ...more });
        expect([400, 404], `${operation} ${JSON.stringify(rev)}: ${answer.text}`).toContain(answer.status);
      }
    }
  });
});

describe('who may ask', () => {
  const grep = { path: '/v1/grep', body: JSON.stringify({ repo: '/', pattern: 'a' }) };
  const json = { 'content-type': 'application/json' };

  test('only who has the token', async () => {
    for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${token}`, `Bearer ${token}x`]) {
      const answer = await ask(served, { ...grep, headers: { ...json, authorization } });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      expect(code(answer)).toBe('UNAUTHORIZED');
    }
    for (const path of ['/metrics', '/mcp']) {
      expect((await ask(served, { method: 'GET', path, headers: { authorization: '' } })).status).toBe(401);
    }
  });

  test('no page of another origin, and no other name for this address', async () => {
    const foreign: Record<string, string>[] = [
      { origin: 'https://example.org' },
      { origin: 'null' },
      { origin: `https://127.0.0.1:${served.port}` },
      { origin: 'http://127.0.0.1:1' },
      { host: `example.org:${served.port}` },
      { host: '127.0.0.1' },
      { host: `127.0.0.1.example.org:${served.port}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of foreign) {
      for (const wanted of [grep, { method: 'GET', path: '/' }, { method: 'GET', path: '/healthz' }]) {
        const answer = await ask(served, { ...wanted, headers: { ...json, ...headers } });
        expect([answer.status, code(answer)], JSON.stringify(headers)).toEqual([403, 'FORBIDDEN']);
        expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
      }
    }
    for (const host of [`127.0.0.1:${served.port}`, `localhost:${served.port}`, `[::1]:${served.port}`]) {
      const headers = { ...json, host, origin: `http://${host}` };
      expect((await ask(served, { method: 'GET', path: '/healthz', headers })).status).toBe(200);
    }
    const preflight = await ask(served, {
      method: 'OPTIONS',
      path: '/v1/grep',
      headers: { origin: 'https://example.org' },
    });
    expect(preflight.status).toBe(403);
  });

  test('a link may be followed from anywhere, and shows nothing without the token', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', authorization: '' };
    const answer = await ask(served, { method: 'GET', path: '/', headers });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  });

  test('forms cannot be the sender', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/jsonp',
    ]) {
      const answer = await ask(served, { ...grep, headers: { 'content-type': type } });
      expect([answer.status, code(answer)]).toEqual([415, 'CONTENT_TYPE_UNSUPPORTED']);
    }
    expect((await ask(served, grep)).status).toBe(415);
  });
});

describe('limits', () => {
  test('a body that is too large is refused before it is read', async () => {
    const large = Buffer.alloc(17 * 1024 * 1024, 32);
    const answer = await ask(served, {
      path: '/v1/grep',
      headers: { 'content-type': 'application/json', 'content-length': large.length },
    }).catch((error: unknown) => error as Error);
    if (answer instanceof Error) throw answer;
    expect([answer.status, code(answer)]).toEqual([413, 'REQUEST_TOO_LARGE']);
    expect(answer.headers.connection).toBe('close');
  });

  test('a chunked body is counted as it comes', async () => {
    const socket = connect(served.port, '127.0.0.1');
    const received = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (part) => (text += part.toString('latin1')));
      socket.on('error', () => resolve(text));
      socket.on('close', () => resolve(text));
    });
    socket.write(
      `POST /v1/grep HTTP/1.1\r\nhost: 127.0.0.1:${served.port}\r\nauthorization: Bearer ${token}\r\n` +
        'content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
    );
    const chunk = `${(1 << 20).toString(16)}\r\n${' '.repeat(1 << 20)}\r\n`;
    for (let i = 0; i < 18 && !socket.destroyed; i++) socket.write(chunk);
    expect(await received).toMatch(/^HTTP\/1\.1 413 [^]*REQUEST_TOO_LARGE/);
  });

  test('what is no HTTP gets a coded error', async () => {
    const socket = connect(served.port, '127.0.0.1');
    let text = '';
    socket.on('data', (part) => (text += part.toString('latin1')));
    socket.end('GET / SPDY/9\r\n\r\n');
    await new Promise((resolve) => socket.on('close', resolve));
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*"code":"USAGE"/);
  });
});

describe('about itself', () => {
  test('health, metrics, API description, page', async () => {
    const get = (path: string): ReturnType<typeof ask> => ask(served, { method: 'GET', path });
    expect((await get('/healthz')).json()).toEqual({ status: 'ok', version: '0.0.0' });
    const metrics = await get('/metrics');
    expect(metrics.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(metrics.text).toMatch(/^coppice_requests_total\{operation="grep",outcome="ok"\} [1-9]/m);
    expect(metrics.text).toMatch(/^process_resident_memory_bytes \d{7,}/m);
    const api = (await get('/openapi.json')).json<{ openapi: string; paths: Record<string, unknown> }>();
    expect(api.openapi).toBe('3.1.0');
    expect(Object.keys(api.paths).sort()).toEqual([...operationsByName.keys()].map((name) => `/v1/${name}`).sort());
    expect((await get('/')).text).toContain('<title>page</title>');
    const script = await get('/chunks/a.js');
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
    const again = await ask(served, {
      method: 'GET',
      path: '/chunks/a.js',
      headers: { 'if-none-match': script.headers.etag },
    });
    expect([again.status, again.text]).toEqual([304, '']);
    for (const path of [
      '/secret.txt',
      '/../package.json',
      '/chunks/../secret.txt',
      '/%2e%2e/x',
      '//etc/passwd',
      '/chunks',
    ]) {
      expect([401, 404]).toContain((await get(path)).status);
    }
    expect((await get('/v1/grep')).status).toBe(400);
  });
});
