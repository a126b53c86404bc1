import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { contentHash } from '../../src/base/index.js';
import { ProcessLock, Store } from '../../src/store/index.js';
import { bundleProgram } from '../support/bundle.js';
import { makeFolder } from '../support/git.js';

let program = '';
beforeAll(async () => {
  program = await bundleProgram('store/support/writer.ts');
});

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Victim {
  readonly child: ChildProcess;
  /** The next thing that it says. */
  next(): Promise<unknown>;
  readonly said: unknown[];
}

function start(...args: string[]): Victim {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const said: unknown[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => said.push(JSON.parse(line)));
  let taken = 0;
  const next = async (): Promise<unknown> => {
    while (said.length <= taken) await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => sleep(50))]);
    return said[taken++];
  };
  return { child, next, said };
}

const deadHolder = { pid: 2 ** 22 + 1, host: hostname(), command: 'coppice index', sinceMs: 1, nonce: 'x' };
const liveIds = (store: Store): string[] => {
  store.refresh();
  return store.catalog.segments().map(({ id }) => id);
};

describe('a writer that has lost the lock', () => {
  test.each([
    ['and others published meanwhile', 'finished', true],
    ['and others publish afterwards', 'finished', false],
    ['while it writes, and others published meanwhile', 'unfinished', true],
    ['while it writes, and others publish afterwards', 'unfinished', false],
  ])('records nothing: %s', async (_, state, othersFirst) => {
    const path = join(makeFolder(), 'store');
    const store = Store.open(path);
    const victim = start('publish', path, state);
    const own = await victim.next();
    victim.child.kill('SIGSTOP');
    // As a process of another container does, for which no process of that number lives.
    rmSync(join(path, 'writer.lock'));
    const other = start('publish', path);
    const others = await other.next();
    expect(others).not.toBe(own);
    if (othersFirst) {
      other.child.stdin!.write('\n');
      expect(await other.next()).toBe('published');
    }
    victim.child.kill('SIGCONT');
    victim.child.stdin!.write('\n');
    expect(await victim.next()).toBe('STORE_LOCKED');
    if (!othersFirst) {
      // It has let the other's lock alone, which goes on undisturbed.
      expect((JSON.parse(readFileSync(join(path, 'writer.lock'), 'utf8')) as { pid: number }).pid).toBe(
        other.child.pid,
      );
      other.child.stdin!.write('\n');
      expect(await other.next()).toBe('published');
    }
    expect(liveIds(store)).toEqual([others]);
    expect(Buffer.from(store.openSegmentFile(String(others)).read(0, 4)).toString()).toBe(
      'of ' + String(other.child.pid)[0]!,
    );
    // What it has left behind goes with the next writer.
    await store.asWriter(1000, undefined, () => Promise.resolve());
    expect(readdirSync(join(path, 'segments'))).toEqual([`${String(others)}.seg`]);
    store.close();
  });

  test('takes away nothing of who holds it now', async () => {
    const path = join(makeFolder(), 'store');
    const store = Store.open(path);
    await store.asWriter(1000, undefined, async () => {
      rmSync(join(path, 'writer.lock'));
      const other = start('publish', path);
      const others = String(await other.next());
      store.removeOrphans();
      other.child.stdin!.write('\n');
      expect(await other.next()).toBe('published');
      expect(existsSync(join(path, 'segments', `${others}.seg`))).toBe(true);
      expect(() => store.publish({ add: [], remove: [others], next: store.catalog.nextIds })).toThrow(
        expect.objectContaining({ code: 'STORE_LOCKED' }),
      );
    });
    expect(liveIds(store)).toHaveLength(1);
    store.close();
  });

  test('is known by a journal that was rewritten meanwhile, too', async () => {
    const path = join(makeFolder(), 'store');
    const store = Store.open(path);
    const victim = start('publish', path);
    await victim.next();
    rmSync(join(path, 'writer.lock'));
    await store.asWriter(1000, undefined, () => Promise.resolve());
    store.compactJournal();
    store.compactJournal();
    victim.child.stdin!.write('\n');
    expect(await victim.next()).toBe('STORE_LOCKED');
    expect(liveIds(store)).toEqual([]);
    store.close();
  });
});

describe('the claim to a dead holder’s lock', () => {
  /** Leaves the lock of a dead process, and a claim to it as `claimer` makes it when it is stopped before it removes the lock. */
  function claimed(claimer: object): { folder: string; lock: ProcessLock } {
    const folder = makeFolder();
    const path = join(folder, 'lock');
    writeFileSync(path, JSON.stringify(deadHolder));
    const name = contentHash('lock', '\0', JSON.stringify(deadHolder)).toString('hex');
    writeFileSync(`${path}.over-${name}`, JSON.stringify(claimer));
    return { folder, lock: new ProcessLock(path) };
  }

  test('is waited for while its process lives, stopped or not', async () => {
    const sleeper = spawn('sleep', ['60']);
    children.push(sleeper);
    sleeper.kill('SIGSTOP');
    const { folder, lock } = claimed({ ...deadHolder, pid: sleeper.pid, nonce: 'y' });
    await expect(lock.acquire(300)).rejects.toMatchObject({ code: 'STORE_LOCKED', data: { pid: sleeper.pid } });
    expect(readdirSync(folder)).toHaveLength(2);
    sleeper.kill('SIGKILL');
    await once(sleeper, 'exit');
    await lock.acquire(5000);
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('of a process that has died is itself set aside', async () => {
    const { folder, lock } = claimed({ ...deadHolder, nonce: 'y' });
    await lock.acquire(5000);
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });
});

test.runIf(process.platform === 'linux')(
  'of many processes that are stopped and killed at any moment never two hold it',
  async () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'lock'), JSON.stringify(deadHolder));
    const scale = Number(process.env['COPPICE_TEST_SCALE'] ?? 1);
    const endMs = Date.now() + 4000 * scale;
    const all: Victim[] = [];
    let running = Array.from({ length: 6 }, () => start('contend', folder, '100000'));
    all.push(...running);
    while (Date.now() < endMs) {
      const chosen = running[Math.floor(Math.random() * running.length)]!;
      await sleep(Math.random() * 30);
      if (Math.random() < 0.15) {
        chosen.child.kill('SIGKILL');
        running = [...running.filter((victim) => victim !== chosen), start('contend', folder, '100000')];
        all.push(running.at(-1)!);
      } else {
        chosen.child.kill('SIGSTOP');
        setTimeout(() => chosen.child.kill('SIGCONT'), Math.random() * 200);
      }
    }
    for (const { child } of running) child.kill('SIGKILL');
    expect(all.flatMap(({ said }) => said)).toEqual([]);
    const lock = new ProcessLock(join(folder, 'lock'));
    await lock.acquire(5000);
    lock.release();
    expect(readdirSync(folder).filter((name) => /^lock(\.over-[0-9a-f]+)?$/.test(name))).toEqual([]);
  },
);
