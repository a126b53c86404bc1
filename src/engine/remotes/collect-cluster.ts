import { CoppiceError, nowMs } from '../../base/index.js';
import { ClusterTurns, collectDocuments, snapshotKeys } from '../../cluster/index.js';
import { asOid } from '../../model/index.js';
import type { ClusterStorage, Publication, Publications } from '../../remote/index.js';
import { rootKey } from '../../snapshot/index.js';
import { keptCommits, readRetired, retiredName } from './collect-remote.js';
import { decodeFork, isOver } from './far-forks.js';
import { waitTold } from './far.js';
import type { CollectRemoteOptions, CollectedRepository, RemoteGcResult } from './collect-remote.js';

/**
 * Removes from a cluster what no kept rev and no fork reaches. A snapshot that nobody refers to any more stays for the grace, as who has opened it may be at
 * it; what only snapshots reach that are gone goes with them. Nobody publishes meanwhile.
 */
export async function collectCluster(remote: Publications, options: CollectRemoteOptions): Promise<RemoteGcResult> {
  const storage = remote.storage as ClusterStorage;
  const { dryRun, signal } = options;
  const call = { signal };
  const work = async (check: () => void): Promise<RemoteGcResult> => {
    const all = await remote.repositories(call);
    const told: CollectedRepository[] = [];
    const { kept, expired } = await lookThroughForks(storage, call);
    for (const repository of all) {
      const { id, name } = repository;
      const isCollected = options.only === undefined || options.only === name;
      const head = await remote.head(id, call);
      const rules = isCollected ? options : { ...options, isKept: () => true, keptCommits: [''] };
      const found = await keptCommits(remote, id, head, rules);
      const rows: Publication[] = [];
      for (const publication of found.publications) {
        const commits = publication.commits.filter(([oid]) => found.kept.has(oid));
        for (const [, tree] of commits) kept.add(rootKey(asOid(tree), publication.rules).toString('hex'));
        if (commits.length > 0) rows.push({ rules: publication.rules, commits, refs: {} });
      }
      if (!isCollected) continue;
      const commitsAfter = [...found.published].filter((oid) => found.kept.has(oid)).length;
      const nothing = { packsBefore: 0, packsAfter: 0, bytesBefore: 0, bytesAfter: 0 };
      told.push({ name, commitsBefore: found.published.size, commitsAfter, ...nothing });
      if (dryRun || commitsAfter === found.published.size) continue;
      const latest = rows.pop();
      if (latest !== undefined) rows.push({ ...latest, refs: found.keptRefs });
      const objects = [...found.raw].flatMap(([oid, object]) => (found.kept.has(oid) ? [object] : []));
      check();
      const tables = await remote.writeTables(rows, objects, call);
      await remote.update(repository, ({ body }) => Promise.resolve({ ...body, tables, recent: [] }), {
        ...call,
        key: options.key,
      });
    }
    if (told.length === 0) {
      throw new CoppiceError('REMOTE_NOT_FOUND', `${remote.url} has no repository ${options.only ?? ''}`.trim(), {
        hint: all.length === 0 ? 'nothing is published there' : `it has ${all.map(({ name }) => name).join(', ')}`,
      });
    }
    let removedForks = 0;
    for (const { name, version } of expired) {
      check();
      if (dryRun || (await storage.removeVersion(name, version, call))) removedForks++;
    }
    const waiting = await retire(remote, kept, options);
    for (const key of waiting) kept.add(key);
    const { removed } = await collectDocuments(storage, kept, { ...call, dryRun, check });
    return {
      remote: remote.url,
      dryRun,
      repositories: told,
      removedObjects: removed.snapshots + removed.trees + removed.files + removed.chunks,
      removedBytes: 0,
      removedDocuments: removed,
      removedForks,
      waitingObjects: waiting.length,
      waitingBytes: 0,
    };
  };
  // What would go can be told beside who publishes.
  if (dryRun) return work(() => undefined);
  const onWait = waitTold(remote.url, 'gc', options.onProgress);
  return new ClusterTurns(storage).collect({ ...call, onWait }, (turn) => work(() => turn.check()));
}

/** Of the snapshots that are not kept those whose grace is not over. */
async function retire(
  remote: Publications,
  kept: ReadonlySet<string>,
  { dryRun, graceMs, signal }: CollectRemoteOptions,
): Promise<string[]> {
  const storage = remote.storage as ClusterStorage;
  const since = await readRetired(remote, signal);
  const atMs = nowMs();
  const retired: Record<string, number> = {};
  for (const key of await snapshotKeys(storage.cluster, { signal })) {
    if (kept.has(key)) continue;
    const unusedMs = since[key] ?? atMs;
    if (atMs - unusedMs < graceMs) retired[key] = unusedMs;
  }
  if (!dryRun) await storage.write(retiredName, Buffer.from(JSON.stringify(retired)), 'any', { signal });
  return Object.keys(retired);
}

/** The roots of all forks, in hex; and those that are over, which nobody sees any more. */
async function lookThroughForks(
  storage: ClusterStorage,
  call: { readonly signal?: AbortSignal | undefined },
): Promise<{ kept: Set<string>; expired: { name: string; version: string }[] }> {
  const kept = new Set<string>();
  const expired: { name: string; version: string }[] = [];
  let names: string[] = [];
  const look = async (): Promise<void> => {
    for (const [name, bytes] of await storage.readMany(names, call)) {
      const fork = decodeFork(bytes);
      if (!isOver(fork)) kept.add(Buffer.from(fork.root, 'base64url').toString('hex'));
      else {
        // One of that name may have been made since.
        const found = await storage.read(name, call);
        if (found === null || found === 'unchanged') continue;
        if (isOver(decodeFork(found.bytes))) expired.push({ name, version: found.version });
      }
    }
    names = [];
  };
  for await (const { name } of storage.list('forks/', call)) {
    names.push(name);
    if (names.length >= forksAtOnce) await look();
  }
  await look();
  return { kept, expired };
}

const forksAtOnce = 1000;
