import { cpSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterTurns, FarStore } from '../../src/cluster/index.js';
import { decodeTree } from '../../src/cluster/layout.js';
import { NumberBlocks } from '../../src/cluster/publish/numbers.js';
import { runDaemon } from '../../src/daemon/index.js';
import { PublishedClones } from '../../src/daemon/published-clones.js';
import { openEngine, openEngines } from '../../src/engine/index.js';
import type { Engine, Progress, PullResult } from '../../src/engine/index.js';
import { defaultRules, rulesFingerprint } from '../../src/indexing/index.js';
import { asOid } from '../../src/model/index.js';
import type { TreeId } from '../../src/model/index.js';
import { createSegmentCaches } from '../../src/segment/index.js';
import { ClusterStorage, Publications, SearchCluster, readClusterAddress } from '../../src/remote/index.js';
import { SnapshotStore, rootKey } from '../../src/snapshot/index.js';
import { Store } from '../../src/store/index.js';
import { sleep } from '../../src/base/index.js';
import { TestRepository, makeFolder } from '../support/git.js';
import { startOpenSearch, type OpenSearch } from '../support/opensearch.js';
import { answersOf, makeHistory, withEngine, withPublisher } from '../remote/support.js';
import { checkBackend } from './backend-contract.js';

const opensearch = await startOpenSearch();
afterAll(() => opensearch?.stop());

const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'it succeeded',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );

