import { CoppiceError } from '../../base/index.js';
import type { BlobContent } from '../../git/index.js';
import type { ObjectSource } from '../../indexing/index.js';
import type { EntryKind, Oid, TreeEntry } from '../../model/index.js';
import type { LookRow } from '../../store/index.js';

/** Contents are kept until they are indexed, up to so many bytes; the rest is read once more. */
const keptBytesMax = 32 * 1024 * 1024;

/** A file that was read. */
export interface ReadFile {
  readonly kind: Exclude<EntryKind, 'tree' | 'submodule'>;
  /** The oid that git would give a blob of these bytes. */
  readonly oid: Oid;
  readonly size: number;
  /** Null when it has more bytes than were asked for. */
  readonly content: Buffer | null;
}

/** Where files are that need not be in git: on disk, in an archive. */
export interface FileReader {
  /** Reads the file of a path; null when there is none (any more). */
  read(path: string, maxBytes: number): Promise<ReadFile | null>;
  /** Equal as long as the file has not changed; null when that cannot be told. Absent: it never can. */
  stampOf?(path: string): string | null;
}

interface SeenFile extends Pick<ReadFile, 'oid' | 'kind' | 'size'> {
  readonly path: string;
  readonly stamp: string | null;
  /** Null when it has to be read again. */
  content: Buffer | null;
}

/** Files of an earlier look. */
interface Before {
  readonly byPath: ReadonlyMap<string, SeenFile>;
}

/** The files of a look that another process has written down. */
export function recalledFiles(rows: readonly LookRow[]): Before {
  const files = (rows as [string, string, Oid, ReadFile['kind'], number][]).map(
    ([path, stamp, oid, kind, size]): [string, SeenFile] => [path, { path, stamp, oid, kind, size, content: null }],
  );
  return { byPath: new Map(files) };
}

/** Files at one look; as a source of blobs, in front of one that has the rest. */
export class SeenFiles implements ObjectSource {
  readonly byPath = new Map<string, SeenFile>();
  private readonly byOid = new Map<Oid, SeenFile>();
  private keptBytes = 0;
  /** A file was found to have changed since: what was seen cannot be indexed any more. */
  isOutdated = false;
  /** How many could not be taken from an earlier look. */
  read = 0;

  /** `last`: an earlier look, of which files are taken that have not changed since. */
  constructor(
    private readonly reader: FileReader,
    private readonly behind: ObjectSource | null,
    /** Contents of larger files are not kept. */
    private readonly maxFileBytes: number,
    private last: Before | null,
    /** Whether the file of a path may have changed since the earlier look. */
    private readonly mayDiffer: (path: string) => boolean = () => true,
  ) {}

  /** Looks at a file, once; null when there is none. */
  async look(path: string): Promise<Pick<SeenFile, 'oid' | 'kind'> | null> {
    const own = this.byPath.get(path);
    if (own !== undefined) return own;
    const before = this.last?.byPath.get(path);
    if (before !== undefined && before.stamp !== null && !this.mayDiffer(path)) return this.add({ ...before });
    const stamp = this.reader.stampOf?.(path) ?? null;
    if (before !== undefined && stamp !== null && before.stamp === stamp) return this.add({ ...before });
    this.read++;
    const file = await this.reader.read(path, this.maxFileBytes);
    return file === null ? null : this.add({ ...file, path, stamp });
  }

  /** What another process needs to know of this look: see `recalledFiles`. */
  rows(): LookRow[] {
    return [...this.byPath.values()].flatMap(({ path, stamp, oid, kind, size }) =>
      stamp === null ? [] : [[path, stamp, oid, kind, size]],
    );
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

  async readTree(oid: Oid): Promise<readonly TreeEntry[]> {
    if (this.behind !== null) return this.behind.readTree(oid);
    throw new CoppiceError('OBJECT_MISSING', `tree ${oid} is missing`, { data: { oid } });
  }

  async *readBlobs(
    oids: readonly Oid[],
    options: { maxBytes: number; signal?: AbortSignal | undefined },
  ): AsyncIterable<BlobContent> {
    const others = oids.filter((oid) => !this.byOid.has(oid));
    const behind = this.behind?.readBlobs(others, options)[Symbol.asyncIterator]();
    for (const oid of oids) {
      const file = this.byOid.get(oid);
      if (file !== undefined) {
        const { size } = file;
        const isWanted = size <= options.maxBytes;
        const content = isWanted ? (file.content ?? (await this.readAgain(file, options.maxBytes))) : null;
        yield { oid, size, content };
        continue;
      }
      const next = await behind?.next();
      if (next === undefined) yield { oid, size: -1, content: null };
      else if (next.done !== true) yield next.value;
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

  private async readAgain({ path, oid }: SeenFile, maxBytes: number): Promise<Buffer> {
    const file = await this.reader.read(path, maxBytes);
    if (file?.oid === oid && file.content !== null) return file.content;
    this.isOutdated = true;
    throw new CoppiceError('OBJECT_MISSING', `${path} changed while it was being indexed`, {
      hint: 'run it again',
      data: { path },
    });
  }
}
