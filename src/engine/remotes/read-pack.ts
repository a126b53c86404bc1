import { Pack } from '../../pack/index.js';
import type { PackRef, Publications } from '../../remote/index.js';
import type { Spool } from '../../store/index.js';

interface Call {
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs?: number | undefined;
}

/** Smaller ones are held in memory. */
export const spooledBytesMin = 2 * 1024 * 1024;

/** Reads a pack, checks it and opens it; close it. Null when it is gone since the head was read. REMOTE_INVALID, REMOTE_VERSION. */
export async function readPack(
  remote: Publications,
  ref: PackRef,
  store: { spool(): Spool },
  call: Call,
): Promise<Pack | null> {
  if (ref.bytes < spooledBytesMin) {
    const parts: Buffer[] = [];
    if (!(await remote.readPack(ref, (part) => parts.push(part), call))) return null;
    return Pack.open(ref.name, Buffer.concat(parts), remote.url);
  }
  const file = store.spool();
  try {
    if (await remote.readPack(ref, (part) => file.write(part), call)) return Pack.open(ref.name, file, remote.url);
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return null;
}
