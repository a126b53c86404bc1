import { execFileSync, spawn } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { Pack, mergePacks, type PackDescription } from '../../src/pack/index.js';
import { Publications, openStorage } from '../../src/remote/index.js';
import { SnapshotStore } from '../../src/snapshot/index.js';
import { Store } from '../../src/store/index.js';
import { contentNameOf } from '../../src/text/index.js';
import { makeFolder, type TestRepository } from '../support/git.js';
import { distMain, ensureDist } from '../cli/dist.js';
import { S3Double } from '../support/s3-double.js';
import { StormProxy, type Weather } from '../support/storm-proxy.js';
import { answersOf, makeHistory, withEngine, withPublisher } from './support.js';

let repository: TestRepository;
let own: string;
/** Everything is published here. */
let full: string;

beforeAll(async () => {
  repository = makeHistory();
  own = makeFolder();
  full = `file:${makeFolder()}/remote`;
  await withPublisher(repository.path, own, (publisher) => publisher.push(full, [], { all: true, history: true }));
});

const pull = (store: string, remote: string, revs: string[] = [], options = {}) =>
  withPublisher(repository.path, store, (publisher) => publisher.pull(remote, revs, options));
const push = (store: string, remote: string, revs: string[] = [], options = {}) =>
  withPublisher(repository.path, store, (publisher) => publisher.push(remote, revs, options));
const folderOf = (remote: string): string => remote.slice('file:'.length);
const packsOf = (remote: string): string[] => readdirSync(join(folderOf(remote), 'packs'));
const stateOf = (store: string): unknown => {
  const opened = Store.open(store);
  try {
    opened.refresh();
    return opened.catalog.segments();
  } finally {
    opened.close();
  }
};

