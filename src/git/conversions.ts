import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBytes, encodeBytes } from '../base/index.js';
import type { GitIndex } from './index-file.js';
import type { Location } from './locate.js';
import { runGit, type RunOptions } from './process.js';
import { worktreeBytes } from './worktree-file.js';

/** By these git may store other bytes than those on disk, as many as they. (Line ends that are converted change the size.) */
const attributes = ['filter', 'ident', 'working-tree-encoding'];
const mention = new RegExp(attributes.join('|'));
const attributesName = '.gitattributes';

/** Which tracked files may be stored otherwise than they lie on disk though they have the size of their blobs. */
export class Conversions {
  private constructor(
    /** No attribute file says anything of the kind. */
    private readonly none: boolean,
    private readonly asked: ReadonlySet<string>,
    private readonly converted: ReadonlySet<string>,
  ) {}

  static async of(index: GitIndex, location: Location, options: RunOptions): Promise<Conversions> {
    const paths = [...index.paths()];
    if (!attributeFiles(paths, location, options).some(mentions)) return new Conversions(true, new Set(), new Set());
    const input = encodeBytes(paths.map((path) => `${path}\0`).join(''));
    const args = ['check-attr', '-z', '--stdin', ...attributes];
    const fields = decodeBytes(await runGit(args, { ...options, input })).split('\0');
    const converted = new Set<string>();
    for (let i = 2; i < fields.length; i += 3)
      if (!['unspecified', 'unset'].includes(fields[i]!)) converted.add(fields[i - 2]!);
    return new Conversions(false, new Set(paths), converted);
  }

  /** True also for a path that was not tracked when it was asked. */
  mayDiffer(path: string): boolean {
    return !this.none && (!this.asked.has(path) || this.converted.has(path));
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

/** Also true for what is larger than git reads, or cannot be read by us. */
function mentions(file: Buffer): boolean {
  if (!exists(file)) return false;
  try {
    return mention.test(readFileSync(file, 'latin1'));
  } catch {
    return true;
  }
}

function exists(file: Buffer): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
