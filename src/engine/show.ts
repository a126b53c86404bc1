import { CoppiceError } from '../base/index.js';
import { asOid } from '../model/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { isTooLong, shorten } from './limits.js';
import type { OpenedRev } from './revs.js';
import type { Session } from './session.js';
import type { ShownText } from './types.js';

/** Text of a file of a snapshot, or of some of its lines (1-based, inclusive). */
export async function showFile(
  session: Session,
  opened: OpenedRev,
  path: string,
  lines: { start: number; end: number } | undefined,
): Promise<ShownText> {
  const { rev } = opened;
  const content = await readFile(session, opened, path);
  const freshness = await opened.freshness();
  const count = countLines(content);
  if (lines === undefined) return { rev, path, startLine: 1, endLine: Math.max(1, count), content, freshness };
  const { start, end } = lines;
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 1 || end < start || start > count) {
    throw new CoppiceError(
      'LINES_OUT_OF_RANGE',
      `${path} has ${count} lines; lines ${start} to ${end} are not among them`,
      {
        data: { path, lineCount: count },
      },
    );
  }
  const from = offsetOfLine(content, start);
  const to = end >= count ? content.length : offsetOfLine(content, end + 1);
  return { rev, path, startLine: start, endLine: Math.min(end, count), content: content.subarray(from, to), freshness };
}

async function readFile(session: Session, { snapshot, rev }: OpenedRev, path: string): Promise<Buffer> {
  const file = snapshot.fileAt(path);
  const stored = file === undefined ? null : snapshot.fileBytes(file);
  if (stored !== null) return stored;
  const link = snapshot.unfollowed.find((entry) => entry.path === path);
  if (link?.kind === 'submodule') {
    throw new CoppiceError('PATH_NOT_FOUND', `${path} is a submodule at commit ${link.oid}`, {
      hint: 'run Coppice in the submodule itself',
    });
  }
  const oid = file?.record.oid ?? link?.oid;
  if (oid !== undefined) {
    const { repository } = session;
    const content = await repository.readBlob(asOid(oid));
    if (content !== null) return content;
    const onDisk = rev.kind === 'worktree' ? await repository.readWorktreeFile(path) : null;
    if (onDisk?.oid === oid && onDisk.content !== null) return onDisk.content;
    throw new CoppiceError(
      'OBJECT_MISSING',
      `the content of ${path} (blob ${oid}) is neither in the store nor in the repository`,
    );
  }
  throw missingPath(snapshot, path);
}

/** PATH_NOT_FOUND, with paths that end alike. */
export function missingPath(snapshot: Snapshot, path: string): CoppiceError {
  if (isTooLong(path)) return new CoppiceError('PATH_NOT_FOUND', `there is no file ${shorten(path)} at that rev`);
  const folder = snapshot.files.some((other) => other.path.startsWith(`${path}/`));
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const near = snapshot.files.filter((other) => other.path.toLowerCase().endsWith(name)).slice(0, 5);
  return new CoppiceError('PATH_NOT_FOUND', folder ? `${path} is a folder` : `there is no file ${path} at that rev`, {
    ...(near.length === 0 ? {} : { hint: `did you mean ${near.map((other) => other.path).join(', ')}?` }),
    data: { path },
  });
}

function countLines(content: Buffer): number {
  let count = 0;
  for (let at = 0; at < content.length; count++) {
    const newline = content.indexOf(10, at);
    at = newline < 0 ? content.length : newline + 1;
  }
  return count;
}

/** Where a line (1-based, not beyond the last) begins. */
function offsetOfLine(content: Buffer, line: number): number {
  let at = 0;
  for (let number = 1; number < line; number++) at = content.indexOf(10, at) + 1;
  return at;
}
