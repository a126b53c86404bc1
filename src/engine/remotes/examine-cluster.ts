import { elapsedMs } from '../../base/index.js';
import { examineDocuments, snapshotKeys } from '../../cluster/index.js';
import type { DocumentCounts } from '../../cluster/index.js';
import { asOid } from '../../model/index.js';
import type { ClusterStorage, Publications } from '../../remote/index.js';
import { rootKey } from '../../snapshot/index.js';
import type { CallOptions } from '../types.js';

export interface RemoteDoctorResult {
  readonly remote: string;
  readonly problems: readonly { readonly where: string; readonly message: string; readonly remedy: string }[];
  readonly commits: number;
  readonly documents: DocumentCounts;
  /** Whose text was hashed to git's name of the blob. */
  readonly filesHashed: number;
  readonly tookMs: number;
}

/** So many files' texts are hashed. */
const samples = 500;

/** Verifies a cluster: that what is published is there, whole, and found. Changes nothing. */
export async function examineCluster(
  remote: Publications,
  { signal, onProgress }: CallOptions,
): Promise<RemoteDoctorResult> {
  const startMs = elapsedMs();
  const storage = remote.storage as ClusterStorage;
  const told = (what: string): void =>
    onProgress?.({ phase: 'verify', done: 0, total: 0, unit: 'records', bytes: 0, what });
  const { problems, counts, filesHashed } = await examineDocuments(storage, { signal, samples, onProgress: told });
  const remedy = 'clean up with `coppice remote gc`, then push what is missing again, or publish under another prefix';
  const all = problems.map((problem) => ({ ...problem, remedy }));
  const there = new Set(await snapshotKeys(storage.cluster, { signal }));
  let commits = 0;
  for (const { id, name } of await remote.repositories({ signal })) {
    const head = await remote.head(id, { signal });
    for (const { rules, commits: rows } of await remote.allPublications(head, { signal }))
      for (const [oid, tree] of rows) {
        commits++;
        if (there.has(rootKey(asOid(tree), rules).toString('hex'))) continue;
        const where = `${name}, commit ${oid}`;
        all.push({ where, message: 'it is published, and what it sees is not there', remedy });
      }
  }
  return { remote: remote.url, problems: all, commits, documents: counts, filesHashed, tookMs: elapsedMs() - startMs };
}
