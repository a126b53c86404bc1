import { spawn, spawnSync } from 'node:child_process';

const textBytesMax = 2 * 1024 * 1024;
/** A NUL among the first so many bytes makes a blob binary. */
const looksBinaryWithin = 8000;

/** Distinct blobs of all of a repository's refs that are text by Coppice's rules, counted by git alone. */
export async function countTextBlobs(repo: string): Promise<{ blobs: number; bytes: number }> {
  const listing = spawnSync(
    'sh',
    [
      '-c',
      'git -C "$1" rev-list --objects --no-object-names --missing=allow-any --all HEAD |' +
        ' git -C "$1" cat-file --buffer --batch-check="%(objectname) %(objecttype) %(objectsize)"',
      'sh',
      repo,
    ],
    { maxBuffer: 2 ** 31 - 1 },
  );
  if (listing.status !== 0) throw new Error(listing.stderr.toString());
  const oids: string[] = [];
  for (const line of listing.stdout.toString().split('\n')) {
    const [oid, type, size] = line.split(' ');
    if (type === 'blob' && Number(size) <= textBytesMax) oids.push(oid!);
  }
  let blobs = 0;
  let bytes = 0;
  await forEachBlob(repo, oids, (size, beginning) => {
    if (beginning.includes(0)) return;
    blobs++;
    bytes += size;
  });
  return { blobs, bytes };
}

/** Whether a blob is text by the same rules. */
export function isTextBlob(repo: string, oid: string): boolean {
  const { stdout, status } = spawnSync('git', ['-C', repo, 'cat-file', 'blob', oid], { maxBuffer: 2 ** 31 - 1 });
  return status === 0 && stdout.length <= textBytesMax && !stdout.subarray(0, looksBinaryWithin).includes(0);
}

/** Calls with the size and the first bytes of each blob, as `git cat-file --batch` writes them. */
async function forEachBlob(
  repo: string,
  oids: readonly string[],
  action: (size: number, beginning: Buffer) => void,
): Promise<void> {
  const child = spawn('git', ['-C', repo, 'cat-file', '--buffer', '--batch'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = new Promise((resolve) => child.on('close', resolve));
  child.stdin.end(oids.map((oid) => `${oid}\n`).join(''));
  let header = '';
  let size = 0;
  let left = -1; // bytes of the blob and its newline that are still to come; -1 within a header
  let beginning: Buffer[] = [];
  let kept = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length;) {
      if (left < 0) {
        const end = chunk.indexOf(10, at);
        header += chunk.toString('latin1', at, end < 0 ? chunk.length : end);
        at = end < 0 ? chunk.length : end + 1;
        if (end < 0) break;
        const [, type, length] = header.split(' ');
        header = '';
        if (type === 'missing') continue;
        size = Number(length);
        left = size + 1;
        beginning = [];
        kept = 0;
        continue;
      }
      const taken = Math.min(left, chunk.length - at);
      const wanted = Math.min(taken, looksBinaryWithin - kept, size - kept);
      if (wanted > 0) {
        beginning.push(chunk.subarray(at, at + wanted));
        kept += wanted;
      }
      at += taken;
      left -= taken;
      if (left > 0) continue;
      action(size, Buffer.concat(beginning));
      left = -1;
    }
  }
  await closed;
}
