import { existsSync, readFileSync, readdirSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { LruCache, compareBytewise, decodeBytes, encodeBytes, nowMs } from '../../base/index.js';
import { asOid, type Oid } from '../../model/index.js';
import type { Location } from '../locate.js';

const hexOid = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** Names whose meaning is in files alone: no `~`, `^`, `:`, `@{`, nothing that could be an abbreviated oid or lead elsewhere. */
const plainName = /^(?![./-])(?!.*(?:\.\.|\/\/|\/\.|\.lock$|[/.]$))[A-Za-z0-9._/+-]+$/;

/** Names looked for in the text of packed refs before all of it is taken apart: one search costs little, thousands do not. */
const searchesMax = 64;
/** HEAD, and refs with a file of their own, whose texts are remembered. */
const textsMax = 64;
/** A file that is no older when it is read may be replaced without another stamp: clocks of file systems tick some times a second. */
const settledMs = 2000;

export interface NamedObject {
  readonly name: string;
  readonly oid: Oid;
}

/**
 * Reads refs from git's ref files, which takes microseconds where a question to a git process takes a
 * millisecond. Answers only where the files leave no doubt; null means: ask git.
 */
export class RefFiles {
  private packed: PackedRefs | null = null;
  private readonly texts = new LruCache<string, { readonly stamp: string; readonly text: string }>(textsMax);

  private readonly headPath: string;
  private readonly packedPath: string;

  constructor(private readonly location: Location) {
    this.headPath = join(location.gitDir, 'HEAD');
    this.packedPath = join(location.commonDir, 'packed-refs');
  }

  /** The commit of HEAD, of a branch, or of a full oid. */
  tip(rev: string): Oid | null {
    if (!this.location.refsInFiles || !plainName.test(rev)) return null;
    try {
      if (hexOid.test(rev)) return asOid(rev);
      return rev === 'HEAD' ? this.head() : this.branch(rev);
    } catch {
      return null; // whatever is odd about these files, git knows better
    }
  }

  /** Whether a name is a branch's or a tag's, as far as the files tell; a tag of that name wins, as in git. */
  kindOf(name: string): 'branch' | 'tag' | null {
    if (!this.location.refsInFiles || !plainName.test(name)) return null;
    if (this.exists(`refs/tags/${name}`)) return 'tag';
    return this.exists(`refs/heads/${name}`) ? 'branch' : null;
  }

  /**
   * Every ref below these folders (`refs/heads/`) by full name, with the object that it names; no alias of a remote. The same
   * array as before while all are packed and none has changed.
   */
  list(folders: readonly string[]): readonly NamedObject[] | null {
    if (!this.location.refsInFiles) return null;
    try {
      const loose = new Map<string, Oid | null>();
      for (const folder of folders) if (!this.addLoose(folder, loose)) return null;
      const packed = this.packedRefs().below(folders);
      if (loose.size === 0) return packed;
      const found = new Map(packed.map(({ name, oid }) => [name, oid]));
      for (const [name, oid] of loose) {
        if (oid === null) found.delete(name);
        else found.set(name, oid);
      }
      return [...found].map(([name, oid]) => ({ name, oid })).sort((a, b) => compareBytewise(a.name, b.name));
    } catch {
      return null;
    }
  }

  /** Adds refs that have a file of their own, which counts before a packed one; null for an alias. False: git has to be asked. */
  private addLoose(folder: string, found: Map<string, Oid | null>): boolean {
    const path = encodeBytes(join(this.location.commonDir, folder));
    if (!existsSync(path)) return true;
    for (const entry of readdirSync(path, { withFileTypes: true, encoding: 'buffer' })) {
      const own = decodeBytes(entry.name);
      const name = folder + own;
      if (own.startsWith('.') || own.endsWith('.lock')) continue;
      if (entry.isDirectory()) {
        if (!this.addLoose(`${name}/`, found)) return false;
        continue;
      }
      const text = readFileSync(encodeBytes(join(this.location.commonDir, name)), 'latin1').trim();
      if (text.startsWith('ref:') && name.startsWith('refs/remotes/')) found.set(name, null);
      else if (entry.isFile() && hexOid.test(text)) found.set(name, asOid(text));
      else return false;
    }
    return true;
  }

  private head(): Oid | null {
    const text = this.textOf(this.headPath);
    if (text === null) return null;
    if (hexOid.test(text)) return asOid(text);
    const name = /^ref: (refs\/heads\/.+)$/.exec(text)?.[1];
    return name === undefined || !plainName.test(name) ? null : this.read(name);
  }

  /** Git looks for a ref of that very name and for a tag first: then it is for git to say. */
  private branch(name: string): Oid | null {
    const { gitDir } = this.location;
    if (existsSync(join(gitDir, name)) || this.exists(`refs/${name}`) || this.exists(`refs/tags/${name}`)) return null;
    return this.read(`refs/heads/${name}`);
  }

  private exists(ref: string): boolean {
    return existsSync(join(this.location.commonDir, ref)) || this.findPacked(ref) !== null;
  }

  private read(ref: string): Oid | null {
    const text = this.textOf(join(this.location.commonDir, ref));
    if (text !== null) return hexOid.test(text) ? asOid(text) : null;
    return this.findPacked(ref);
  }

  /** What a file of git's says, which git replaces and never writes into; null when there is none. A look costs one call of the system. */
  private textOf(path: string): string | null {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return null;
    const stamp = stampOf(stats);
    const known = this.texts.get(path);
    if (known?.stamp === stamp) return known.text;
    const text = readFileSync(path, 'latin1').trim();
    if (nowMs() - stats.mtimeMs > settledMs) this.texts.set(path, { stamp, text });
    return text;
  }

  private findPacked(ref: string): Oid | null {
    return this.packedRefs().find(ref);
  }

  private packedRefs(): PackedRefs {
    const stats = statSync(this.packedPath, { throwIfNoEntry: false });
    const stamp = stats === undefined ? '' : stampOf(stats);
    if (this.packed?.stamp !== stamp)
      this.packed = new PackedRefs(stamp, stats === undefined ? Buffer.alloc(0) : readFileSync(this.packedPath));
    return this.packed;
  }
}

const stampOf = ({ mtimeMs, size, ino }: Stats): string => `${mtimeMs}:${size}:${ino}`;

/** Git's `packed-refs`, whose lines are `<oid> <ref>`. */
class PackedRefs {
  private readonly text: string;
  private readonly found = new Map<string, Oid | null>();
  private listed: readonly NamedObject[] | undefined;
  private readonly lists = new Map<string, readonly NamedObject[]>();

  /** The stamp changes with the file: git replaces it, never writes into it. */
  constructor(
    readonly stamp: string,
    bytes: Buffer,
  ) {
    this.text = decodeBytes(bytes);
  }

  find(ref: string): Oid | null {
    if (this.listed === undefined && this.found.size >= searchesMax) this.refs();
    let oid = this.found.get(ref);
    if (oid === undefined) {
      if (this.listed !== undefined) return null;
      const { text } = this;
      const at = text.indexOf(` ${ref}\n`);
      const hex = at < 0 ? '' : text.slice(text.lastIndexOf('\n', at) + 1, at);
      oid = hexOid.test(hex) ? asOid(hex) : null;
      this.found.set(ref, oid);
    }
    return oid;
  }

  /** The refs below some folders. */
  below(folders: readonly string[]): readonly NamedObject[] {
    const key = folders.join();
    let refs = this.lists.get(key);
    if (refs === undefined) {
      refs = this.refs()
        .filter(({ name }) => folders.some((folder) => name.startsWith(folder)))
        .sort((a, b) => compareBytewise(a.name, b.name)); // they are, but for old versions of git
      this.lists.set(key, refs);
    }
    return refs;
  }

  private refs(): readonly NamedObject[] {
    if (this.listed === undefined) {
      const lines = this.text.matchAll(/^([0-9a-f]{40}|[0-9a-f]{64}) (.*)$/gm);
      this.listed = Array.from(lines, ([, oid, name]) => ({ name: name!, oid: asOid(oid!) }));
      for (const { name, oid } of this.listed) this.found.set(name, oid);
    }
    return this.listed;
  }
}
