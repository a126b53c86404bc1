import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openEngine } from '../../../src/engine/index.js';
import { randomFrom, randomSource } from '../../crash/support/random.js';
import type { Message } from '../../crash/support/victim.js';
import { bundleProgram } from '../../support/bundle.js';
import { makeFolder, makeRepository } from '../../support/git.js';

export interface LooksOptions {
  /** At least; it takes longer where a machine is so busy that there are too few looks or acts by then. */
  readonly ms: number;
  readonly looksMin?: number;
  readonly actsMin?: number;
  readonly writers: number;
  readonly seed: number;
  readonly onLook?: (looks: number) => void;
}

export interface LooksResult {
  readonly looks: number;
  /** What was said to be wrong with a store that nothing is wrong with. */
  readonly reports: readonly string[];
  /** Things that the writers did meanwhile, and collections among them. */
  readonly acts: number;
  readonly collections: number;
}

const commitCount = 4;

/** Has doctor look at a store again and again while processes fork, edit, index, drop and collect in it. */
export async function doctorBesideWriters({
  ms,
  looksMin = 1,
  actsMin = 1,
  writers,
  seed,
  onLook,
}: LooksOptions): Promise<LooksResult> {
  const random = randomFrom(seed);
  const repository = makeRepository();
  for (let commit = 0; commit < commitCount; commit++) {
    const files = Array.from({ length: 6 }, (_, i) => [`src/m${i}.ts`, randomSource(random, 15)] as const);
    repository.commit(Object.fromEntries(files));
  }
  const store = join(makeFolder(), 'store');
  const program = await bundleProgram('crash/support/victim.ts');
  const counts = { acts: 0, collections: 0 };
  const reports: string[] = [];
  const children = Array.from({ length: writers }, (_, i) => {
    const args = [program, repository.path, store, String(seed * 1000 + i), String(commitCount)];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, VICTIM_LOCK_MS: '600000' }, // they wait for one another
    });
    let errors = '';
    child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
    child.on('exit', (code) => {
      if (code !== null) reports.push(`a writer ended by itself (${code}): ${errors}`);
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = JSON.parse(line) as Message;
      if (message.say !== 'done') return;
      counts.acts++;
      if (message.act.do === 'gc') counts.collections++;
    });
    return child;
  });
  const engine = await openEngine({ repo: repository.path, store, workers: 0 });
  const collector = await openEngine({ repo: repository.path, store, workers: 0, lockTimeoutMs: 600_000 });
  let looks = 0;
  const endMs = performance.now() + ms;
  const goesOn = (): boolean =>
    reports.length === 0 && (performance.now() < endMs || looks < looksMin || counts.acts < actsMin);
  const collecting = (async () => {
    while (goesOn()) {
      await collector.gc();
      counts.acts++;
      counts.collections++;
    }
  })();
  try {
    while (goesOn()) {
      const { problems } = await engine.doctor();
      reports.push(...problems.map(({ where, message }) => `${where}: ${message}`));
      looks++;
      onLook?.(looks);
      await new Promise(setImmediate); // the collector has its turn
    }
    await collecting;
  } finally {
    for (const child of children) {
      child.removeAllListeners('exit');
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await ended;
      }
    }
    await engine.close();
    await collector.close();
  }
  return { looks, reports, ...counts };
}
