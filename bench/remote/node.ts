import { join } from 'node:path';
import { openEngine } from 'coppice';
import type { Engine } from 'coppice';
import { rssOf } from '../daemon/process-usage.js';
import { median, quantile, repositoryName, timed } from '../support/measure.js';
import { Serving, ask } from './coppice.js';
import { milliseconds, type RemoteBench } from './context.js';
import type { PublishedHistory } from './next.js';

interface Hits {
  readonly hits: readonly Record<string, unknown>[];
}

/** A search node on the same storage, against a daemon of the store that was pushed. */
export async function searchNode(bench: RemoteBench, { remote, own, commits }: PublishedHistory): Promise<void> {
  const { repo, folder, report, env, queries } = bench;
  const name = repositoryName(repo);
  const start = (cache: string): Promise<Serving> =>
    Serving.start(['--remote', remote, '--cache', join(folder, cache)], env, null);
  let node = await start('node-cold');
  const named = (await node.ask<{ repositories: { name: string }[] }>('repositories', {})).repositories[0]!.name;
  const question = (rev: string, query = queries[0]!): object => ({ repo: named, query, rev });
  const cold = await timed(() => node.ask('search', question(commits[0]!)));
  report.add('search node with an empty cache: its first question', milliseconds(cold.ms), '≤ 1 s', cold.ms <= 1000);
  const others: number[] = [];
  for (const rev of commits.slice(1)) others.push((await timed(() => node.ask('search', question(rev)))).ms);
  report.add(
    `first question on each of ${others.length} commits never opened: p50, most`,
    `${milliseconds(median(others))}, ${milliseconds(Math.max(...others))}`,
    '≤ 1 s',
    Math.max(...others) <= 1000,
    others,
  );
  await node.stop('SIGKILL');
  const again = await timed(async () => {
    node = await start('node-cold');
    return node.ask('search', question(commits.at(-1)!));
  });
  report.add('the same after kill -9, with its start', milliseconds(again.ms), '-', null);
  const local = await Serving.start(['--store', own], env, null);
  const warm = { node: [] as number[], local: [] as number[] };
  for (let round = 0; round < 4; round++)
    for (const query of queries.slice(0, 40)) {
      const rev = commits.at(-1)!;
      const theirs = (await timed(() => node.ask('search', question(rev, query)))).ms;
      const ours = (await timed(() => local.ask('search', { repo, query, rev }))).ms;
      if (round > 0) {
        warm.node.push(theirs);
        warm.local.push(ours);
      }
    }
  const ratio = median(warm.node) / median(warm.local);
  report.add(
    'warm search of a node against a local daemon, over HTTP, by turns: p50',
    `${ratio.toFixed(2)}x (${median(warm.node).toFixed(1)} ms of ${median(warm.local).toFixed(1)} ms; p99 ${quantile(warm.node, 0.99).toFixed(1)} ms)`,
    '≤ 1.3x',
    ratio <= 1.3,
  );
  report.add(
    `memory of the node with ${name} alone`,
    `${(rssOf(node.pid) / 2 ** 20).toFixed(0)} MiB`,
    '≤ 600 MiB',
    rssOf(node.pid) <= 600 * 2 ** 20,
  );
  await node.stop();
  await local.stop();
}

/** The same questions to a store that pulled, to a node, and to a store that indexed itself. */
export async function equalAnswers(
  bench: RemoteBench,
  { remote, commits }: PublishedHistory,
  { questions, revs, all }: { readonly questions: number; readonly revs: number; readonly all: boolean },
): Promise<void> {
  const { repo, folder, report, env } = bench;
  const step = Math.max(1, Math.floor(commits.length / revs));
  const chosen = commits.filter((_, i) => i % step === 0).slice(0, revs);
  const asked = bench.queries.slice(0, questions);
  await ask(['pull', remote, ...chosen, '--repo', repo, '--store', join(folder, 'answers-pulled')], env);
  const pulled = await openEngine({ repo, store: join(folder, 'answers-pulled') });
  const fresh = await openEngine({ repo, store: join(folder, 'answers-fresh') });
  const node = await Serving.start(['--remote', remote, '--cache', join(folder, 'answers-node')], env, null);
  const named = (await node.ask<{ repositories: { name: string }[] }>('repositories', {})).repositories[0]!.name;
  await fresh.index(chosen);
  let compared = 0;
  const differing: string[] = [];
  const compare = (what: string, own: unknown, pulledOnes: unknown, nodes: unknown): void => {
    compared++;
    const text = JSON.stringify(own);
    if (JSON.stringify(pulledOnes) !== text) differing.push(`${what}: pulled`);
    if (JSON.stringify(nodes) !== text) differing.push(`${what}: node`);
  };
  for (const [i, query] of asked.entries())
    for (const [j, rev] of chosen.entries()) {
      if (!all && i % chosen.length !== j) continue;
      for (const mode of ['hybrid', 'lexical', 'semantic'] as const) {
        const search = async (engine: Engine): Promise<unknown> =>
          plain((await engine.search(query, { rev, mode })).hits);
        const { hits } = await node.ask<Hits>('search', { repo: named, query, rev, mode });
        compare(`${mode} ${query} at ${rev.slice(0, 10)}`, await search(fresh), await search(pulled), plain(hits));
      }
      const pattern = query.split(' ')[0]!;
      const grep = async (engine: Engine): Promise<unknown> =>
        (await engine.grep(pattern, { rev, literal: true })).lines.map(({ path, line, text }) => ({
          path,
          line,
          text,
        }));
      const { lines } = await node.ask<{ lines: { path: string; line: number; text: string }[] }>('grep', {
        repo: named,
        pattern,
        rev,
        literal: true,
      });
      compare(
        `grep ${pattern} at ${rev.slice(0, 10)}`,
        await grep(fresh),
        await grep(pulled),
        lines.map(({ path, line, text }) => ({ path, line, text })),
      );
      const symbols = async (engine: Engine): Promise<unknown> =>
        plain((await engine.symbols(pattern, { rev })).symbols);
      const found = await node.ask<{ symbols: Record<string, unknown>[] }>('symbols', {
        repo: named,
        name: pattern,
        rev,
      });
      compare(
        `symbols ${pattern} at ${rev.slice(0, 10)}`,
        await symbols(fresh),
        await symbols(pulled),
        plain(found.symbols),
      );
    }
  await Promise.all([pulled.close(), fresh.close(), node.stop()]);
  report.add(
    `answers of a pulled store and of a node against a store that indexed itself: ${asked.length} questions, ${chosen.length} commits, all modes, scores too`,
    `${differing.length} of ${2 * compared} differ`,
    '0',
    differing.length === 0,
    differing.slice(0, 100),
  );
}

/** Without what tells the place: a node calls the repository by its published name, and only a store with the history says since when. */
const plain = (hits: readonly unknown[]): unknown[] =>
  hits.map((hit) => {
    const rest = { ...(hit as Record<string, unknown>) };
    for (const key of ['repo', 'firstSeen', 'freshness', 'rev']) delete rest[key];
    return rest;
  });