describe('a store that pulled', () => {
  test('answers as one that indexed, at every rev, scores too', async () => {
    const pulled = makeFolder();
    const revs = ['main', 'side', 'v1', 'main~4'];
    const result = await pull(pulled, full, revs);
    expect(result.revs.map(({ taken, commit }) => taken === commit)).toEqual([true, true, true, true]);
    const fresh = makeFolder();
    expect(await answersOf(repository.path, pulled, revs)).toEqual(await answersOf(repository.path, fresh, revs));
    expect(await withEngine(repository.path, pulled, (engine) => engine.doctor())).toMatchObject({ problems: [] });
  });

  test('has what models say of its chunks; a merged pack has all of it, part of a pack that part', async () => {
    const store = makeFolder();
    const remote = `file:${makeFolder()}/remote`;
    const describer = '0123456789ab';
    const describe = (about: string): number => {
      const opened = Store.open(store);
      try {
        const { segments } = new SnapshotStore(opened).segments();
        const keys = segments.flatMap(({ docKeys }) => [...docKeys.rows()].map(({ key }) => contentNameOf(key)));
        const log = opened.descriptions(describer);
        log.refresh();
        log.append(
          keys.filter((key) => log.textOf(key) === undefined).map((key) => ({ key, text: `${about} ${key}` })),
        );
        return log.count;
      } finally {
        opened.close();
      }
    };
    const said = (of: string): ReadonlySet<string> => {
      const opened = Store.open(of);
      const log = opened.descriptions(describer);
      log.refresh();
      opened.close();
      return new Set([...log.entries()].map(({ key, text }) => `${key} ${text}`));
    };
    await withEngine(repository.path, store, (engine) => engine.index(['main~2']));
    const older = describe('grumbling');
    await push(store, remote, ['main~2']);
    await withEngine(repository.path, store, (engine) => engine.index(['main']));
    expect(describe('whistling')).toBeGreaterThan(older);
    await push(store, remote, ['main']);
    const packs = packsOf(remote).map((name) =>
      Pack.open(name, readFileSync(join(folderOf(remote), 'packs', name)), ''),
    );
    expect(packs).toHaveLength(2);
    const inOrder = (of: readonly PackDescription[]): string[] => of.map(([, key, text]) => `${key} ${text}`).sort();
    const all = inOrder(packs.flatMap((pack) => pack.descriptions()));
    expect(all).toEqual([...said(store)].sort());
    const about = { repository: packs[0]!.header.repository, rules: packs[0]!.header.rules };
    const merged = await mergePacks(packs, about);
    expect(inOrder(Pack.open(merged.name, merged.bytes, '').descriptions())).toEqual(all);
    const [first] = packs as [Pack, Pack];
    const part = await mergePacks([first], about, (kind, at) => kind !== 'docs' || at === 0);
    expect(Pack.open(part.name, part.bytes, '').descriptions()).toHaveLength(1);
    const pulled = makeFolder();
    await pull(pulled, remote, ['main~2']);
    expect(said(pulled).size).toBe(older);
    await pull(pulled, remote, ['main']);
    expect(said(pulled)).toEqual(said(store));
    const hits = (of: string) =>
      withEngine(repository.path, of, async (engine) => (await engine.search('grumbling', { rev: 'main' })).hits);
    expect((await hits(pulled)).length).toBeGreaterThan(0);
    expect(await hits(pulled)).toEqual(await hits(store));
  });

  test('has the history, and log answers as where it was indexed', async () => {
    const pulled = makeFolder();
    await pull(pulled, full, ['main', 'side'], { history: true });
    const log = (store: string) =>
      withEngine(repository.path, store, async (engine) => {
        const lines: unknown[] = [];
        for await (const line of engine.log('parcel', ['main', 'side'])) lines.push(line);
        return lines;
      });
    expect(await log(pulled)).toEqual(await log(own));
    expect(await withEngine(repository.path, pulled, (engine) => engine.doctor())).toMatchObject({ problems: [] });
  });

  test('takes nothing twice, and what is here in no way', async () => {
    const pulled = makeFolder();
    await pull(pulled, full, ['main~3']);
    const chunks = () => withEngine(repository.path, pulled, async (engine) => (await engine.status()).chunks);
    const before = await chunks();
    const more = await pull(pulled, full, ['main']);
    expect(more.chunks).toBeGreaterThan(0);
    expect(await chunks()).toBe(before + more.chunks);
    expect((await pull(pulled, full, ['main', 'main~3'])).packs).toBe(0);
  });

  test('took the nearest before a commit that is not published, and the rest is indexed', async () => {
    const clone = join(makeFolder(), 'clone');
    execFileSync('git', ['clone', '-q', repository.path, clone]);
    writeFileSync(join(clone, 'src/weight.ts'), 'export const unpublished = 1;\n');
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@b', ...args], { cwd: clone });
    git('commit', '-qam', 'mine');
    const store = makeFolder();
    const { revs } = await withPublisher(clone, store, (publisher) => publisher.pull(full, ['HEAD']));
    expect(revs[0]!.taken).toBe(repository.revParse('main'));
    expect(await answersOf(clone, store, ['HEAD'])).toEqual(await answersOf(clone, makeFolder(), ['HEAD']));
  });
});

describe('by itself', () => {
  const configured = (remote: string): string => {
    const store = makeFolder();
    writeFileSync(join(store, 'config.json'), JSON.stringify({ remote }));
    return store;
  };

  test('a command takes what it lacks from the remote of the settings', async () => {
    const store = configured(full);
    const indexed = await withEngine(repository.path, store, (engine) => engine.index(['main']));
    expect(indexed).toMatchObject({ newChunks: 0, newFiles: 0 });
    expect(await answersOf(repository.path, store, ['main'])).toEqual(await answersOf(repository.path, own, ['main']));
  });

  test('log takes the history', async () => {
    const store = configured(full);
    await withEngine(repository.path, store, async (engine) => {
      const lines: unknown[] = [];
      for await (const line of engine.log('parcel', ['main'])) lines.push(line);
      expect(lines.length).toBeGreaterThan(0);
      expect((await engine.status()).sizeBytes).toBeGreaterThan(0);
    });
  });

  test.each(['http://127.0.0.1:9/none', 'file:/nonexistent/place'])('%s costs no answer', async (remote) => {
    const store = configured(remote);
    expect(await answersOf(repository.path, store, ['main'])).toEqual(await answersOf(repository.path, own, ['main']));
  });

  test('a remote that never answers is overtaken by indexing', async () => {
    const double = await S3Double.start();
    const hang = await import('node:http').then(({ createServer }) => createServer(() => undefined));
    await new Promise<void>((resolve) => hang.listen(0, '127.0.0.1', resolve));
    const { port } = hang.address() as { port: number };
    const store = configured(`http://127.0.0.1:${port}`);
    const start = Date.now();
    const found = await withEngine(repository.path, store, (engine) => engine.grep('parcel', { rev: 'main' }));
    expect(found.lines.length).toBeGreaterThan(0);
    expect(Date.now() - start).toBeLessThan(4500);
    hang.closeAllConnections();
    hang.close();
    await double.stop();
  });
});

