// Each distinct chunk is described once in the store's life, and what leaves the machine is what was said before.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { openEngine, type Engine } from 'coppice';

import type { Report } from '../support/measure.js';
import { describeWith, startChatStub } from './chat-stub.js';

const sorted = (bodies: Iterable<string>): string => JSON.stringify([...bodies].sort());

export async function measureOnce(repo: string, folder: string, commits: number, report: Report): Promise<void> {
  const stub = await startChatStub((user) => `Text of ${String(user.length)} characters, ${user.slice(-40)}`);
  const open = (name: string, path = repo): Promise<Engine> => {
    const store = join(folder, name);
    describeWith(store, stub);
    return openEngine({ repo: path, store });
  };
  /** The bodies of the requests while something runs. */
  const sentBy = async (action: () => Promise<unknown>): Promise<string[]> => {
    const from = stub.bodies.length;
    await action();
    return stub.bodies.slice(from);
  };
  const planned = async (engine: Engine, rev: string): Promise<string[]> => {
    const bodies: string[] = [];
    for await (const { body } of engine.describePlan([rev])) bodies.push(JSON.stringify(body));
    return bodies;
  };
  const count = (bodies: readonly string[]): string => String(bodies.length);
  try {
    const older = `HEAD~${String(commits)}`;
    const engine = await open('once');
    let first: string[];
    let newer: string[];
    try {
      const plan = await planned(engine, older);
      first = await sentBy(() => engine.describe([older]));
      report.add(
        `described ${older}: requests; what was sent is what the dry run said`,
        `${count(first)}; ${sorted(plan) === sorted(first) ? 'yes' : 'no'}`,
        'yes',
        sorted(plan) === sorted(first),
      );
      const again = await sentBy(() => engine.describe([older]));
      report.add('the same again: requests', count(again), '0', again.length === 0);
      newer = await sentBy(() => engine.describe(['HEAD']));
    } finally {
      await engine.close();
    }
    const fresh = await open('fresh');
    let alone: string[];
    try {
      alone = await sentBy(() => fresh.describe(['HEAD']));
    } finally {
      await fresh.close();
    }
    // Chunks that differ in white space at their end alone are asked about in the same words.
    const known = new Set(first);
    const unknown = (bodies: readonly string[]): string[] => bodies.filter((body) => !known.has(body));
    report.add(
      `after ${String(commits)} commits: requests, of which never sent before; the same of a fresh store`,
      `${count(newer)}, ${count(unknown(newer))}; ${count(alone)}, ${count(unknown(alone))}`,
      'equal',
      sorted(unknown(newer)) === sorted(unknown(alone)),
    );
    const clone = join(folder, 'clone');
    execFileSync('git', ['clone', '-q', '--no-checkout', repo, clone]);
    const second = await open('once', clone);
    try {
      const sent = await sentBy(() => second.describe(['HEAD']));
      report.add('in a second clone: requests', count(sent), '0', sent.length === 0);
    } finally {
      await second.close();
    }
  } finally {
    stub.close();
  }
}
