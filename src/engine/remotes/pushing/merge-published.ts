import type { KeyObject } from 'node:crypto';

import { mergePacks } from '../../../pack/index.js';
import type { Pack } from '../../../pack/index.js';
import type { RepositoryId } from '../../../model/index.js';
import type { PackRef, Publications } from '../../../remote/index.js';
import type { Session } from '../../session/session.js';
import { readPack } from '../read-pack.js';

/** So many neighbours at least become one; fewer where no more have room. */
const mergedCountMin = 4;
/** What a push of one commit sends in all, where its own pack and head are not larger: what they leave of it is room for merging. */
const pushedBytesMax = 60 * 1024;
/** A push of so many commits takes long anyway: it merges whatever is due. */
const manyCommits = 8;
/** What a push spends on merging at most. */
const mergedBytesMax = 24 * 1024 * 1024;
/** With so many packs of one kind a push merges whatever it costs. It comes to that after about a thousand pushes of one commit. */
const packsMax = 256;

/**
 * Makes one pack of many small ones, so that a pull opens few. It is for speed alone: whatever goes wrong, the packs stay as they
 * are, and the next push tries again.
 *
 * A push of one commit merges as much as it has room for, so that it sends little, always: packs grow to some 40 KiB that way. Those become
 * large ones when somebody pushes many commits, and else when there are `packsMax`, which bounds what a head lists and a pull opens.
 */
export async function mergePublished(
  { shared }: Session,
  remote: Publications,
  repository: RepositoryId,
  sent: { readonly bytes: number; readonly commits: number },
  call: { readonly signal?: AbortSignal | undefined; readonly patienceMs: number; readonly key: KeyObject | null },
): Promise<void> {
  const packs: Pack[] = [];
  try {
    const head = await remote.head(repository, { ...call, ageMsMax: Infinity }); // this push has just written it
    const room = sent.commits >= manyCommits ? mergedBytesMax : Math.max(0, pushedBytesMax - sent.bytes - head.bytes);
    const due = nextPackMerge(head.body.packs, room);
    if (due === null) return;
    const read = await Promise.allSettled(due.map((ref) => readPack(remote, ref, shared.store, call)));
    for (const one of read) if (one.status === 'fulfilled' && one.value !== null) packs.push(one.value);
    for (const one of read) if (one.status === 'rejected') throw one.reason;
    if (packs.length < due.length) return; // others have merged them
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

/**
 * The newest neighbours of one kind that are to become one, or null. `room`: how many bytes may be sent for it. With little room those are taken that
 * fit, each byte once or twice; with much as many as can be whose oldest is no larger than the others together.
 */
export function nextPackMerge(packs: readonly PackRef[], room: number): readonly PackRef[] | null {
  const kindOf = ({ rules, history, text }: PackRef): string => JSON.stringify([rules, history, text]);
  const last = packs.at(-1);
  if (last === undefined) return null;
  let from = packs.length;
  while (from > 0 && kindOf(packs[from - 1]!) === kindOf(last)) from--;
  const alike = packs.slice(from);
  const bytesMax = alike.length >= packsMax ? mergedBytesMax : Math.min(room, mergedBytesMax);
  let newer = 0;
  let best: number | null = null;
  let fitting = 0;
  for (let at = alike.length - 1; at >= 0; at--) {
    const { bytes } = alike[at]!;
    if (newer + bytes > bytesMax) break;
    fitting++;
    if (fitting >= mergedCountMin && bytes <= newer) best = at;
    newer += bytes;
  }
  if (best !== null) return alike.slice(best);
  const isFull = fitting >= 3 && fitting < alike.length && newer > room / 2;
  const oldest = alike.at(-fitting);
  return isFull && oldest!.bytes <= room / 2 ? alike.slice(-fitting) : null;
}
