import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { openEngine } from '../../../src/engine/index.js';
import type { Engine } from '../../../src/engine/types.js';
import { nextMerge } from '../../../src/indexing/index.js';
import { Store } from '../../../src/store/index.js';
import { randomFrom } from './random.js';

/** What the program is in the middle of. `rest` is between two of them. */
export type Phase = 'index' | 'update' | 'merge' | 'gc' | 'rest';

/** What the program says on stdout, a line of JSON each. */
export type Message =
  /** `changes`: how often it has changed something in the file system so far. */
  | { readonly say: 'phase'; readonly phase: Phase; readonly changes: number }
  /** Commits that were recorded when a call returned. */
  | { readonly say: 'acknowledged'; readonly commits: number }
  | { readonly say: 'finished' };

export type Stage = 'index' | 'update' | 'gc';

/** What the program is told, as JSON in its only argument. */
export interface Orders {
  readonly repo: string;
  readonly store: string;
  readonly stage: Stage;
  readonly seed: number;
  /** Indexing that is cancelled is so before this. */
  readonly abortMsMax: number;
  /** To index one by one, or, in parts, with what is behind them. */
  readonly commits: readonly string[];
  /** Die at a change of the file system, counted from the start of a phase; of its first, or after `skip` of them. */
  readonly die: { readonly phase: Phase; readonly skip: number; readonly atChange: number } | null;
}

// Does one stage in the life of a store that holds a history.
const orders = JSON.parse(process.argv[2]!) as Orders;
const random = randomFrom(orders.seed);
const writeOut = fs.writeSync;
const say = (message: Message): void => void writeOut(1, `${JSON.stringify(message)}\n`);

let changes = 0;
let dieAt = Infinity;
let skip = orders.die?.skip ?? 0;
countChanges();
announceMerging();
const engine = await openEngine({ repo: orders.repo, store: orders.store, workers: 0 });
await perform(engine);
await engine.close();
say({ say: 'finished' });

async function perform(engine: Engine): Promise<void> {
  switch (orders.stage) {
    case 'index':
      // In parts now and then, so that a kill finds the store with more or less of the history.
      for (let parts = random(3); parts > 0; parts--) await during('index', () => indexPart(engine));
      await during('index', () => engine.index([], { all: true, history: true }));
      return;
    case 'update':
      for (const commit of orders.commits) await during('update', () => engine.index([commit]));
      return;
    case 'gc':
      await during('gc', () => engine.gc());
  }
}

/** What is behind some commit; or everything, but cancelled after a while. */
async function indexPart(engine: Engine): Promise<void> {
  if (random(2) === 0) {
    await engine.index([orders.commits[random(orders.commits.length)]!], { history: true });
    return;
  }
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), random(orders.abortMsMax));
  try {
    await engine.index([], { all: true, history: true, signal: abort.signal });
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function during(phase: Phase, action: () => Promise<unknown>): Promise<void> {
  begin(phase);
  await action();
  begin('rest');
  const { commits } = await engine.status();
  say({ say: 'acknowledged', commits });
}

function begin(phase: Phase): void {
  say({ say: 'phase', phase, changes });
  dieAt = Infinity;
  if (phase === orders.die?.phase && skip-- <= 0) dieAt = changes + orders.die.atChange;
}

/** Segments are merged in the background, by the only writer that does not wait for the lock. */
function announceMerging(): void {
  const { asWriter } = Store.prototype;
  Store.prototype.asWriter = async function <T>(
    this: Store,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    action: () => Promise<T>,
  ): Promise<T> {
    return asWriter.call(this, timeoutMs, signal, async () => {
      const merges = timeoutMs === 0 && nextMerge(this.catalog.segments()) !== null;
      if (merges) begin('merge');
      const result = await action();
      if (merges) begin('rest');
      return result;
    }) as Promise<T>;
  };
}

/** Counts what changes files, and dies where it should: before a change, or when half of a write is written. */
function countChanges(): void {
  const changing = [
    'fdatasyncSync',
    'fsyncSync',
    'linkSync',
    'renameSync',
    'rmSync',
    'unlinkSync',
    'writeSync',
  ] as const;
  for (const name of changing) {
    const change = fs[name] as (...args: unknown[]) => unknown;
    Object.assign(fs, {
      [name]: (...args: unknown[]): unknown => {
        if (++changes >= dieAt) {
          const [fd, bytes] = args;
          if (name === 'writeSync' && Buffer.isBuffer(bytes)) writeOut(fd as number, bytes, 0, bytes.length >> 1);
          process.kill(process.pid, 'SIGKILL');
        }
        return change(...args);
      },
    });
  }
  syncBuiltinESMExports();
}
