import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { rssOf } from '../daemon/process-usage.js';
import { git, median, timed } from '../support/measure.js';
import { openPublisher } from '../../src/engine/index.js';
import { Serving } from './coppice.js';
import { megabytes, milliseconds, type RemoteBench } from './context.js';

const filesMax = 1500;

/** One node that serves many repositories: all of them asked, over and over. */
export async function manyRepositories(bench: RemoteBench, places: readonly string[], count: number): Promise<void> {
  const { folder, report, env, queries } = bench;
  const remote = 's3://bench/many';
  const own = join(folder, 'many-own');
  Object.assign(process.env, env);
  let bytes = 0;
  let published = 0;
  for (const place of places) {
    if (published === count) break;
    if (!existsSync(join(place, 'HEAD'))) continue;
    const files = git(place, 'ls-tree', '-r', '--name-only', 'HEAD').split('\n').length;
    if (files > filesMax || files < 5) continue;
    const publisher = await openPublisher({ repo: place, store: own });
    bytes += (await publisher.push(remote, ['HEAD'])).bytes;
    await publisher.close();
    published++;
  }
  const node = await Serving.start(['--remote', remote, '--cache', join(folder, 'many-cache')], env, null);
  const { repositories } = await node.ask<{ repositories: { name: string }[] }>('repositories', {});
  const first: number[] = [];
  const later: number[] = [];
  let peak = 0;
  for (let round = 0; round < 3; round++)
    for (const [i, { name }] of repositories.entries()) {
      const { ms } = await timed(() =>
        node.ask('search', { repo: name, query: queries[(i * 7 + round) % queries.length]!, rev: 'HEAD' }),
      );
      (round === 0 ? first : later).push(ms);
      peak = Math.max(peak, rssOf(node.pid));
    }
  report.add(
    `a node with ${repositories.length} repositories (${megabytes(bytes)} of packs), all asked three times: memory, most and at the end`,
    `${(peak / 2 ** 20).toFixed(0)} MiB, ${(rssOf(node.pid) / 2 ** 20).toFixed(0)} MiB`,
    '≤ 600 MiB',
    peak <= 600 * 2 ** 20,
  );
  report.add(
    'first question on each; later ones: p50, most',
    `${milliseconds(median(first))}, ${milliseconds(Math.max(...first))}; ${milliseconds(median(later))}, ${milliseconds(Math.max(...later))}`,
    'first ≤ 1 s',
    Math.max(...first) <= 1000,
    { first, later },
  );
  await node.stop();
}
