import { lstatSync } from 'node:fs';

import { CoppiceError, encodeBytes, nowMs } from '../../base/index.js';
import type { BlobContent, Repository, WorktreeFile } from '../../git/index.js';
import type { ObjectSource } from '../../indexing/index.js';
import type { Oid, TreeEntry } from '../../model/index.js';

/** Contents are kept until they are indexed, up to so many bytes; the rest is read once more. */
const keptBytesMax = 32 * 1024 * 1024;
/** The times of a file that was changed later than this before it was read may not tell of the next change. */
const racyMs = 2000;

/** A file that differs from HEAD, as it was read. */
interface SeenFile extends Pick<WorktreeFile, 'oid' | 'kind' | 'size'> {
  readonly path: string;
  /** Equal as long as the file has not changed; null when that cannot be told. */
  readonly stamp: string | null;
  /** Null when it has to be read from disk again. */
  content: Buffer | null;
}

/** The files of a work tree that differ from HEAD, at one look; in front of the objects of the repository. */
export class WorktreeFiles implements ObjectSource {
  private readonly byPath = new Map<string, SeenFile>();
  private readonly byOid = new Map<Oid, SeenFile>();
  private keptBytes = 0;
  /** A file was found to have changed since: what was seen cannot be indexed any more. */
  isOutdated = false;

  /** `last`: an earlier look, of which files are taken that have not changed since. */
  constructor(
    private readonly repository: Repository,
    private readonly behind: ObjectSource,
    /** Contents of larger files are not kept. */
    private readonly maxFileBytes: number,
    private last: WorktreeFiles | null,
  ) {}

  /** Looks at a file, once; null when there is none. */
  async look(path: string): Promise<Pick<SeenFile, 'oid' | 'kind'> | null> {
    const own = this.byPath.get(path);
    if (own !== undefined) return own;
    const seenMs = nowMs();
    const stamp = this.stampOf(path, seenMs);
    const before = this.last?.byPath.get(path);
    if (before !== undefined && stamp !== null && before.stamp === stamp) return this.add({ ...before });
    const file = await this.repository.readWorktreeFile(path, { maxBytes: this.maxFileBytes });
    return file === null ? null : this.add({ ...file, path, stamp });
  }

  /** Of all that were looked at. */
  get bytes(): number {
    let bytes = 0;
    for (const { size } of this.byPath.values()) bytes += size;
    return bytes;
  }

  /** All were looked at. */
  finish(): void {
    this.last = null;
  }

  /** What was seen is indexed: it is rarely asked for again. */
  forgetContents(): void {
    for (const file of this.byPath.values()) file.content = null;
    this.keptBytes = 0;
  }

  readTree(oid: Oid): Promise<readonly TreeEntry[]> {
    return this.behind.readTree(oid);
  }

  async *readBlobs(
    oids: readonly Oid[],
    options: { maxBytes: number; signal?: AbortSignal | undefined },
  ): AsyncIterable<BlobContent> {
    const others = oids.filter((oid) => !this.byOid.has(oid));
    const behind = this.behind.readBlobs(others, options)[Symbol.asyncIterator]();
    for (const oid of oids) {
      const file = this.byOid.get(oid);
      if (file !== undefined) {
        const { size } = file;
        const isWanted = size <= options.maxBytes;
        const content = isWanted ? (file.content ?? (await this.readAgain(file, options.maxBytes))) : null;
        yield { oid, size, content };
        continue;
      }
      const next = await behind.next();
      if (next.done !== true) yield next.value;
    }
  }

  private add(file: SeenFile): SeenFile {
    this.byPath.set(file.path, file);
    this.byOid.set(file.oid, file);
    this.keptBytes += file.content?.length ?? 0;
    if (this.keptBytes > keptBytesMax) {
      this.keptBytes -= file.content?.length ?? 0;
      file.content = null;
    }
    return file;
  }

  private stampOf(path: string, seenMs: number): string | null {
    const name = encodeBytes(`${this.repository.workTree}/${path}`);
    let stats;
    try {
      stats = lstatSync(name, { bigint: true, throwIfNoEntry: false });
    } catch {
      return null; // a folder above became something else; reading it will tell
    }
    if (stats === undefined || Math.max(Number(stats.mtimeMs), Number(stats.ctimeMs)) > seenMs - racyMs) return null;
    return [stats.size, stats.mtimeNs, stats.ctimeNs, stats.ino, stats.mode].join(':');
  }

  private async readAgain({ path, oid }: SeenFile, maxBytes: number): Promise<Buffer> {
    const file = await this.repository.readWorktreeFile(path, { maxBytes });
    if (file?.oid === oid && file.content !== null) return file.content;
    this.isOutdated = true;
    throw new CoppiceError('OBJECT_MISSING', `${path} changed while it was being indexed`, {
      hint: 'run it again',
      data: { path },
    });
  }
}
