import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { assertNotExhausted, decodeBytes, encodeBytes } from '../../base/index.js';
import type { GitIndex } from './index-file.js';
import type { Location } from '../locate.js';
import { runGit, type RunOptions } from '../process.js';
import { worktreeBytes } from './worktree-file.js';

/** By these git may store other bytes than those on disk, as many as they. (Line ends that are converted change the size.) */
const attributes = ['filter', 'ident', 'working-tree-encoding'];
const mention = new RegExp(attributes.join('|'));
const attributesName = '.gitattributes';

/**
 * Which tracked files may be stored otherwise than they lie on disk though they have the size of their blobs: those that an attribute
 * is said of, and those that one may have been said of, or a replacement was written for, when git wrote them. Nothing tells the latter from the file, so that what was
 * once in doubt stays so.
 */
export class Conversions {
  private constructor(
    /** No attribute file says anything of the kind. */
    private readonly none: boolean,
    private readonly asked: ReadonlySet<string>,
    private readonly doubted: ReadonlySet<string>,
    /** Changes whenever one of the attribute files does. */
    private readonly signature: string,
    private readonly index: GitIndex,
  ) {}

  /** `before`: what was known of an earlier index. */
  static async of(
    index: GitIndex,
    location: Location,
    options: RunOptions,
    before: Conversions | null,
  ): Promise<Conversions> {
    const paths = [...index.paths()];
    const files = attributeFiles(paths, location, options);
    const replaced = replacements(location);
    const signature = [...files.map(stampOf), ...replaced].join(';');
    const doubted = new Set(before?.doubted);
    if (before !== null && (before.signature !== signature || replaced.length > 0))
      for (const path of index.rewritten(before.index)) doubted.add(path);
    if (!files.some(mentions) && !paths.some((path) => isLostAttributes(path, location)))
      return new Conversions(true, new Set(), doubted, signature, index);
    const input = encodeBytes(paths.map((path) => `${path}\0`).join(''));
    const args = ['check-attr', '-z', '--stdin', ...attributes];
    const fields = decodeBytes(await runGit(args, { ...options, input })).split('\0');
    for (let i = 2; i < fields.length; i += 3)
      if (!['unspecified', 'unset'].includes(fields[i]!)) doubted.add(fields[i - 2]!);
    return new Conversions(false, new Set(paths), doubted, signature, index);
  }

  /** True also for a path that was not tracked when it was asked. */
  mayDiffer(path: string): boolean {
    return this.doubted.has(path) || (!this.none && !this.asked.has(path));
  }
}

/** Files that git may read attributes of these paths from. */
function attributeFiles(
  paths: readonly string[],
  { commonDir, workTree }: Location,
  { userFiles }: RunOptions,
): Buffer[] {
  const files = [join(commonDir, 'info/attributes'), '/etc/gitattributes', userFiles?.attributesFile ?? ''].map(
    encodeBytes,
  );
  const folders = new Set(['']);
  for (const path of paths) {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const folder = path.slice(0, slash + 1);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  for (const folder of folders) {
    const file = worktreeBytes(workTree!, folder + attributesName);
    if (exists(file)) files.push(file);
  }
  return files;
}

/** A file of attributes that the index has and the disk has not: git reads it from the index then. */
const isLostAttributes = (path: string, { workTree }: Location): boolean =>
  (path === attributesName || path.endsWith(`/${attributesName}`)) && !exists(worktreeBytes(workTree!, path));

/** Also true for what is larger than git reads, or cannot be read by us. */
function mentions(file: Buffer): boolean {
  if (!exists(file)) return false;
  try {
    return mention.test(readFileSync(file, 'latin1'));
  } catch {
    return true;
  }
}

/** Objects that git writes others for into the work tree. */
function replacements({ commonDir }: Location): string[] {
  try {
    return readdirSync(join(commonDir, 'refs/replace'));
  } catch (error) {
    assertNotExhausted(error, commonDir);
    return []; // the usual
  }
}

function stampOf(file: Buffer): string {
  try {
    const stats = lstatSync(file, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? '' : [decodeBytes(file), stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join();
  } catch {
    return decodeBytes(file);
  }
}

function exists(file: Buffer): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
