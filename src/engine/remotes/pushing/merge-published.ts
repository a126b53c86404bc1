import type { KeyObject } from 'node:crypto';

import { mergePacks } from '../../../pack/index.js';
import type { Pack } from '../../../pack/index.js';
import type { RepositoryId } from '../../../model/index.js';
import type { PackRef, Publications } from '../../../remote/index.js';
import type { Session } from '../../session/session.js';
import { readPack } from '../read-pack.js';

/** So many neighbours at least become one. */
const mergedCountMin = 8;
/** What a push spends on merging at most. */
const mergedBytesMax = 24 * 1024 * 1024;

/**
 * Makes one pack of many small ones, so that a pull opens few. It is for speed alone: whatever goes wrong, the packs stay as they
 * are, and the next push tries again.
 */
export async function mergePublished(
  { shared }: Session,
  remote: Publications,
  repository: RepositoryId,
  call: { readonly signal?: AbortSignal | undefined; readonly patienceMs: number; readonly key: KeyObject | null },
): Promise<void> {
  const packs: Pack[] = [];
  try {
    const head = await remote.head(repository, call);
    const due = nextPackMerge(head.body.packs);
    if (due === null) return;
    for (const ref of due) {
      const pack = await readPack(remote, ref, shared.store, call);
      if (pack === null) return; // others have merged it
      packs.push(pack);
    }
    const { rules, history, text } = due[0]!;
    const merged = await mergePacks(packs, { repository, rules, signal: call.signal });
    await remote.putPack(merged.name, merged.bytes, call);
    const names = new Set(due.map(({ name }) => name));
    await remote.update(
      { id: repository, name: head.body.name },
      ({ body }) => {
        if (body.packs.filter(({ name }) => names.has(name)).length !== due.length) return Promise.resolve(null);
        const made: PackRef = {
          name: merged.name,
          bytes: merged.bytes.length,
          from: due[0]!.from,
          to: due.at(-1)!.to,
          docs: merged.counts.docs,
          history,
          text,
          rules,
        };
        const packsNow = body.packs.flatMap((pack) =>
          pack.name === due[0]!.name ? [made] : names.has(pack.name) ? [] : [pack],
        );
        return Promise.resolve({ ...body, packs: packsNow });
      },
      call,
    );
  } catch (error) {
    if (call.signal?.aborted === true) throw error;
    shared.note(`packs at ${remote.url} were not merged: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    for (const pack of packs) pack.close();
  }
}

/** The newest neighbours of one kind that are to become one, or null: as many as can be whose oldest is no larger than the others together. */
export function nextPackMerge(packs: readonly PackRef[]): readonly PackRef[] | null {
  const kindOf = ({ rules, history, text }: PackRef): string => JSON.stringify([rules, history, text]);
  let newer = 0;
  let best: number | null = null;
  for (let from = packs.length - 1; from >= 0; from--) {
    const pack = packs[from]!;
    if (newer + pack.bytes > mergedBytesMax || kindOf(pack) !== kindOf(packs.at(-1)!)) break;
    if (packs.length - from >= mergedCountMin && pack.bytes <= newer) best = from;
    newer += pack.bytes;
  }
  return best === null ? null : packs.slice(best);
}
