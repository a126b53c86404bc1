import { isGitHeader, readGitHeader, readPlainHeader } from './patch-header.js';
import type { PatchHeader } from './patch-header.js';
import { invalidPatch, latin1Of, splitLines } from './patch-lines.js';

export { applyFilePatch } from './patch-apply.js';

/** What a patch does to one file. */
export interface FilePatch {
  readonly kind: 'add' | 'delete' | 'modify' | 'rename' | 'copy';
  /** The file it reads; null for `add`. As all paths, decoded by base `decodeBytes`. */
  readonly oldPath: string | null;
  /** The file it writes; null for `delete`. */
  readonly newPath: string | null;
  /** Git modes (`100644`, `100755`, `120000`, `160000`) where the patch tells them. */
  readonly oldMode: string | undefined;
  /** For `modify` and `rename`, undefined means: as it was. */
  readonly newMode: string | undefined;
  readonly hunks: readonly Hunk[];
}

/** A run of lines to be replaced. Lines are bytes as latin1 characters, each with its `\n` if it has one. */
export interface Hunk {
  /** Its number in the file's patch, from 1. */
  readonly number: number;
  /** 1-based first line on each side; 0 when that side is empty. */
  readonly oldStart: number;
  readonly newStart: number;
  readonly oldLines: readonly string[];
  readonly newLines: readonly string[];
  /** Lines of context it ends with; those only at the end of a file have none. */
  readonly trailing: number;
}

/**
 * Reads a unified diff as `git apply` does: the output of `git diff`, `git show` and `git format-patch` (what stands
 * around the diffs is skipped) or of `diff -u`. As there, the first component of a path (`a/`, `b/`) is dropped,
 * and binary patches and combined diffs (of merges) are refused.
 *
 * @throws CoppiceError PATCH_INVALID, `data.line` being the 1-based line in the patch.
 */
export function parsePatch(bytes: Uint8Array): FilePatch[] {
  return new PatchReader(splitLines(latin1Of(bytes))).read();
}

const hunkHeader = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

class PatchReader {
  private at = 0;

  constructor(private readonly lines: readonly string[]) {}

  read(): FilePatch[] {
    const patches: FilePatch[] = [];
    while (this.at < this.lines.length) {
      const line = this.lines[this.at]!;
      if (isGitHeader(line)) patches.push(this.readGitPatch());
      else if (this.isPlainHeader()) patches.push(this.readPlainPatch());
      else if (hunkHeader.test(line)) throw invalidPatch(this.at, 'a hunk without the name of its file');
      else if (/^diff --(cc|combined) /.test(line))
        throw invalidPatch(this.at, 'a combined diff, as of a merge, cannot be applied');
      else if (/^Binary files .* differ\n?$/.test(line)) throw invalidPatch(this.at, 'a binary file cannot be patched');
      else this.at++;
    }
    if (patches.length === 0) throw invalidPatch(Math.max(0, this.lines.length - 1), 'there is no diff in it');
    return patches;
  }

  private readGitPatch(): FilePatch {
    const start = this.at;
    const { header, next } = readGitHeader(this.lines, start);
    this.at = next;
    const line = this.lines[this.at] ?? '';
    if (/^(GIT binary patch|Binary files .* differ)\r?\n?$/.test(line)) {
      throw invalidPatch(this.at, `a binary file cannot be patched: ${header.newPath ?? header.oldPath ?? ''}`);
    }
    return this.finish(header, this.readHunks(), start);
  }

  /** `---` and `+++` are only a header when a hunk follows: a mail may well have such lines. */
  private isPlainHeader(): boolean {
    const [old = '', now = '', hunk = ''] = this.lines.slice(this.at, this.at + 3);
    return old.startsWith('--- ') && now.startsWith('+++ ') && hunkHeader.test(hunk);
  }

  private readPlainPatch(): FilePatch {
    const start = this.at;
    this.at += 2;
    const header = readPlainHeader(this.lines, start);
    return this.finish(header, this.readHunks(), start);
  }

  private finish(header: PatchHeader, hunks: readonly Hunk[], start: number): FilePatch {
    const path = header.newPath ?? header.oldPath;
    if (header.kind === 'add' && hunks.some((hunk) => hunk.oldLines.length > 0)) {
      throw invalidPatch(start, `the new file ${path} depends on old contents`);
    }
    if (header.kind === 'delete' && hunks.some((hunk) => hunk.newLines.length > 0)) {
      throw invalidPatch(start, `the deleted file ${path} still has contents`);
    }
    if (header.kind === 'modify' && hunks.length === 0 && header.newMode === header.oldMode) {
      throw invalidPatch(start, `nothing is said about ${path}`);
    }
    return { ...header, hunks };
  }

  private readHunks(): Hunk[] {
    const hunks: Hunk[] = [];
    for (let match = this.matchHunkHeader(); match !== null; match = this.matchHunkHeader()) {
      hunks.push(this.readHunk(match, hunks.length + 1));
    }
    return hunks;
  }

  private matchHunkHeader(): RegExpExecArray | null {
    return hunkHeader.exec(this.lines[this.at] ?? '');
  }

  private readHunk(match: RegExpExecArray, number: number): Hunk {
    const start = this.at++;
    let oldLeft = Number(match[2] ?? 1);
    let newLeft = Number(match[4] ?? 1);
    const oldLines: string[] = [];
    const newLines: string[] = [];
    let trailing = 0;
    let changes = 0;
    while (oldLeft > 0 || newLeft > 0) {
      const line = this.lines[this.at];
      if (line === undefined) throw invalidPatch(this.at - 1, 'it ends within a hunk');
      // Some editors and old versions of diff leave out the space of an empty line of context.
      const kind = line === '\n' || line === '\r\n' ? ' ' : line[0];
      const text = this.withoutMissingNewline(kind === line[0] ? line.slice(1) : line);
      const inOld = kind === ' ' || kind === '-';
      const inNew = kind === ' ' || kind === '+';
      if ((!inOld && !inNew) || (inOld && oldLeft-- === 0) || (inNew && newLeft-- === 0)) {
        throw invalidPatch(this.at, `hunk ${number}, begun in line ${start + 1}, does not have the lines it announces`);
      }
      if (inOld) oldLines.push(text);
      if (inNew) newLines.push(text);
      trailing = kind === ' ' ? trailing + 1 : 0;
      if (kind !== ' ') changes++;
      this.at += text.endsWith('\n') || this.at + 1 >= this.lines.length ? 1 : 2;
    }
    if (changes === 0) throw invalidPatch(start, `hunk ${number} changes nothing`);
    return { number, oldStart: Number(match[1]), newStart: Number(match[3]), oldLines, newLines, trailing };
  }

  /** The text of a hunk's line, whose `\n` is not the file's when `\ No newline at end of file` follows. */
  private withoutMissingNewline(text: string): string {
    // The words are translated by some versions of diff; the backslash is not.
    return this.lines[this.at + 1]?.startsWith('\\ ') ? text.replace(/\n$/, '') : text;
  }
}
