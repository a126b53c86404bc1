import { CoppiceError } from '../../base/index.js';
import type { FilePatch, Hunk } from './patch.js';
import { latin1Of, splitLines } from './patch-lines.js';

/**
 * The new content of a file, or null when the patch deletes it, as `git apply` makes it. `old` is the content
 * at `oldPath`, null when there is none. A hunk may have moved; its lines, context included, must
 * all be there. As in git, a hunk from line 1 must be at the file's start, one without trailing context at its end.
 *
 * @throws CoppiceError PATCH_CONFLICT with `data.path` and, when it is a hunk that does not fit, `data.hunk` (from 1).
 */
export function applyFilePatch(old: Uint8Array | null, patch: FilePatch): Uint8Array | null {
  const path = patch.oldPath ?? patch.newPath ?? '';
  if (patch.kind === 'add' && old !== null) throw conflict(path, 'exists already');
  if (patch.kind !== 'add' && old === null && !mayCreate(patch)) throw conflict(path, 'does not exist');
  if (patch.hunks.length === 0) return patch.kind === 'delete' ? deleted(old, path) : (old ?? new Uint8Array());
  const image = splitLines(latin1Of(old ?? new Uint8Array())).map((text) => ({ text, patched: false }));
  for (const hunk of patch.hunks) applyHunk(image, hunk, path);
  const content = Buffer.from(image.map((line) => line.text).join(''), 'latin1');
  return patch.kind === 'delete' ? deleted(content, path) : content;
}

interface Line {
  readonly text: string;
  /** Written by an earlier hunk, which another must not see as context. */
  readonly patched: boolean;
}

/** `diff -u` of a missing file need not say so; with nothing to take away it can be made. */
const mayCreate = (patch: FilePatch): boolean =>
  patch.kind === 'modify' &&
  patch.oldMode === undefined &&
  patch.hunks.length === 1 &&
  patch.hunks[0]!.oldLines.length === 0;

function deleted(rest: Uint8Array | null, path: string): null {
  if (rest !== null && rest.length > 0)
    throw conflict(path, 'has contents that the patch, which deletes it, does not know');
  return null;
}

function applyHunk(image: Line[], hunk: Hunk, path: string): void {
  const at = findHunk(image, hunk);
  if (at < 0)
    throw conflict(
      path,
      `does not have the lines that hunk ${hunk.number} (line ${hunk.oldStart}) changes`,
      hunk.number,
    );
  const lines = hunk.newLines.map((text) => ({ text, patched: true }));
  // Not by splice(…lines): a hunk may have more lines than a call may have arguments.
  const tail = image.splice(at).slice(hunk.oldLines.length);
  for (const line of lines) image.push(line);
  for (const line of tail) image.push(line);
}

/** Where the hunk's old lines are: the place nearest to where it says, further down first. */
function findHunk(image: readonly Line[], hunk: Hunk): number {
  const atStart = hunk.oldStart <= 1;
  const atEnd = hunk.trailing === 0;
  const last = image.length - hunk.oldLines.length;
  const fits = (at: number): boolean =>
    at >= 0 &&
    at <= last &&
    (!atStart || at === 0) &&
    (!atEnd || at === last) &&
    hunk.oldLines.every((text, i) => image[at + i]!.text === text && !image[at + i]!.patched);
  if (atStart) return fits(0) ? 0 : -1;
  if (atEnd) return fits(last) ? last : -1;
  const expected = Math.min(Math.max(hunk.newStart - 1, 0), image.length);
  for (let distance = 0; distance <= image.length; distance++) {
    if (fits(expected + distance)) return expected + distance;
    if (fits(expected - distance)) return expected - distance;
  }
  return -1;
}

function conflict(path: string, reason: string, hunk?: number): CoppiceError {
  return new CoppiceError('PATCH_CONFLICT', `the patch does not apply: ${path} ${reason}`, {
    hint: 'Make the patch against the state the fork is in.',
    data: { path, ...(hunk === undefined ? {} : { hunk }) },
  });
}
