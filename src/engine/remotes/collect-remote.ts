import type { KeyObject } from 'node:crypto';

import { CoppiceError, nowMs } from '../../base/index.js';
import { decodeCommit, hashCommit } from '../../git/index.js';
import type { DocumentCounts } from '../../cluster/index.js';
import { asOid, asRepositoryId } from '../../model/index.js';
import { PackSet, mergePacks } from '../../pack/index.js';
import type { Pack, Wanted } from '../../pack/index.js';
import { joined, remoteBusy, remoteInvalid, remoteReadOnly } from '../../remote/index.js';
import type { HeadBody, PackRef, Publication, Publications, PublishedHead } from '../../remote/index.js';
import { SegmentList } from '../../segment/index.js';
import { commitKey, rootKey } from '../../snapshot/index.js';
import type { Spool } from '../../store/index.js';
import type { CallOptions } from '../types.js';
import { readPack } from './read-pack.js';

export interface CollectRemoteOptions extends CallOptions {
  /** Which refs stay, with all that they reach: globs over short names, or commits. */
  readonly isKept: (ref: string, commit: string) => boolean;
  /** Commits that stay, by the beginning of their oids. */
  readonly keptCommits: readonly string[];
  /** Only the repository of that name. */
  readonly only?: string | undefined;
  readonly dryRun: boolean;
  /** What nobody refers to any more stays for so long, as readers may be at it. */
  readonly graceMs: number;
  readonly key: KeyObject | null;
  /** Where packs lie while they are looked through. */
  readonly store: { spool(): Spool };
}

