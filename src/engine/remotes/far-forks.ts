import { nowMs } from '../../base/index.js';
import { ClusterTurns } from '../../cluster/index.js';
import type { RepositoryId } from '../../model/index.js';
import { sha256 } from '../../remote/index.js';
import type { WriteCondition } from '../../remote/index.js';
import type { ForkEntry } from '../../store/index.js';
import type { Session } from '../session/session.js';
import { farOf } from './far.js';
import { openRemote } from './open-remote.js';
import { findPublished } from './published-repository.js';

interface Call {
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs?: number | undefined;
}

/**
 * Forks of published commits are documents in the cluster, one each: whoever searches there sees them, and each change is one conditional write.
 * A fork of what is not published is a name in the store, as it is without a cluster.
 */
export interface FarFork {
  readonly entry: ForkEntry;
  readonly version: string;
}

const identities = new WeakMap<Session, Promise<RepositoryId>>();

/** The repository's identity in the cluster. */
function identityOf(session: Session, call: Call): Promise<RepositoryId> {
  let identity = identities.get(session);
  if (identity === undefined) {
    const remote = openRemote(session.shared, session.shared.settings.remote!);
    identity = findPublished(session, remote, call).then(({ id }) => id);
    identity.catch(() => identities.delete(session));
    identities.set(session, identity);
  }
  return identity;
}

const folderOf = (repo: RepositoryId): string => `forks/${sha256(`forks\0${repo}`)}/`;

/** A fork of that name; null when there is none, or it has expired. */
export async function findFarFork(session: Session, name: string, call: Call): Promise<FarFork | null> {
  const { storage } = farOf(session.shared);
  const found = await storage.read(folderOf(await identityOf(session, call)) + name, call);
  if (found === null || found === 'unchanged') return null;
  const entry = decodeFork(found.bytes);
  return isOver(entry) ? null : { entry, version: found.version };
}

/** All of the repository's. */
export async function listFarForks(session: Session, call: Call): Promise<ForkEntry[]> {
  const { storage } = farOf(session.shared);
  const folder = folderOf(await identityOf(session, call));
  const names: string[] = [];
  for await (const { name } of storage.list(folder, call)) names.push(name);
  const found = await storage.readMany(names, call);
  return found.map(([, bytes]) => decodeFork(bytes)).filter((entry) => !isOver(entry));
}

/**
 * Makes a fork: 'exists' when there is one of that name, 'gone' when its tree has been cleaned up, and is no longer taken for published. It is durable when
 * this returns.
 */
export async function recordFarFork(
  session: Session,
  entry: ForkEntry,
  call: Call,
): Promise<'made' | 'exists' | 'gone'> {
  if (!(await writeNew(session, entry, call))) return 'exists';
  const { storage, store } = farOf(session.shared);
  try {
    // Who collected when it was written may not have seen it; who does from now on keeps its tree.
    await new ClusterTurns(storage).settled(call);
    const key = Buffer.from(entry.root, 'base64url').toString('hex');
    if ((await storage.cluster.getMany('snapshots', [key], [], call)).has(key)) return 'made';
  } catch (error) {
    await dropFarFork(session, entry.name, { patienceMs: 5_000 }).catch(() => undefined);
    throw error;
  }
  await dropFarFork(session, entry.name, call);
  await store.forget();
  return 'gone';
}

/** False when there is one of that name. */
async function writeNew(session: Session, entry: ForkEntry, call: Call): Promise<boolean> {
  if (await write(session, entry, 'absent', call)) return true;
  const { storage } = farOf(session.shared);
  const found = await storage.read(folderOf(await identityOf(session, call)) + entry.name, call);
  if (found === null || found === 'unchanged' || !isOver(decodeFork(found.bytes))) return false;
  return write(session, entry, { version: found.version }, call);
}

/** Moves a fork, unless somebody else has meanwhile: false. */
export function moveFarFork(session: Session, { version }: FarFork, to: ForkEntry, call: Call): Promise<boolean> {
  return write(session, to, { version }, call);
}

export async function dropFarFork(session: Session, name: string, call: Call): Promise<void> {
  await farOf(session.shared).storage.remove(folderOf(await identityOf(session, call)) + name, call);
}

async function write(session: Session, entry: ForkEntry, condition: WriteCondition, call: Call): Promise<boolean> {
  const name = folderOf(await identityOf(session, call)) + entry.name;
  const { storage } = farOf(session.shared);
  return (await storage.write(name, Buffer.from(JSON.stringify(entry)), condition, call)) !== null;
}

/** A fork as it is stored there. */
export const decodeFork = (bytes: Buffer): ForkEntry => JSON.parse(bytes.toString('utf8')) as ForkEntry;

/** Whether it has expired: nobody sees it any more. */
export const isOver = ({ until }: ForkEntry): boolean => until !== undefined && until <= nowMs();
