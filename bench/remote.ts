// Remotes, on a real repository and a real S3 server that it starts: npm run bench -- remote --repo PATH [--part first|next|node|nodes|answers|many]
// `next` is needed by node, nodes and answers, and runs before them. --commits 40: how many are pushed one by one. --since 2000: instead of the whole
// history, so many commits are published before. --store DIR: of `first`, a store that has HEAD already (a large tree), which is pushed from;
// indexing is then not measured. --full: each of 500 questions at each of 20 commits, not one of them.
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startS3Server } from '../test/support/s3-server.js';
import { StormProxy } from '../test/support/storm-proxy.js';
import { cleanUpOnSignals, onEnd, removeOnEnd } from './daemon/cleanup.js';
import { firstSearch } from './remote/first.js';
import { manyRepositories } from './remote/many.js';
import { nextCommits } from './remote/next.js';
import { equalAnswers, searchNode } from './remote/node.js';
import { threeNodes } from './remote/nodes.js';
import type { RemoteBench } from './remote/context.js';
import { chooseQueries, linesAt } from './support/patterns.js';
import { Report, flag, machine, option, printTable, repositoryName, writeJson } from './support/measure.js';

cleanUpOnSignals();
const repo = resolve(option('repo'));
const parts = process.argv.flatMap((word, i) => (process.argv[i - 1] === '--part' ? [word] : []));
const does = (part: string): boolean => (parts.length === 0 ? part !== 'many' : parts.includes(part));
const folder = mkdtempSync(join(tmpdir(), 'coppice-bench-remote-'));
removeOnEnd(folder);
const server = await startS3Server();
if (server === null) throw new Error('needs Go, or COPPICE_TEST_S3, for a real S3 server');
onEnd(() => server.signal('SIGKILL'));
await server.makeBucket('bench');
const storage = await StormProxy.start(server.endpoint);
const report = new Report();
const lines = linesAt(repo, 'HEAD');
const queries = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((turn) => chooseQueries(lines.slice(turn * 31)));
const env = { ...server.env, AWS_ENDPOINT_URL: storage.endpoint };
const bench: RemoteBench = {
  repo,
  folder,
  report,
  env,
  storage,
  queries,
  repetitions: Number(option('repetitions', '3')),
};

if (does('first')) await firstSearch(bench, process.argv.includes('--store') ? option('store') : null);
if (does('next') || does('node') || does('nodes') || does('answers')) {
  const since = process.argv.includes('--since') ? Number(option('since')) : null;
  const published = await nextCommits(bench, Number(option('commits', '40')), since);
  if (does('node')) await searchNode(bench, published);
  const size = { questions: Number(option('questions', '500')), revs: 20, all: flag('full') };
  if (does('nodes')) await threeNodes(bench, published, Number(option('requests', '10000')));
  if (does('answers')) await equalAnswers(bench, published, size);
}
if (does('many')) {
  const mirror = resolve(option('mirror'));
  const others = readdirSync(mirror).map((name) => join(mirror, name, 'repo'));
  await manyRepositories(bench, others, Number(option('repositories', '100')));
}
await storage.stop();
await server.stop();
const name = repositoryName(repo);
printTable(`remotes, ${name}; ${machine()}`, report.rows);
writeJson(`remote-${name}`, { repository: name, machine: machine(), ...report });
process.exit(0);
