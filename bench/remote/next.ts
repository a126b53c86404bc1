import { join } from 'node:path';
import { openStorage } from '../../src/remote/index.js';
import { git, median, quantile } from '../support/measure.js';
import { ask, type Ended } from './coppice.js';
import { megabytes, milliseconds, type RemoteBench } from './context.js';

interface Pushed {
  readonly bytes: number;
  readonly tookMs: number;
}

export interface PublishedHistory {
  readonly remote: string;
  /** Of who pushed it. */
  readonly own: string;
  /** Of who pulled every commit since. */
  readonly pulled: string;
  /** The commits that came after the history, the oldest first. */
  readonly commits: readonly string[];
}

/** A whole history pushed, then one commit after another pushed and pulled. */
export async function nextCommits(bench: RemoteBench, count: number, since: number | null): Promise<PublishedHistory> {
  const { repo, folder, report, env, storage } = bench;
  const remote = 's3://bench/history';
  const own = join(folder, 'history-own');
  const pulled = join(folder, 'history-pulled');
  const commits = git(repo, 'rev-list', '--first-parent', `--max-count=${count + 1}`, 'HEAD')
    .trim()
    .split('\n')
    .reverse();
  const [base, ...next] = commits as [string, ...string[]];
  const args = (store: string): string[] => ['--repo', repo, '--store', store];
  const published =
    since === null
      ? ['--history', base]
      : git(repo, 'rev-list', '--first-parent', `--max-count=${since}`, base).trim().split('\n');
  const first = await ask<Pushed & { commits: number; packs: number }>(
    ['push', remote, ...published, ...args(own)],
    env,
  );
  const local = await ask<{ sizeBytes: number }>(['status', ...args(own)], env);
  const held = await bytesAt(env, remote);
  const ratio = held / local.answer.sizeBytes;
  report.add(
    `${first.answer.commits} commits pushed: size against the local store`,
    `${ratio.toFixed(2)}x (${megabytes(held)} in ${first.answer.packs} packs; local ${megabytes(local.answer.sizeBytes)}; ${milliseconds(first.ms)})`,
    '≤ 1.1x',
    ratio <= 1.1,
  );
  await ask(['pull', remote, base, ...args(pulled)], env);
  const pushes: (Ended & { sent: number; inside: number; text: number })[] = [];
  const pulls: (Ended & { inside: number })[] = [];
  for (const commit of next) {
    storage.reset();
    const push = await ask<Pushed>(['push', remote, commit, ...args(own)], env);
    const text = Buffer.byteLength(git(repo, 'show', '--format=%B', '-p', '-m', '--first-parent', commit));
    pushes.push({ ...push, sent: storage.bytesUp, inside: push.answer.tookMs, text });
    const pull = await ask<{ tookMs: number; revs: { taken: string; commit: string }[] }>(
      ['pull', remote, commit, ...args(pulled)],
      env,
    );
    if (pull.answer.revs[0]!.taken !== commit) throw new Error(`${commit} was pushed and is not taken`);
    pulls.push({ ...pull, inside: pull.answer.tookMs });
  }
  const ms = pushes.map((push) => push.ms);
  report.add(
    `push of one more commit to a remote with ${first.answer.commits}, as a process: p50, p90`,
    `${milliseconds(median(ms))}, ${milliseconds(quantile(ms, 0.9))} (within it ${milliseconds(median(pushes.map(({ inside }) => inside)))}; processor ${milliseconds(median(pushes.map(({ cpuMs }) => cpuMs)))})`,
    'p50 ≤ 700 ms',
    median(ms) <= 700,
    pushes.map(({ ms, cpuMs, inside, sent, text }) => ({ ms, cpuMs, inside, sent, text })),
  );
  const over = pushes.filter(({ sent, text }) => sent > 64 * 1024 + 3 * text);
  report.add(
    'bytes sent by it, all requests: p50, most; pushes over 64 KiB and 3x the diff',
    `${(median(pushes.map(({ sent }) => sent)) / 1024).toFixed(1)} KiB, ${(Math.max(...pushes.map(({ sent }) => sent)) / 1024).toFixed(1)} KiB; ${over.length} of ${pushes.length}`,
    '0 over it',
    over.length === 0,
    over.map(({ sent, text }) => ({ sent, text })),
  );
  const pullMs = pulls.map((pull) => pull.ms);
  report.add(
    'pull of one more commit, as a process: p50, p90',
    `${milliseconds(median(pullMs))}, ${milliseconds(quantile(pullMs, 0.9))} (within it ${milliseconds(median(pulls.map(({ inside }) => inside)))}; processor ${milliseconds(median(pulls.map(({ cpuMs }) => cpuMs)))})`,
    'p50 ≤ 300 ms',
    median(pullMs) <= 300,
    pulls.map(({ ms, cpuMs, inside }) => ({ ms, cpuMs, inside })),
  );
  return { remote, own, pulled, commits: next };
}

/** Every object of a remote. */
async function bytesAt(env: Readonly<Record<string, string>>, address: string): Promise<number> {
  Object.assign(process.env, env);
  const storage = openStorage(address);
  let bytes = 0;
  for (const prefix of ['packs/', 'tables/', 'objects/', 'heads/'])
    for await (const { sizeBytes } of storage.list(prefix)) bytes += sizeBytes;
  return bytes;
}
