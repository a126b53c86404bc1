import { afterEach, describe, expect, test } from 'vitest';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HttpClient, RemoteEngines, type Transport } from '../../src/api/index.js';
import { CoppiceError } from '../../src/base/index.js';
import { Daemon } from '../../src/daemon/daemon.js';
import { findDaemon } from '../../src/daemon/client/find-daemon.js';
import { LastingEngines } from '../../src/daemon/lasting-engines.js';
import { isOlder } from '../../src/daemon/version-order.js';
import { openEngines, type LocalEngines } from '../../src/engine/index.js';
import { makeFolder, makeRepository } from '../support/git.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

test('versions are in the order of releases', () => {
  const ordered = ['0.2.0-a', '0.2.0-b.2', '0.2.0-b.10', '0.2.0', '0.2.1', '0.10.0', '1.0.0'];
  ordered.forEach((a, i) => ordered.forEach((b, j) => expect(isOlder(a, b), `${a} ${b}`).toBe(i < j)));
  expect(isOlder('0.2.0+x', '0.2.0')).toBe(false);
});

/** The daemon of a store, if there is one. */
class Found implements Transport {
  private client: HttpClient | null = null;

  constructor(private readonly storePath: string) {}

  ask(...args: Parameters<Transport['ask']>): Promise<unknown> {
    return this.connected().ask(...args);
  }

  batches(...args: Parameters<Transport['batches']>): ReturnType<Transport['batches']> {
    return this.connected().batches(...args);
  }

  close(): void {
    this.client?.close();
    this.client = null;
  }

  private connected(): HttpClient {
    this.close();
    const found = findDaemon(this.storePath);
    if (found === null) throw new CoppiceError('DAEMON_UNREACHABLE', 'there is none', { data: { sent: false } });
    return (this.client = new HttpClient({ socketPath: found.socket }));
  }
}

describe('engines of a process that lives long', () => {
  test('are its own while there is no daemon, and the daemon’s whenever there is', async () => {
    const repository = makeRepository();
    repository.commit({ a: 'alpha\n' });
    const storePath = join(makeFolder(), 'store');
    const own: LocalEngines[] = [];
    const engines = new LastingEngines({
      storePath,
      remote: new RemoteEngines({ storePath, transport: new Found(storePath) }),
      openOwn: async () => {
        own.push(await openEngines({ store: storePath, workers: 0 }));
        return own.at(-1)!;
      },
      findDaemon: () => Promise.resolve(findDaemon(storePath) !== null),
      hasDaemon: false,
      lookEveryMs: 0,
    });
    closers.push(() => engines.close());
    const engine = engines.open(repository.path);
    const expectAnswers = async (): Promise<void> => {
      expect((await engine.grep('alpha', { rev: 'HEAD' })).lines).toHaveLength(1);
      const items = [];
      for await (const item of engine.log('alpha')) items.push(item);
      expect(items).toHaveLength(1);
      await expect(engine.grep('x', { rev: 'nope' })).rejects.toMatchObject({ code: 'REV_NOT_FOUND' });
    };
    for (let round = 1; round <= 2; round++) {
      await expectAnswers();
      expect(own).toHaveLength(round);
      const daemon = await Daemon.start({
        storePath,
        version: '1',
        onDemand: false,
        pageFolder: pathToFileURL(`${makeFolder()}/`),
        log: () => undefined,
        workers: 0,
      });
      await expect
        .poll(async () => {
          await expectAnswers();
          return daemon.describe().requests;
        })
        .toBeGreaterThan(0);
      expect(own).toHaveLength(round);
      await daemon.stop();
    }
    await expectAnswers();
    expect(own).toHaveLength(3);
  });
});