export interface CollectedRepository {
  readonly name: string;
  readonly commitsBefore: number;
  readonly commitsAfter: number;
  readonly packsBefore: number;
  readonly packsAfter: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

export interface RemoteGcResult {
  readonly remote: string;
  readonly dryRun: boolean;
  readonly repositories: readonly CollectedRepository[];
  /** Objects that are gone (in a dry run: would be). */
  readonly removedObjects: number;
  /** Of packs; 0 for documents. */
  readonly removedBytes: number;
  /** Of a cluster, by kind. */
  readonly removedDocuments?: DocumentCounts;
  /** Of a cluster: those that had expired. */
  readonly removedForks?: number;
  /** Objects that nobody refers to and whose grace is not over. */
  readonly waitingObjects: number;
  readonly waitingBytes: number;
}

export const retiredName = 'retired';
const triesMax = 3;

/** Removes from a remote what no kept rev reaches; see the options for what stays. */
export async function collectRemote(remote: Publications, options: CollectRemoteOptions): Promise<RemoteGcResult> {
  if (remote.storage.isReadOnly) throw remoteReadOnly(remote.url);
  const all = await remote.repositories(options);
  const repositories = options.only === undefined ? all : all.filter(({ name }) => name === options.only);
  if (repositories.length === 0) {
    throw new CoppiceError(
      'REMOTE_NOT_FOUND',
      `${remote.url} has no repository${options.only === undefined ? '' : ` ${options.only}`}`,
      {
        hint: all.length === 0 ? 'nothing is published there' : `it has ${all.map(({ name }) => name).join(', ')}`,
      },
    );
  }
  const collected: CollectedRepository[] = [];
  const headsAfter = new Map<string, HeadBody>();
  for (const { id, name } of repositories) {
    const { body, told } = await collectRepository(remote, { id, name }, options);
    headsAfter.set(id, body);
    collected.push(told);
  }
  const inUse = new Set<string>();
  for (const { id } of all) {
    const body = headsAfter.get(id) ?? (await remote.head(id, options)).body;
    for (const { name } of body.packs) inUse.add(`packs/${name}`);
    for (const { name, objects } of body.tables) {
      inUse.add(`tables/${name}`);
      if (objects !== null) inUse.add(`objects/${objects}`);
    }
  }
  return {
    remote: remote.url,
    dryRun: options.dryRun,
    repositories: collected,
    ...(await sweep(remote, inUse, options)),
  };
}

async function collectRepository(
  remote: Publications,
  repository: { readonly id: string; readonly name: string },
  options: CollectRemoteOptions,
): Promise<{ body: HeadBody; told: CollectedRepository }> {
  for (let tries = 1; ; tries++) {
    const head = await remote.head(repository.id, options);
    const { packs, publication, commits, commitsAfter, objects } = await keepOf(remote, repository.id, head, options);
    const told: CollectedRepository = {
      name: repository.name,
      commitsBefore: commits,
      commitsAfter,
      packsBefore: head.body.packs.length,
      packsAfter: packs.length,
      bytesBefore: bytesOf(head.body.packs),
      bytesAfter: bytesOf(packs.map(({ ref }) => ref)),
    };
    const isSame =
      commits === commitsAfter && packs.length === head.body.packs.length && packs.every(({ isNew }) => !isNew);
    if (isSame) return { body: head.body, told };
    if (options.dryRun)
      return { body: { ...head.body, packs: packs.map(({ ref }) => ref), tables: [], recent: [] }, told };
    let isOutdated = false;
    const body = await remote.update(
      repository,
      async (now) => {
        isOutdated = now.version !== head.version;
        if (isOutdated) return null;
        const tables = await remote.writeTables(publication, objects, options);
        return { ...now.body, packs: packs.map(({ ref }) => ref), tables, recent: [] };
      },
      { signal: options.signal, key: options.key },
    );
    if (!isOutdated) return { body, told };
    if (tries === triesMax) {
      throw remoteBusy(remote.url, 'it is being published to all the time; nothing was removed');
    }
  }
}

const bytesOf = (packs: readonly PackRef[]): number => packs.reduce((sum, { bytes }) => sum + bytes, 0);

interface KeptPack {
  readonly ref: PackRef;
  /** Made of a part of one that there was, and written already. */
  readonly isNew: boolean;
}

/** Of what is published of a repository: everything, and what of it stays. */
export interface KeptCommits {
  /** Git's objects by their oids. */
  readonly raw: ReadonlyMap<string, Buffer>;
  readonly publications: readonly Publication[];
  readonly published: ReadonlySet<string>;
  readonly keptRefs: Readonly<Record<string, string>>;
  /** Published or not. */
  readonly kept: ReadonlySet<string>;
}

/** The commits that the kept refs and commits reach. */
export async function keptCommits(
  remote: Publications,
  id: string,
  head: PublishedHead,
  options: Pick<CollectRemoteOptions, 'isKept' | 'keptCommits' | 'signal'>,
): Promise<KeptCommits> {
  const refs = await remote.refs(head, options);
  const raw = new Map<string, Buffer>();
  for await (const { objects } of remote.commitObjects(head, new Set(), options))
    for (const object of objects) raw.set(hashCommit(object, id.length === 64 ? 'sha256' : 'sha1'), object);
  const publications = joined(await remote.allPublications(head, options));
  const published = new Set(publications.flatMap(({ commits }) => commits.map(([oid]) => oid)));
  const keptRefs: Record<string, string> = {};
  const kept = new Set<string>();
  const open: string[] = [];
  const keep = (oid: string): void => {
    if (kept.has(oid)) return;
    kept.add(oid);
    open.push(oid);
  };
  for (const [name, commit] of refs) {
    if (name === 'HEAD' || !options.isKept(name.replace(/^refs\/(heads|tags)\//, ''), commit)) continue;
    keptRefs[name] = commit;
    keep(commit);
  }
  for (const oid of published) if (options.keptCommits.some((prefix) => oid.startsWith(prefix))) keep(oid);
  const headRef = refs.get('HEAD');
  if (headRef !== undefined && keptRefs[headRef] !== undefined) keptRefs['HEAD'] = headRef;
  for (let oid = open.pop(); oid !== undefined; oid = open.pop()) {
    const object = raw.get(oid);
    if (object !== undefined) for (const parent of decodeCommit(asOid(oid), object).parents) keep(parent);
  }
  return { raw, publications, published, keptRefs, kept };
}

/** What of a repository is reached by what is kept. */
async function keepOf(
  remote: Publications,
  id: string,
  head: PublishedHead,
  options: CollectRemoteOptions,
): Promise<{
  packs: KeptPack[];
  publication: Publication[];
  commits: number;
  commitsAfter: number;
  objects: Buffer[];
}> {
  const { raw, publications, published, keptRefs, kept } = await keptCommits(remote, id, head, options);
  const publication: Publication[] = [];
  const sets = new Map<string, PackSet>();
  for (const { rules, commits } of publications) {
    const rows = commits.filter(([oid]) => kept.has(oid));
    if (rows.length === 0) continue;
    publication.push({ rules, commits: rows, refs: {} });
    const wanted: Wanted[] = [];
    for (const [oid, tree, , recorded] of rows) {
      wanted.push({ kind: 'trees', key: rootKey(asOid(tree), rules) });
      if (recorded === 1) wanted.push({ kind: 'commits', key: commitKey(asOid(oid), asRepositoryId(id), rules) });
    }
    const set = new PackSet(SegmentList.none, options.signal);
    await set.want(wanted);
    sets.set(rules, set);
  }
  const latest = publication.pop();
  if (latest !== undefined) publication.push({ ...latest, refs: keptRefs });
  const opened: { ref: PackRef; pack: Pack }[] = [];
  const packs: KeptPack[] = [];
  try {
    for (const ref of [...head.body.packs].reverse()) {
      const set = sets.get(ref.rules);
      if (set === undefined) continue;
      const pack = await readPack(remote, ref, options.store, options);
      if (pack === null) throw remoteInvalid(remote.url, `pack ${ref.name.slice(0, 16)} is missing`);
      opened.unshift({ ref, pack });
      await set.add(pack, ref.from);
    }
    for (const { ref, pack } of opened) {
      const set = sets.get(ref.rules)!;
      const share = set.shareTaken(pack);
      if (share === 0) continue;
      if (share === 1) {
        packs.push({ ref, isNew: false });
        continue;
      }
      const about = { repository: id, rules: ref.rules, signal: options.signal };
      const made = await mergePacks([pack], about, (kind, number) => set.isTaken(pack, kind, number));
      if (!options.dryRun) await remote.putPack(made.name, made.bytes, options);
      const { name, bytes, counts } = made;
      packs.push({ ref: { ...ref, name, bytes: bytes.length, docs: counts.docs }, isNew: true });
    }
  } finally {
    for (const { pack } of opened) pack.close();
  }
  return {
    packs,
    publication,
    commits: published.size,
    commitsAfter: [...published].filter((oid) => kept.has(oid)).length,
    objects: [...raw].flatMap(([oid, object]) => (kept.has(oid) ? [object] : [])),
  };
}

/** Removes objects that nobody refers to, when that has been so for long enough. */
async function sweep(
  remote: Publications,
  inUse: ReadonlySet<string>,
  { dryRun, graceMs, signal }: CollectRemoteOptions,
): Promise<Pick<RemoteGcResult, 'removedObjects' | 'removedBytes' | 'waitingObjects' | 'waitingBytes'>> {
  const { storage } = remote;
  const since = await readRetired(remote, signal);
  const retired: Record<string, number> = {};
  const atMs = nowMs();
  const result = { removedObjects: 0, removedBytes: 0, waitingObjects: 0, waitingBytes: 0 };
  for (const prefix of ['packs/', 'tables/', 'objects/'])
    for await (const { name, sizeBytes, modifiedMs } of storage.list(prefix, { signal })) {
      if (inUse.has(name)) continue;
      // First seen to be unused now: readers may have begun a moment ago, and a push may be under way.
      const unusedMs = Math.max(since[name] ?? atMs, modifiedMs);
      if (atMs - unusedMs >= graceMs) {
        result.removedObjects++;
        result.removedBytes += sizeBytes;
        if (!dryRun) await storage.remove(name, { signal });
      } else {
        result.waitingObjects++;
        result.waitingBytes += sizeBytes;
        retired[name] = since[name] ?? atMs;
      }
    }
  if (!dryRun) await storage.write(retiredName, Buffer.from(JSON.stringify(retired)), 'any', { signal });
  return result;
}

export async function readRetired(
  remote: Publications,
  signal: AbortSignal | undefined,
): Promise<Record<string, number>> {
  const found = await remote.storage.read(retiredName, { signal });
  if (found === null || found === 'unchanged') return {};
  try {
    return JSON.parse(found.bytes.toString('utf8')) as Record<string, number>;
  } catch {
    return {}; // the grace begins anew
  }
}
