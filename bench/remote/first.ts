import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../support/measure.js';
import { ask, type Ended } from './coppice.js';
import { milliseconds, type RemoteBench } from './context.js';

/** The first search of a store that has nothing: made here, taken by itself, pulled before. By turns. */
export async function firstSearch(bench: RemoteBench, from: string | null): Promise<void> {
  const { repo, folder, report, env, queries, repetitions } = bench;
  const remote = 's3://bench/first';
  const own = from ?? join(folder, 'first-own');
  const pushed = await ask<{ bytes: number; packs: number }>(
    ['push', remote, 'HEAD', '--repo', repo, '--store', own],
    env,
  );
  report.add(
    'push of HEAD to an empty remote',
    `${milliseconds(pushed.ms)}, ${pushed.answer.packs} packs, ${(pushed.answer.bytes / 1e6).toFixed(1)} MB`,
    '-',
    null,
  );
  const runs = { indexing: [] as Ended[], taking: [] as Ended[], pulling: [] as Ended[] };
  const search = (store: string, more: Record<string, string> = {}): Promise<Ended> =>
    ask(['search', queries[0]!, '--rev', 'HEAD', '--repo', repo, '--store', store], { ...env, ...more });
  for (let i = 0; i < repetitions; i++) {
    const store = (what: string): string => join(folder, `first-${what}-${i}`);
    if (from === null) runs.indexing.push(await search(store('indexing')));
    runs.taking.push(await search(store('taking'), { COPPICE_REMOTE: remote }));
    const pulled = await ask(['pull', remote, 'HEAD', '--repo', repo, '--store', store('pulling')], env);
    const searched = await search(store('pulling'));
    runs.pulling.push({ ...searched, ms: pulled.ms + searched.ms, cpuMs: pulled.cpuMs + searched.cpuMs });
    for (const what of ['indexing', 'taking', 'pulling']) rmSync(store(what), { recursive: true, force: true });
  }
  const of = (ended: readonly Ended[], key: 'ms' | 'cpuMs'): number => median(ended.map((one) => one[key]));
  const tell = (what: string, ended: readonly Ended[]): void => {
    const share = of(ended, 'ms') / of(runs.indexing, 'ms');
    const cpu = of(ended, 'cpuMs') / of(runs.indexing, 'cpuMs');
    report.add(
      `first search of a fresh store, ${what}, of one with indexing`,
      from !== null
        ? `${milliseconds(of(ended, 'ms'))} (processor ${milliseconds(of(ended, 'cpuMs'))})`
        : `${(share * 100).toFixed(0)} % (${milliseconds(of(ended, 'ms'))} of ${milliseconds(of(runs.indexing, 'ms'))}; processor time ${(cpu * 100).toFixed(0)} %)`,
      '≤ 35 %, of a kernel ≤ 20 %',
      from !== null ? null : share <= 0.35,
      ended,
    );
  };
  tell('taken by itself', runs.taking);
  tell('`pull` first', runs.pulling);
}
