import { closeSync, existsSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { CoppiceError } from '../../../src/base/index.js';
import { ProcessLock, Store } from '../../../src/store/index.js';

/**
 * A process that writes to a store, for tests that stop and kill it: `publish STORE` writes a segment and makes it live when it
 * is told to on its input, with `finished` written before; `contend FOLDER ROUNDS` takes a lock again and again and looks whether it is alone. Prints a JSON value a line.
 */
const [, , mode, folder = '', rounds = '0'] = process.argv;
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const codeOf = (error: unknown): string => (error instanceof CoppiceError ? error.code : String(error));

async function publish(): Promise<void> {
  const store = Store.open(folder);
  const told = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  try {
    await store.asWriter(60_000, undefined, async () => {
      const { segment, ...next } = store.newIds;
      const id = `s${segment}`;
      const file = store.createSegmentFile(id);
      file.write(Buffer.from(`of ${process.pid}`));
      say(id);
      await told.next();
      const bytes = file.finish(Buffer.from('{}'));
      const none = [0, 0] as const;
      const entry = { id, docs: none, files: none, trees: none, commits: none, bytes, textBytes: 0 };
      store.publish({ add: [entry], remove: [], next: { ...next, segment: segment + 1 } });
    });
    say('published');
  } catch (error) {
    say(codeOf(error));
  }
  store.close();
  process.exit(0);
}

/** A file that is made in the lock and removed in it: who finds one of a process that lives is not alone. */
async function contend(): Promise<void> {
  const lock = new ProcessLock(join(folder, 'lock'));
  const inside = join(folder, 'inside');
  let taken = 0;
  for (let round = 0; round < Number(rounds); round++) {
    await lock.acquire(60_000);
    if (existsSync(inside)) {
      const other = Number(readFileSync(inside, 'utf8'));
      if (isAlive(other)) say({ notAlone: other });
      unlinkSync(inside);
    }
    const fd = openSync(inside, 'wx');
    writeSync(fd, String(process.pid));
    closeSync(fd);
    await sleep(Math.random() * 3);
    if (!existsSync(inside) || readFileSync(inside, 'utf8') !== String(process.pid)) say({ notAlone: 'gone' });
    else unlinkSync(inside);
    taken++;
    lock.release();
    await sleep(Math.random() * 3);
  }
  say({ taken });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

await (mode === 'publish' ? publish() : contend());