describe('one push after another', () => {
  test('sends its difference, and packs are merged', async () => {
    const repo = makeHistory(12);
    const store = makeFolder();
    const remote = `file:${makeFolder()}`;
    const sent: number[] = [];
    for (let back = 11; back >= 0; back--) {
      const { bytes, packs } = await withPublisher(repo.path, store, (publisher) =>
        publisher.push(remote, [`main~${back}`]),
      );
      expect(packs).toBe(1);
      sent.push(bytes);
    }
    expect(Math.max(...sent)).toBeLessThan(64 * 1024);
    const puller = makeFolder();
    const result = await withPublisher(repo.path, puller, (publisher) => publisher.pull(remote, ['main', 'main~9']));
    expect(result.packs).toBeLessThan(9);
    expect(await answersOf(repo.path, puller, ['main', 'main~9'])).toEqual(
      await answersOf(repo.path, store, ['main', 'main~9']),
    );
  }, 120_000);

  test('by many at once loses nothing', async () => {
    const double = await S3Double.start();
    const env = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_ENDPOINT_URL: double.endpoint };
    Object.assign(process.env, env);
    let count = 0;
    const proxy = await StormProxy.start(double.endpoint);
    // Each way of failing comes again and again, and none twice in a row.
    const storms: readonly Weather[] = ['error-503', 'throttled', 'answer-lost', 'answer-cut', 'error-500', 'dropped'];
    proxy.weather = () => (count++ % 4 === 3 ? storms[(count >> 2) % storms.length]! : 'fair');
    process.env['AWS_ENDPOINT_URL'] = proxy.endpoint;
    ensureDist();
    try {
      const revs = Array.from({ length: 6 }, (_, back) => `main~${back}`);
      // Two are killed somewhere on their way, and what they were to do is done by others.
      const killed = [3, 12].map(async (requests, i) => {
        const args = ['push', 's3://bucket/many', revs[i]!, '--repo', repository.path, '--store', makeFolder()];
        const child = spawn(process.execPath, [distMain, ...args], { stdio: 'ignore' });
        const ended = new Promise((resolve) => child.once('exit', resolve));
        while (proxy.requests < requests && child.exitCode === null)
          await new Promise((resolve) => setTimeout(resolve, 5));
        child.kill('SIGKILL');
        await ended;
      });
      await Promise.all(killed);
      await Promise.all(revs.map((rev) => push(makeFolder(), 's3://bucket/many', [rev])));
      process.env['AWS_ENDPOINT_URL'] = double.endpoint;
      const store = makeFolder();
      const { revs: taken } = await pull(store, 's3://bucket/many', revs);
      expect(taken.every(({ taken: got, commit }) => got === commit)).toBe(true);
      expect(await answersOf(repository.path, store, ['main', 'main~5'])).toEqual(
        await answersOf(repository.path, own, ['main', 'main~5']),
      );
    } finally {
      for (const name of Object.keys(env)) delete process.env[name];
      await proxy.stop();
      await double.stop();
    }
  }, 120_000);

  test('of what is there sends nothing; of a work tree is refused', async () => {
    expect(await push(own, full, ['main'])).toMatchObject({ packs: 0, commits: 0, bytes: 0 });
    await expect(push(own, full, ['@worktree'])).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('tells of each rev whether it is published now; what some objects are missing of is not, nor is its name', async () => {
    const repo = makeHistory(3);
    const run = (args: string[], input = ''): string =>
      execFileSync('git', ['-C', repo.path, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
        input,
        encoding: 'utf8',
      }).trim();
    const tree = run(['mktree', '--missing'], `100644 blob ${'12'.repeat(20)}\tlost.txt\n`);
    run(['update-ref', 'refs/heads/lost', run(['commit-tree', tree, '-p', 'main', '-m', 'lost'])]);
    const remote = `file:${makeFolder()}`;
    const store = makeFolder();
    const pushed = await withPublisher(repo.path, store, (publisher) => publisher.push(remote, ['lost', 'main']));
    expect(pushed).toMatchObject({
      commits: 1,
      revs: [
        { isNew: false, isPublished: false },
        { isNew: true, isPublished: true },
      ],
    });
    const publications = new Publications(openStorage(remote), { trust: null });
    const { id } = (await publications.repositories())[0]!;
    expect([...(await publications.refs(await publications.head(id))).keys()].sort()).toEqual([
      'HEAD',
      'refs/heads/main',
    ]);
  });

  test('without text is smaller, and the text is read from the repository', async () => {
    const remote = `file:${makeFolder()}`;
    const without = await push(own, remote, ['main'], { noText: true });
    const withText = await push(own, `file:${makeFolder()}`, ['main']);
    expect(without.bytes).toBeLessThan(withText.bytes);
    const store = makeFolder();
    await pull(store, remote, ['main']);
    expect(await answersOf(repository.path, store, ['main'])).toEqual(await answersOf(repository.path, own, ['main']));
  });
});

describe('trust', () => {
  /** A copy of the full remote that may be tampered with. */
  const copied = (): string => {
    const folder = makeFolder();
    execFileSync('cp', ['-r', `${folderOf(full)}/.`, folder]);
    return `file:${folder}`;
  };

  test.each<[string, (folder: string, packs: string[]) => void, string]>([
    [
      'tampered',
      (folder, [pack]) => {
        const path = join(folder, 'packs', pack!);
        const bytes = readFileSync(path);
        bytes[bytes.length >> 1]! ^= 1;
        writeFileSync(path, bytes);
      },
      'REMOTE_INVALID',
    ],
    [
      'truncated',
      (folder, [pack]) => {
        const path = join(folder, 'packs', pack!);
        writeFileSync(path, readFileSync(path).subarray(0, 1000));
      },
      'REMOTE_INVALID',
    ],
    [
      'reordered',
      (folder, [first, second]) => {
        const path = (name: string): string => join(folder, 'packs', name);
        renameSync(path(first!), path('x'));
        renameSync(path(second!), path(first!));
        renameSync(path('x'), path(second!));
      },
      'REMOTE_INVALID',
    ],
    [
      'of another version',
      (folder) => {
        writeFileSync(join(folder, 'coppice-remote'), '{"format":99,"repositories":[]}');
        for (const head of readdirSync(join(folder, 'heads')))
          renameSync(join(folder, 'heads', head), join(folder, head));
      },
      'REMOTE_VERSION',
    ],
    [
      'with a head that is none',
      (folder) => {
        for (const head of readdirSync(join(folder, 'heads'))) writeFileSync(join(folder, 'heads', head), 'x');
      },
      'REMOTE_INVALID',
    ],
  ])('a remote that is %s is refused, and the store is as before', async (_, harm, code) => {
    const remote = copied();
    harm(folderOf(remote), packsOf(remote));
    const store = makeFolder();
    await withEngine(repository.path, store, (engine) => engine.index(['main~6']));
    const before = stateOf(store);
    await expect(pull(store, remote, ['main', 'side'], { history: true })).rejects.toMatchObject({ code });
    expect(stateOf(store)).toEqual(before);
  });

  test('a pack that is not there is told as that', async () => {
    const remote = copied();
    for (const pack of packsOf(remote)) rmSync(join(folderOf(remote), 'packs', pack));
    const message = `${remote}: a pack that its head names is not there`;
    await expect(pull(makeFolder(), remote)).rejects.toMatchObject({ code: 'REMOTE_INVALID', message });
  });

  test('a head that is signed is taken by who trusts its key, and by nobody who trusts another', async () => {
    const remote = `file:${makeFolder()}`;
    const keys = makeFolder();
    const { privateKey } = generateKeyPairSync('ed25519');
    const other = generateKeyPairSync('ed25519');
    writeFileSync(join(keys, 'key'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const trusting = (key: typeof privateKey): string => {
      const store = makeFolder();
      const text = createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');
      writeFileSync(join(store, 'config.json'), JSON.stringify({ trust: [text] }));
      return store;
    };
    await push(own, remote, ['main'], { sign: join(keys, 'key') });
    expect((await pull(trusting(privateKey), remote)).packs).toBe(1);
    await expect(pull(trusting(other.privateKey), remote)).rejects.toMatchObject({ code: 'REMOTE_UNTRUSTED' });
    await expect(push(own, remote, ['side'])).rejects.toMatchObject({ code: 'REMOTE_UNTRUSTED' });
    await expect(pull(trusting(privateKey), full)).rejects.toMatchObject({ code: 'REMOTE_UNTRUSTED' });
  });
});

describe('remote gc', () => {
  const collect = (remote: string, options: { keep: string[]; dryRun?: boolean; graceMs?: number }) =>
    withPublisher(repository.path, makeFolder(), (publisher) => publisher.collect(remote, options));

  test('removes what no kept name reaches, after its grace; a dry run tells exactly that', async () => {
    const remote = `file:${makeFolder()}`;
    await push(own, remote, ['main']);
    await push(own, remote, ['side', 'v1']);
    const dry = await collect(remote, { keep: ['main'], dryRun: true, graceMs: 0 });
    const names = packsOf(remote);
    const done = await collect(remote, { keep: ['main'], graceMs: 0 });
    expect({ ...dry, dryRun: false, removedBytes: 0, removedObjects: 0 }).toEqual({
      ...done,
      removedBytes: 0,
      removedObjects: 0,
    });
    expect(done.repositories[0]).toMatchObject({ commitsBefore: 3, commitsAfter: 2 });
    expect(packsOf(remote)).not.toEqual(names);
    const store = makeFolder();
    await pull(store, remote, ['main']);
    expect(await answersOf(repository.path, store, ['main'])).toEqual(await answersOf(repository.path, own, ['main']));
    const { revs } = await pull(store, remote, ['side']);
    expect(revs[0]!.taken).not.toBe(revs[0]!.commit);
    // What is pushed again is there again.
    await push(own, remote, ['side']);
    expect((await pull(store, remote, ['side'])).revs[0]!.taken).toBe(repository.revParse('side'));
  });

  test('leaves what may be in use, and what is being pushed', async () => {
    const remote = `file:${makeFolder()}`;
    await push(own, remote, ['main']);
    mkdirSync(join(folderOf(remote), 'packs'), { recursive: true });
    writeFileSync(join(folderOf(remote), 'packs', 'f'.repeat(64)), 'a push under way');
    const done = await collect(remote, { keep: ['*'], graceMs: 60_000 });
    expect(done).toMatchObject({ removedObjects: 0, waitingObjects: 1 });
    utimesSync(join(folderOf(remote), 'packs', 'f'.repeat(64)), 0, 0);
    writeFileSync(join(folderOf(remote), 'retired'), JSON.stringify({ [`packs/${'f'.repeat(64)}`]: 1 }));
    expect(await collect(remote, { keep: ['*'], graceMs: 60_000 })).toMatchObject({ removedObjects: 1 });
  });

  test('wants to be told what to keep', async () => {
    await expect(collect(full, { keep: [] })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
