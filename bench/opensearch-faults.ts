// A search cluster under kill -9: npm run bench -- opensearch-faults --repo PATH [--part nodes|publishers] [--seconds 150] [--queries 2000] [--commits 40] [--pushers 8]
// nodes: three of them, one is killed while queries are asked and commits published. publishers: several at once, killed at random.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEngine, openPublisher } from '../src/engine/index.js';
import type { Engine } from '../src/engine/index.js';
import { randomFrom, type Random } from '../test/crash/support/random.js';
import { startOpenSearch } from '../test/support/opensearch.js';
import type { OpenSearch } from '../test/support/opensearch.js';
import { Report, git, machine, median, option, printTable, repositoryName, writeJson } from './support/measure.js';
import { Publishers, isPublisher, publishAsTold } from './support/publishers.js';

if (isPublisher()) await publishAsTold();
else await run();

async function run(): Promise<void> {
  const repo = resolve(option('repo'));
  const part = option('part', 'nodes');
  const folder = mkdtempSync(join(tmpdir(), 'coppice-opensearch-faults-'));
  const nodes = part === 'nodes' ? 3 : 1;
  const cluster = await startOpenSearch({ nodes, heapMegabytes: nodes === 3 ? 384 : 512 });
  if (cluster === null) process.exit(2);
  try {
    const commits = git(repo, 'rev-list', '--first-parent', '-n', option('commits', '40'), 'HEAD').trim().split('\n');
    const store = join(folder, 'store');
    const engine = await openEngine({ repo, store });
    console.error(`indexing ${commits.length} commits`);
    await engine.index(commits);
    const setting = { repo, folder, store, commits, engine, cluster, random: randomFrom(Number(option('seed', '1'))) };
    const report = await (part === 'nodes' ? killNode(setting) : killPublishers(setting));
    printTable(`${repositoryName(repo)}, ${part}; ${machine()}`, report.rows);
    writeJson(`opensearch-faults-${part}-${repositoryName(repo)}`, { machine: machine(), rows: report.rows });
    await engine.close();
  } finally {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Setting {
  readonly repo: string;
  readonly folder: string;
  readonly store: string;
  /** The newest first. */
  readonly commits: readonly string[];
  /** Has all of them. */
  readonly engine: Engine;
  readonly cluster: OpenSearch;
  readonly random: Random;
}

/** A piece of some line; no cluster has been asked for most of them. */
function piecesOf(repo: string, random: Random): () => string {
  const lines = git(repo, 'grep', '-hI', '-E', '[a-z]{4}', 'HEAD')
    .split('\n')
    .filter((line) => line.length > 8 && line.length < 200);
  return () => {
    const line = lines[random(lines.length)]!.trim();
    const from = random(Math.max(1, line.length - 6));
    return line.slice(from, from + 4 + random(12));
  };
}

/** Commits whose lines are otherwise than the store has them. */
async function wrongIn(setting: Setting, remote: string, commits: readonly string[]): Promise<string[]> {
  const { repo, engine, folder, random } = setting;
  const piece = piecesOf(repo, random);
  const far = await openEngine({ repo, store: join(folder, 'reader'), settings: { remote } });
  const wrong: string[] = [];
  for (const rev of commits)
    for (const pattern of [piece(), piece()]) {
      const ask = async (of: Engine): Promise<string> =>
        JSON.stringify((await of.grep(pattern, { rev, literal: true })).lines);
      if ((await ask(far)) !== (await ask(engine))) wrong.push(rev);
    }
  // What is not in the cluster would have been indexed.
  if ((await far.status()).chunks > 0) wrong.push('something was not published');
  await far.close();
  return wrong;
}

async function problemsOf({ repo, store }: Setting, remote: string): Promise<string[]> {
  const publisher = await openPublisher({ repo, store, workers: 0 });
  const { problems } = await publisher.examine(remote);
  await publisher.close();
  return problems.map(({ where, message }) => `${where}: ${message}`);
}

async function killNode(setting: Setting): Promise<Report> {
  const { repo, folder, store, commits, engine, cluster, random } = setting;
  const remote = cluster.remote('killed');
  const first = commits.slice(-2);
  const more = commits.slice(0, -2).reverse();
  const publisher = await openPublisher({ repo, store, workers: 0 });
  await publisher.push(`${remote}?shards=3&replicas=1`, first);
  const far = await openEngine({ repo, store: join(folder, 'asking'), settings: { remote } });
  const piece = piecesOf(repo, random);
  const queries = Number(option('queries', '2000'));
  const endMs = performance.now() + 1000 * Number(option('seconds', '150'));
  let isOver = false;
  const acked: string[] = [...first];
  const refused = new Map<string, number>();
  const refuse = (error: unknown, what: string): void => {
    const code = `${what} ${(error as { code?: string }).code ?? String(error)}`;
    refused.set(code, (refused.get(code) ?? 0) + 1);
  };
  const publishing = (async () => {
    for (const commit of more) {
      if (isOver) return;
      for (let tries = 0; !isOver && tries < 10; tries++)
        try {
          await publisher.push(`${remote}?shards=3&replicas=1`, [commit]);
          acked.push(commit);
          break;
        } catch (error) {
          refuse(error, 'push');
        }
    }
  })();
  let asked = 0;
  let wrong = 0;
  let killedAt = 0;
  let lastRefusedMs = 0;
  const times: number[] = [];
  for (; asked < queries && performance.now() < endMs; asked++) {
    // While both are under way.
    if (killedAt === 0 && acked.length * 2 >= commits.length) {
      cluster.kill(1);
      killedAt = performance.now();
      console.error(`a node is killed after ${asked} queries and ${acked.length} commits`);
    }
    const [pattern, rev] = [piece(), first[asked % first.length]!];
    const start = performance.now();
    try {
      const { lines } = await far.grep(pattern, { rev, literal: true });
      times.push(performance.now() - start);
      const own = (await engine.grep(pattern, { rev, literal: true })).lines;
      if (JSON.stringify(lines) !== JSON.stringify(own)) wrong++;
    } catch (error) {
      refuse(error, 'query');
      lastRefusedMs = performance.now() - killedAt;
    }
  }
  isOver = true;
  await publishing;
  await publisher.close();
  await far.close();
  const lost = await wrongIn(setting, remote, acked);
  const report = new Report();
  const told = [...refused].map(([code, count]) => `${code}: ${count}`).join(', ') || 'none';
  report.add(`${asked} queries, one of three nodes killed: wrong answers`, String(wrong), '0', wrong === 0);
  report.add(
    `errors (the last of a query ${(lastRefusedMs / 1000).toFixed(1)} s after the kill)`,
    told,
    'coded',
    [...refused.keys()].every((key) => key.includes(' REMOTE_')),
  );
  report.add(`acknowledged commits that are lost`, `${lost.length} of ${acked.length}`, '0', lost.length === 0);
  const slowest = times.length === 0 ? 0 : Math.max(...times);
  report.add(`a query: p50, most`, `${median(times).toFixed(0)}, ${slowest.toFixed(0)} ms`, '-', true);
  return report;
}

async function killPublishers(setting: Setting): Promise<Report> {
  const { repo, folder, store, commits, cluster, random } = setting;
  const remote = cluster.remote('published');
  let count = 0;
  const publishers = new Publishers({
    program: import.meta.url,
    repo,
    remote,
    commits,
    atOnce: Number(option('pushers', '8')),
    makeStore: () => {
      const own = join(folder, `store-${count++}`);
      cpSync(store, own, { recursive: true });
      return own;
    },
    random,
    killEvery: 10,
  });
  await publishers.run(1000 * Number(option('seconds', '150')));
  const { acked, kills, killedBusy, tookMs } = publishers;
  const failures = new Map<string, number>();
  for (const { code } of publishers.failures) failures.set(code, (failures.get(code) ?? 0) + 1);
  const problems = await problemsOf(setting, remote);
  for (const problem of problems.slice(0, 5)) console.error(problem);
  const lost = await wrongIn(setting, remote, [...acked]);
  const report = new Report();
  const told = [...failures].map(([code, times]) => `${code}: ${times}`).join(', ') || 'none';
  report.add(
    `${option('pushers', '8')} publishers, ${kills} killed (${killedBusy} in a push) in ${(tookMs / 1000).toFixed(0)} s, ${acked.size} of ${commits.length} commits acknowledged; failures: ${told}. Lost`,
    `${lost.length} of ${acked.size}`,
    '0',
    lost.length === 0,
  );
  report.add(
    'numbers given twice, orphans that are seen, anything else a doctor tells',
    String(problems.length),
    '0',
    problems.length === 0,
  );
  return report;
}