/** Hands requests on to a server, but for those that are to be answered with a status. */
async function startProxy(
  to: string,
  refuse: (method: string, url: string, body: Buffer) => number | null,
): Promise<{ port: number; close(): void }> {
  const proxy = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      const { 'content-type': type = 'application/json' } = request.headers;
      const status = refuse(request.method!, request.url!, body);
      if (status !== null) {
        response.writeHead(status, { 'content-type': type }).end('{}');
        return;
      }
      const answer = fetch(to + request.url!, {
        method: request.method!,
        headers: { 'content-type': type },
        body: body.length === 0 ? null : new Uint8Array(body),
      });
      void answer.then(async (got) => response.writeHead(got.status, { 'content-type': type }).end(await got.text()));
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    port: (proxy.address() as AddressInfo).port,
    close: () => {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}

describe.skipIf(opensearch === null)('a search cluster', () => {
  const cluster = opensearch as OpenSearch;
  let remote: string;
  let repository: TestRepository;
  /** Where it is indexed. */
  let own: string;

  const push = (address: string, revs: readonly string[], options: object = {}, repo = repository.path, store = own) =>
    withPublisher(repo, store, (publisher) => publisher.push(address, revs, options));

  /** A store that has what `own` has indexed: of its own, and nothing is analysed again. */
  function indexed(): string {
    const store = makeFolder();
    cpSync(own, store, { recursive: true });
    return store;
  }

  /** Distinct chunks of some of the repository's revs. */
  async function chunksOf(revs: readonly string[]): Promise<number> {
    const trees = await withEngine(repository.path, own, (engine) =>
      Promise.all(revs.map(async (rev) => (await engine.resolve(rev)).tree)),
    );
    const store = Store.open(own);
    const snapshots = new SnapshotStore(store);
    const seen = new Set<number>();
    for (const tree of trees) {
      const key = rootKey(asOid(tree), rulesFingerprint(defaultRules));
      const snapshot = await snapshots.open(snapshots.findRoot(key)!);
      for (const doc of snapshot.visible.toArray()) seen.add(doc);
      snapshot.release();
    }
    snapshots.close();
    store.close();
    return seen.size;
  }

  beforeAll(async () => {
    remote = cluster.remote('code');
    repository = makeHistory();
    own = makeFolder();
    await push(remote, [], { all: true });
  });

  test('answers as a store that indexed it, and nothing is taken into the store', async () => {
    const revs = ['main', 'side', 'v1'];
    const store = makeFolder();
    const engine = await openEngine({ repo: repository.path, store, settings: { remote } });
    const ask = async (of: Engine): Promise<unknown> => ({
      range: (await of.grepRange('parcel|count', 'v1', 'main')).lines,
      compare: (await of.compare('v1', 'main')).files,
      fuzzy: (await of.symbols('weihgtOf', { rev: 'main' })).symbols,
      typo: (await of.search('wieghtOf parcel', { rev: 'main' })).didYouMean,
      references: { ...(await of.references('weightOf', { rev: 'main' })), tookMs: 0 },
      none: (await of.grep('nowhere to be found', { rev: 'main' })).lines,
      others: (await of.grep('a', { rev: 'side', invert: true })).lines,
    });
    try {
      expect(await ask(engine)).toEqual(await withEngine(repository.path, own, ask));
      expect((await engine.status()).chunks).toBe(0);
    } finally {
      await engine.close();
    }
    const fromCluster = await answersOf(repository.path, store, revs, { remote });
    expect(fromCluster).toEqual(await answersOf(repository.path, own, revs));
  });

  test('a chunk is one document, a second publish nothing, one more commit its diff', async () => {
    const address = cluster.remote('once');
    const first = await push(address, ['main']);
    expect(await cluster.count('once-chunks-*')).toBe(await chunksOf(['main']));
    expect(first.chunks).toBe(await cluster.count('once-chunks-*'));
    expect(await push(address, ['main'])).toMatchObject({ commits: 0, documents: 0, chunks: 0 });
    const next = await push(address, ['side']);
    // The file, its directory, the root, the snapshot, and what the older commit has otherwise.
    expect(next.documents! - next.chunks!).toBeLessThan(16);
    expect(await cluster.count('once-chunks-*')).toBe(await chunksOf(['main', 'side']));
  });

  test('publishers at once, one of which is ended: every number is given once, and what is lacking comes later', async () => {
    const address = cluster.remote('many');
    const repositories = [repository, makeHistory(5, 'letters'), makeHistory(6, 'boxes')];
    const ending = new AbortController();
    const all = await Promise.allSettled([
      ...[...repositories, ...repositories].map((one) =>
        push(address, ['main'], {}, one.path, one === repository ? indexed() : makeFolder()),
      ),
      push(
        address,
        [],
        { all: true, signal: ending.signal, onProgress: () => ending.abort() },
        repository.path,
        indexed(),
      ),
    ]);
    expect(all.slice(0, -1).map((one) => (one.status === 'rejected' ? one.reason : one.status))).toEqual(
      repositories.flatMap(() => ['fulfilled', 'fulfilled']),
    );
    await push(address, [], { all: true });
    await cluster.ask('POST', 'many-*/_refresh');
    const { body } = await cluster.ask('POST', 'many-chunks-*/_search', { size: 10_000, _source: ['n', 'text'] });
    const found = body['hits'] as { hits: { _source: { n: number } }[] };
    expect(new Set(found.hits.map(({ _source: { n } }) => n)).size).toBe(found.hits.length);
    const blocks = new NumberBlocks(new ClusterStorage(readClusterAddress(address)));
    const given = await Promise.all(Array.from({ length: 8 }, () => blocks.take(5, {})));
    expect(new Set(given.flatMap((n) => [0, 1, 2, 3, 4].map((i) => n + i))).size).toBe(40);
    expect(await answersOf(repository.path, makeFolder(), ['side'], { remote: address })).toEqual(
      await answersOf(repository.path, own, ['side']),
    );
  });

  test('a cluster that takes nothing is told, and a publish continues when it does; another version is refused by name', async () => {
    const address = cluster.remote('full');
    await push(address, ['v1']);
    const block = (on: boolean) =>
      cluster.ask('PUT', 'full-chunks-000000/_settings', { 'index.blocks.read_only_allow_delete': on ? true : null });
    await block(true);
    expect(await code(push(address, ['main'], { patienceMs: 2000 }))).toBe('REMOTE_READ_ONLY');
    await block(false);
    await push(address, ['main']);
    expect(await cluster.count('full-chunks-*')).toBe(await chunksOf(['main', 'v1']));
    // What an older one has made is gone on with, and no longer by that: it takes no turns.
    await cluster.ask('PUT', 'full-snapshots/_mapping', { _meta: { coppice: 1 } });
    await push(address, ['side~1']);
    const { body: mapping } = await cluster.ask('GET', 'full-snapshots/_mapping');
    expect(mapping).toMatchObject({ 'full-snapshots': { mappings: { _meta: { coppice: 2 } } } });
    // Another version of Coppice has made its indices.
    await cluster.ask('PUT', 'full-snapshots/_mapping', { _meta: { coppice: 99 } });
    expect(await code(push(address, ['side']))).toBe('REMOTE_VERSION');
    const far = new FarStore(new SearchCluster(readClusterAddress(address)), createSegmentCaches(2 ** 20, 2 ** 20));
    expect(await code(far.open('00', {}))).toBe('REMOTE_VERSION');
  });

  test('without the cluster a clone indexes, and says so', async () => {
    const notes: string[] = [];
    const engine = await openEngine({
      repo: repository.path,
      store: makeFolder(),
      settings: { remote: 'opensearch://127.0.0.1:1/code' },
      onNote: (note) => notes.push(note),
    });
    try {
      expect((await engine.grep('parcel', { rev: 'v1' })).lines.length).toBeGreaterThan(0);
      expect(notes.join()).toMatch(/cannot be reached.*indexed here/);
    } finally {
      await engine.close();
    }
    expect(await code(push('opensearch://127.0.0.1:1/code', ['main'], { patienceMs: 300 }))).toBe('REMOTE_UNREACHABLE');
    const pull = { history: true };
    expect(await code(withPublisher(repository.path, own, (publisher) => publisher.pull(remote, [], pull)))).toBe(
      'USAGE',
    );
  });

  test('a pull takes what the store lacks, checked; a work tree is searched over the nearest published commit', async () => {
    const store = makeFolder();
    const pull = (revs: readonly string[], at = remote): Promise<PullResult> =>
      withPublisher(repository.path, store, (publisher) => publisher.pull(at, revs));
    // Somebody has put another text into a chunk.
    const address = cluster.remote('forged');
    await push(address, ['side']);
    const { body } = await cluster.ask('POST', 'forged-chunks-000000/_search', { query: { exists: { field: 'n' } } });
    const { hits } = body['hits'] as { hits: { _id: string; _source: Record<string, unknown> }[] };
    const forged = { ...hits[0]!._source, text: 'another text\n' };
    await cluster.ask('PUT', `forged-chunks-000000/_doc/${hits[0]!._id}?refresh=true`, forged);
    expect(await code(pull(['side'], address))).toBe('REMOTE_INVALID');
    const first = await pull(['v1', 'main~4']);
    expect(first.revs.map(({ commit, taken }) => taken === commit)).toEqual([true, false]);
    expect(first.chunks).toBe(await chunksOf(['v1']));
    expect((await pull(['main', 'side'])).chunks).toBe((await chunksOf(['v1', 'main', 'side'])) - first.chunks);
    expect(await pull(['main'])).toMatchObject({ chunks: 0, bytes: 0 });
    // Words, vectors and names came with it: nothing is asked of the cluster any more.
    const revs = ['main', 'side', 'v1'];
    expect(await answersOf(repository.path, store, revs)).toEqual(await answersOf(repository.path, own, revs));
    const doctor = await withEngine(repository.path, store, (engine) => engine.doctor());
    expect(doctor.problems).toEqual([]);

    const clone = makeFolder();
    cpSync(repository.path, clone, { recursive: true });
    writeFileSync(join(clone, 'src', 'new.ts'), 'export const parcelOf = 1;\n');
    for (const stays of [false, true]) {
      const notes: string[] = [];
      const onNote = (note: string): unknown => notes.push(note);
      const options = { store: makeFolder(), settings: { remote }, workers: 0, onNote };
      const engines = stays ? await openEngines(options) : null;
      const engine = engines?.open(clone) ?? (await openEngine({ ...options, repo: clone }));
      try {
        const files: string[] = [];
        const onProgress = ({ phase, what }: Progress): unknown => phase === 'index' && files.push(what);
        const { lines } = await engine.grep('parcelOf', { rev: '@worktree', onProgress });
        expect(lines).toMatchObject([{ path: 'src/new.ts', line: 1 }]);
        expect(files.length).toBeLessThan(3);
        expect(notes).toEqual([]);
      } finally {
        await engine.close();
        await engines?.close();
      }
    }
  });

  test('a search node serves what is published, without a clone; forks are seen by all who search there', async () => {
    const cache = makeFolder();
    const node = await runDaemon({
      storePath: join(cache, 'store'),
      version: '0',
      onDemand: false,
      port: 0,
      log: () => undefined,
      node: { remote, folder: join(cache, 'repositories'), cacheBytes: 2 ** 30 },
    });
    const ask = async (operation: string, body: object): Promise<Record<string, unknown>> => {
      const response = await fetch(`${node.http!.url}/v1/${operation}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${node.http!.token}` },
        body: JSON.stringify(body),
      });
      return (await response.json()) as Record<string, unknown>;
    };
    try {
      const found = await ask('grep', { repo: 'repo', pattern: 'parcel', rev: 'side' });
      const mine = await withEngine(repository.path, own, (engine) => engine.grep('parcel', { rev: 'side' }));
      expect(found['lines']).toEqual(mine.lines);
      expect(await ask('grep', { repo: 'repo', pattern: 'parcel', rev: 'main~5' })).toMatchObject({
        error: { code: 'REV_NOT_FOUND' },
      });
      // A fork made on a node is a document: another who searches there sees it, edits it, and both see what it becomes.
      const repo = 'repo';
      expect(await ask('fork', { repo, name: 'try/it', from: 'side' })).toMatchObject({ name: 'try/it', rev: 'side' });
      expect(await ask('fork', { repo, name: 'try/it', from: 'main' })).toMatchObject({
        error: { code: 'FORK_EXISTS' },
      });
      const text = 'export const parcelOf = 1;\n';
      const steps = [
        { kind: 'put', path: 'src/new/parcel.ts', content: Buffer.from(text) },
        { kind: 'put', path: 'src/weight.ts', content: Buffer.from(`// first\n${text}`) },
        { kind: 'remove', path: 'docs/guide.md' },
      ] as const;
      const edited = async (of: Engine): Promise<unknown> => ({
        lines: (await of.grep('parcel', { rev: 'try/it' })).lines,
        hits: (await of.search('parcel', { rev: 'fork:try/it' })).hits,
        files: (await of.files({ rev: 'try/it' })).files,
      });
      const wanted = await withEngine(repository.path, indexed(), async (engine) => {
        await engine.fork('try/it', { from: 'side' });
        const { changedFiles, tree, commit } = await engine.apply('try/it', steps);
        return { changedFiles, tree, commit, edited: await edited(engine) };
      });
      const engine = await openEngine({ repo: repository.path, store: makeFolder(), settings: { remote }, workers: 0 });
      try {
        expect((await engine.forks()).map(({ name }) => name)).toEqual(['try/it']);
        const { changedFiles, tree, commit, newChunks } = await engine.apply('try/it', steps);
        expect(newChunks).toBeLessThan(6);
        expect({ changedFiles, tree, commit, edited: await edited(engine) }).toEqual(wanted);
        expect((await engine.status()).chunks).toBe(0);
        const patch = Buffer.from(
          '--- a/src/new/parcel.ts\n+++ b/src/new/parcel.ts\n@@ -1 +1,2 @@\n export const parcelOf = 1;\n+export const parcelsOf = 2;\n',
        ).toString('base64');
        expect(await ask('apply', { repo, name: 'try/it', steps: [{ kind: 'patch', base64: patch }] })).toMatchObject({
          changedFiles: 1,
        });
        const both = [
          await ask('grep', { repo, pattern: 'parcelsOf', rev: 'try/it' }),
          await engine.grep('parcelsOf', { rev: 'try/it' }),
        ];
        for (const { lines } of both) expect(lines).toMatchObject([{ path: 'src/new/parcel.ts', line: 2 }]);
        await engine.drop('try/it');
      } finally {
        await engine.close();
      }
      expect(await ask('grep', { repo, pattern: 'parcel', rev: 'fork:try/it' })).toMatchObject({
        error: { code: 'FORK_NOT_FOUND' },
      });
    } finally {
      await node.stop();
    }
  });

  test('history is that of a store where all commits are published; elsewhere it begins with those that are', async () => {
    const whole = makeHistory(4, 'pallets');
    const extra = whole.git('show', 'side:src/extra.ts');
    whole.commit(
      { 'src/extra.ts': `${extra}// joined\n`, 'src/weight.ts': 'export const joined = 1;\n' },
      { branch: 'joined', parents: ['refs/heads/main', 'refs/heads/side'] },
    );
    const store = makeFolder();
    const address = cluster.remote('told');
    await push(address, [], { all: true, history: true }, whole.path, store);
    const ask = async (engine: Engine): Promise<unknown> => {
      const answers: unknown[] = [];
      for (const [pattern, revs, options] of [
        ['parcel', ['main', 'side'], {}],
        ['weighs|joined', ['joined'], {}],
        ['return', ['main~2..joined'], { firstParent: true }],
        ['.', ['joined'], { paths: ['docs/*'] }],
        ['TOTAL', ['side'], { literal: true, ignoreCase: true }],
        ['nowhere to be found', ['joined'], {}],
      ] as const) {
        const lines: unknown[] = [];
        for await (const line of engine.log(pattern, revs, options)) lines.push(line);
        for await (const commit of engine.logCommits(pattern, revs, options)) lines.push(commit);
        answers.push(lines);
      }
      return answers;
    };
    const clones = async (at: string): Promise<string> => {
      const remotes = new Publications(new ClusterStorage(readClusterAddress(at)), { trust: null });
      const found = new PublishedClones(remotes, makeFolder(), () => undefined);
      await found.refresh(AbortSignal.timeout(20_000));
      return found.published[0]!.path;
    };
    const wanted = await withEngine(whole.path, store, ask);
    expect((wanted as unknown[][]).map(({ length }) => length > 0)).toEqual([true, true, true, true, true, false]);
    expect(await withEngine(await clones(address), makeFolder(), ask, { remote: address })).toEqual(wanted);
    // In a clone nothing has to be indexed for it; a new commit is followed.
    const clone = makeFolder();
    const engine = await openEngine({ repo: whole.path, store: clone, settings: { remote: address } });
    try {
      expect(await ask(engine)).toEqual(wanted);
      whole.commit({ 'src/late.ts': 'export const late = 1;\n' }, { branch: 'joined' });
      await push(address, ['joined'], {}, whole.path, store);
      expect(await ask(engine)).toEqual(await withEngine(whole.path, store, ask));
      expect((await engine.status()).chunks).toBe(0);
    } finally {
      await engine.close();
    }
    // What is before a published commit, and is not, is not in its history, as in a clone that was cut off there.
    const cut = new TestRepository(makeFolder(), false);
    cpSync(repository.path, cut.path, { recursive: true });
    const tips = ['side', 'v1^{commit}'].map((rev) => cut.revParse(rev));
    writeFileSync(join(cut.path, '.git', 'shallow'), tips.map((oid) => `${oid}\n`).join(''));
    const notes: string[] = [];
    const told = async (of: Engine): Promise<unknown> => {
      const lines: unknown[] = [];
      for await (const line of of.log('parcel', ['main', 'side'])) lines.push(line);
      return lines;
    };
    const node = await openEngine({
      repo: await clones(remote),
      store: makeFolder(),
      settings: { remote },
      onNote: (note) => notes.push(note),
    });
    try {
      expect(await told(node)).toEqual(await withEngine(cut.path, makeFolder(), told));
    } finally {
      await node.close();
    }
    expect(notes.join()).toContain('as far as commits are published');
  });

  test('a warm question is one request or two, one more commit a few; a fork that others move each time is FORK_CONFLICT', async () => {
    let isMoving = false;
    let requests = 0;
    const proxy = await startProxy(cluster.url, (method, url) => {
      requests++;
      return isMoving && method === 'PUT' && url.includes('/_doc/forks') ? 409 : null;
    });
    const settings = { remote: `opensearch://127.0.0.1:${proxy.port}/code` };
    const engine = await openEngine({ repo: repository.path, store: makeFolder(), settings });
    try {
      await engine.search('weight of the parcel', { rev: 'main' });
      for (const [ask, most] of [
        [() => engine.search('counter adds to the total value', { rev: 'main' }), 2],
        [() => engine.search('export a function', { rev: 'main', mode: 'lexical' }), 2],
        [() => engine.grep('return parcel', { rev: 'main' }), 2],
        [() => engine.symbols('weightOf', { rev: 'main' }), 1],
      ] as const) {
        requests = 0;
        await ask();
        expect(requests).toBeLessThanOrEqual(most);
      }
      await engine.fork('contended', { from: 'main' });
      isMoving = true;
      const put = { kind: 'put', path: 'new.ts', content: Buffer.from('const parcelOf = 1;\n') } as const;
      expect(await code(engine.apply('contended', [put]))).toBe('FORK_CONFLICT');
      isMoving = false;
      requests = 0;
      expect((await engine.apply('contended', [put])).changedFiles).toBe(1);
      expect(requests).toBeLessThanOrEqual(20);
      await engine.drop('contended');
    } finally {
      await engine.close();
      proxy.close();
    }
  });

  test('search reads the same of a store and of a cluster', async () => {
    const { tree } = await withEngine(repository.path, own, (engine) => engine.resolve('main'));
    const store = Store.open(own);
    const snapshots = new SnapshotStore(store);
    const far = new FarStore(new SearchCluster(readClusterAddress(remote)), snapshots.segmentCaches);
    snapshots.far = far;
    try {
      const key = rootKey(asOid(tree), rulesFingerprint(defaultRules));
      const near = await snapshots.open(snapshots.findRoot(key)!);
      const there = await snapshots.open((await far.open(key.toString('hex'), {}))!);
      const [mine, theirs] = [await checkBackend(near), await checkBackend(there)];
      expect(theirs).toEqual(mine);
      near.release();
      there.release();
    } finally {
      far.close();
      snapshots.close();
      store.close();
    }
  });

  test('Elasticsearch, which filters by lists of numbers, answers the same; no request writes a directory with one that it refers to', async () => {
    // It is OpenSearch that answers here: it takes a list from a document as well.
    const bodies: string[] = [];
    const proxy = await startProxy(cluster.url, (_, url, body) => {
      if (url.startsWith('/_bulk')) bodies.push(body.toString('utf8'));
      return null;
    });
    const address = cluster.remote('listed', 'elasticsearch');
    try {
      await push(`elasticsearch://127.0.0.1:${proxy.port}/listed`, ['main', 'side']);
    } finally {
      proxy.close();
    }
    const found = await answersOf(repository.path, makeFolder(), ['side', 'main'], { remote: address });
    expect(found).toEqual(await answersOf(repository.path, own, ['side', 'main']));
    let directories = 0;
    const written = new Set<string>();
    for (const body of bodies) {
      const lines = body.split('\n').filter(Boolean);
      const own: string[] = [];
      for (const [i, line] of lines.entries()) {
        const head = (JSON.parse(line) as { create?: { _index: string; _id: string } }).create;
        if (head?._index !== 'listed-trees') continue;
        own.push(head._id);
        directories++;
        const { entries } = decodeTree('', JSON.parse(lines[i + 1]!) as Record<string, unknown>);
        for (const { kind, key } of entries) if (kind === 'tree') expect(written).toContain(key);
      }
      for (const key of own) written.add(key);
    }
    expect(directories).toBeGreaterThan(5);
    // What was published as bitmaps alone is refused.
    const far = new FarStore(
      new SearchCluster(readClusterAddress(cluster.remote('code', 'elasticsearch'))),
      createSegmentCaches(2 ** 20, 2 ** 20),
    );
    const { tree } = await withEngine(repository.path, own, (engine) => engine.resolve('main'));
    const key = rootKey(asOid(tree), rulesFingerprint(defaultRules)).toString('hex');
    expect(await code(far.open(key, {}))).toBe('REMOTE_INVALID');
  });

  test('roots that are opened one behind the other stay together, whatever the bound; later ones begin anew', async () => {
    const revs = ['main', 'side', 'v1'];
    const fingerprint = rulesFingerprint(defaultRules);
    const keys = await withEngine(repository.path, own, (engine) =>
      Promise.all(revs.map(async (rev) => rootKey(asOid((await engine.resolve(rev)).tree), fingerprint))),
    );
    const store = Store.open(own);
    const snapshots = new SnapshotStore(store);
    const limits = { segmentsMax: 2, bytesMax: Infinity, quietMs: 60_000 };
    const far = new FarStore(new SearchCluster(readClusterAddress(remote)), snapshots.segmentCaches, limits);
    snapshots.far = far;
    try {
      const roots: TreeId[] = [];
      for (const key of keys) roots.push((await far.open(key.toString('hex'), {}))!);
      const view = snapshots.compose(roots.map((tree, i) => ({ name: revs[i]!, tree })));
      const snapshot = await snapshots.open(view);
      expect(snapshot.files.length).toBeGreaterThan(20);
      snapshot.release();
      limits.quietMs = -1;
      await far.open(keys[0]!.toString('hex'), {});
      expect(roots.map((root) => far.has(root))).toEqual([false, false, false]);
      snapshots.forget();
      expect(await code(snapshots.open(snapshots.compose([{ name: 'gone', tree: roots[1]! }])))).toBe('TOO_LARGE');
    } finally {
      snapshots.close();
      store.close();
    }
    expect(far.bytes).toBe(0);
  });

  test('what no kept rev and no fork reaches is removed, exactly as a dry run says, and nobody publishes meanwhile; a doctor tells what is missing', async () => {
    const address = cluster.remote('swept');
    await push(address, [], { all: true });
    const collect = (options: object = {}) =>
      withPublisher(repository.path, own, (publisher) =>
        publisher.collect(address, { keep: ['main'], graceMs: 0, ...options }),
      );
    const counts = async (): Promise<number[]> =>
      Promise.all(['snapshots', 'trees', 'files', 'chunks-*'].map((kind) => cluster.count(`swept-${kind}`)));
    const examine = async () => {
      const { problems, ...told } = await withPublisher(repository.path, own, (one) => one.examine(address));
      return { ...told, problems: problems.map(({ message }) => message) };
    };
    const engine = await openEngine({ repo: repository.path, store: makeFolder(), settings: { remote: address } });
    const other = await openEngine({ repo: repository.path, store: makeFolder(), settings: { remote: address } });
    try {
      await engine.fork('held', { from: 'side' });
      await other.grep('parcel', { rev: 'side' });
      const first = await counts();
      // `v1` is before `main`; `side` is the fork's as well.
      expect(await collect()).toMatchObject({
        removedObjects: 0,
        repositories: [{ commitsBefore: 3, commitsAfter: 2 }],
      });
      expect(await counts()).toEqual(first);
      await engine.drop('held');
      const old = { ...(await engine.forks())[0], name: 'old', root: 'AAAA', until: 1 };
      const forks = new ClusterStorage(readClusterAddress(address));
      await forks.write('forks/any/old', Buffer.from(JSON.stringify(old)), 'any');
      expect(await collect({ dryRun: true })).toMatchObject({ removedForks: 1 });
      expect(await forks.read('forks/any/old')).not.toBeNull();
      expect(await collect({ graceMs: 60_000 })).toMatchObject({
        removedObjects: 0,
        removedForks: 1,
        waitingObjects: 1,
      });
      expect(await forks.read('forks/any/old')).toBeNull();
      const dry = await collect({ dryRun: true });
      expect(await counts()).toEqual(first);
      const done = await collect();
      expect({ ...done, dryRun: true }).toEqual(dry);
      const { snapshots, trees, files, chunks } = done.removedDocuments!;
      expect(snapshots).toBe(1);
      expect(await counts()).toEqual(first.map((count, i) => count - [snapshots, trees, files, chunks][i]!));
      expect(await cluster.count('swept-chunks-*')).toBe(await chunksOf(['main', 'v1']));
      expect((await engine.grep('parcel', { rev: 'main' })).lines.length).toBeGreaterThan(0);
      // What these have met of `side` is gone there: nothing that is published refers to it.
      await engine.fork('kept', { from: 'main' });
      const path = 'src/extra.ts';
      const content = Buffer.from(`${repository.git('show', `side:${path}`)}\n`);
      await engine.apply('kept', [{ kind: 'put', path, content }]);
      expect((await engine.grep('extraOf', { rev: 'kept' })).lines).toMatchObject([{ path, line: 2 }]);
      expect((await examine()).problems).toEqual([]);
      await engine.drop('kept');
      await other.fork('late', { from: 'side' });
      for await (const { name } of new ClusterStorage(readClusterAddress(address)).list('forks/'))
        expect(name).toBe('');
    } finally {
      await other.close();
      await engine.close();
    }
    // From the nearest that is published there: what differs alone is asked for.
    const older = ['main~3', 'main~5'].map((rev) => repository.revParse(rev));
    await push(address, ['side', ...older]);
    const ask = async (of: Engine): Promise<unknown> => (await of.grep('parcel', { rev: 'side' })).lines;
    expect(await withEngine(repository.path, makeFolder(), ask, { remote: address })).toEqual(
      await withEngine(repository.path, own, ask),
    );
    const { documents, filesHashed, commits, problems } = await examine();
    expect([Object.values(documents), commits, problems]).toEqual([await counts(), 5, []]);
    expect(filesHashed).toBeGreaterThan(10);
    // What somebody else does to it is told.
    const first = async (index: string): Promise<{ _id: string; _source: Record<string, unknown> }> => {
      const { body } = await cluster.ask('POST', `swept-${index}/_search`, {
        size: 100,
        query: { exists: { field: index === 'files' ? 'oid' : 'n' } },
      });
      const { hits } = body['hits'] as { hits: { _id: string; _source: Record<string, unknown> }[] };
      return hits.find(({ _source: { chunks, skipped } }) => chunks !== '' && skipped === undefined)!;
    };
    const chunk = await first('chunks-000000');
    await cluster.ask('PUT', `swept-chunks-000000/_doc/${chunk._id}?refresh=true`, {
      ...chunk._source,
      text: 'another text',
    });
    expect(new Set((await examine()).problems)).toEqual(new Set(['its chunks are not the blob that it is called']));
    await cluster.ask('DELETE', `swept-files/_doc/${(await first('files'))._id}?refresh=true`);
    const { problems: two } = await examine();
    expect(two).toContain('a file in it is missing');
    expect(two).toContain('it sees other chunks than its files have');
  });

  test('any number publish at once or one collects; who waits is told for whom, who was taken for dead does not come back', async () => {
    const storage = new ClusterStorage(readClusterAddress(cluster.remote('taken')));
    const turns = (): ClusterTurns => new ClusterTurns(storage);
    const order: string[] = [];
    let collecting: Promise<unknown> = Promise.resolve();
    await turns().publish({}, async () => {
      collecting = turns().collect({}, () => Promise.resolve(order.push('collected')));
      await Promise.all([1, 2].map((i) => turns().publish({}, () => Promise.resolve(order.push(`published ${i}`)))));
      order.push('published 3');
    });
    await collecting;
    expect(order.slice(2)).toEqual(['published 3', 'collected']);
    // A clock that is minutes behind is no reason to take who has it for dead; one that is out by hours is that of who was killed.
    const say = (publishing: Record<string, number>): Promise<unknown> =>
      storage.write('turns', Buffer.from(JSON.stringify({ publishing, collecting: null })), 'any');
    await say({ behind: Date.now() - 300_000 });
    const signal = AbortSignal.timeout(400);
    const waits: string[] = [];
    const onWait = (why: string): unknown => waits.push(why);
    expect(await code(turns().collect({ signal, onWait }, () => Promise.resolve()))).not.toBe('it succeeded');
    expect(waits.join()).toMatch(/^behind publishes to it, until 20\d\d-.*Z if nothing more is heard of it$/);
    // Who is at it is renewing its turn: patience ends.
    await turns().publish({}, async () => {
      const short = new ClusterTurns(storage, { turnMs: 400, renewMs: 100 });
      await say({ 'there:7/x': Date.now() + 60_000 });
      const renewing = setInterval(() => void say({ 'there:7/x': Date.now() + 60_000 }), 50);
      const failed = await short.collect({}, () => Promise.resolve()).catch((error: unknown) => error);
      clearInterval(renewing);
      expect(failed).toMatchObject({ code: 'REMOTE_BUSY', data: { holder: 'there:7' } });
    });
    await sleep(100);
    await say({ killed: Date.now() - 2 * 3_600_000 });
    await turns().collect({}, () => Promise.resolve());
    // Who was taken for dead is told, and does not come back by renewing.
    await new ClusterTurns(storage, { turnMs: 120_000, renewMs: 20 }).publish({}, async (turn) => {
      await sleep(100);
      turn.check();
      await say({});
      await turns().collect({}, () => Promise.resolve());
      await sleep(200);
      expect(() => turn.check()).toThrow('others may be at work');
    });
    const left = await storage.read('turns');
    expect(left).toMatchObject({ version: expect.any(String) as string });
    expect(JSON.parse((left as { bytes: Buffer }).bytes.toString())).toEqual({ publishing: {}, collecting: null });
  });
});
