import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Balancer, askTwice } from '../../test/support/balancer.js';
import { Serving } from './coppice.js';
import type { RemoteBench } from './context.js';
import type { PublishedHistory } from './next.js';

const token = 'a-token-of-the-bench';
const clients = 8;

/** Three nodes behind one name, one of which is killed in the middle and comes again. */
export async function threeNodes(
  bench: RemoteBench,
  { remote, own, commits }: PublishedHistory,
  requests: number,
): Promise<void> {
  const { repo, folder, report, queries } = bench;
  const hash = `sha256:${createHash('sha256').update(token).digest('hex')}`;
  const users = JSON.stringify({ users: [{ name: 'all', tokens: [hash], repositories: ['**'] }] });
  const env = { ...bench.env, COPPICE_USERS: users };
  const start = (i: number, port: string): Promise<Serving> =>
    Serving.start(['--remote', remote, '--cache', join(folder, `three-${i}`), '--port', port], env, token);
  const nodes = await Promise.all([0, 1, 2].map((i) => start(i, '0')));
  const [{ name }] = (await nodes[0]!.ask<{ repositories: [{ name: string }] }>('repositories', {})).repositories;
  const local = await Serving.start(['--store', own], bench.env, null);
  const revs = commits.slice(0, 8);
  const expected = new Map<string, string>();
  const question = (i: number): { query: string; rev: string } => ({
    query: queries[i % 40]!,
    rev: revs[i % revs.length]!,
  });
  for (let i = 0; i < 40 * revs.length; i++) {
    const asked = question(i);
    if (expected.has(JSON.stringify(asked))) continue;
    expected.set(JSON.stringify(asked), told(JSON.stringify(await local.ask('search', { repo, ...asked }))));
  }
  await local.stop();
  const balancer = await Balancer.start(nodes.map(({ url }) => url));
  let done = 0;
  let wrong = 0;
  let failed = 0;
  let retried = 0;
  const restarted: Promise<void>[] = [];
  const victim = nodes[1]!;
  const client = async (): Promise<void> => {
    while (done < requests) {
      const i = done++;
      if (i === Math.floor(requests / 3)) {
        await victim.stop('SIGKILL');
        const started = new Promise((resolve) => setTimeout(resolve, 2000)).then(async () => {
          nodes[1] = await start(1, new URL(victim.url).port);
        });
        restarted.push(started);
      }
      const asked = question(i);
      const answer = await askTwice(balancer.url, 'search', { repo: name, ...asked }, token);
      if (answer === null) failed++;
      else {
        if (answer.retried) retried++;
        if (told(answer.text) !== expected.get(JSON.stringify(asked))) wrong++;
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  await Promise.all(restarted);
  report.add(
    `three nodes behind one name, one killed and started again during ${requests} requests: wrong; failed after one retry; retried`,
    `${wrong}; ${failed}; ${retried}`,
    '0; 0',
    wrong === 0 && failed === 0,
  );
  await balancer.stop();
  for (const node of nodes) await node.stop();
}

/** What of an answer does not depend on who gives it. */
const told = (text: string): string =>
  JSON.stringify(
    (JSON.parse(text) as { hits: { path: string; startLine: number; score: number; text: string }[] }).hits.map(
      ({ path, startLine, score, text }) => [path, startLine, score, text],
    ),
  );
