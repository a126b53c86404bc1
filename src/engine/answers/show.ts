import { CoppiceError } from '../../base/index.js';
import { hashBlob } from '../../git/index.js';
import { asOid } from '../../model/index.js';
import type { Snapshot, SnapshotFile } from '../../snapshot/index.js';
import { isTooLong, shorten } from '../limits.js';
import type { OpenedRev, Scope } from '../session/scope.js';
import { placeOf } from './places.js';
import type { ShownText } from '../types.js';

/** What is shown at once, in bytes. Of larger files some lines can be shown. */
const shownBytesMax = 32 * 1024 * 1024;
/** A blob that is larger is read in pieces: one that holds up git's process would hold up all who ask it. */
const pieceWiseBytes = 4 * 1024 * 1024;

interface Lines {
  readonly start: number;
  readonly end: number;
}

/** Text of a file of a snapshot, or of some of its lines (1-based, inclusive). TOO_LARGE when it is more than can be shown at once. */
export async function showFile(
  { shared }: Scope,
  opened: OpenedRev,
  path: string,
  lines: Lines | undefined,
  signal: AbortSignal | undefined,
): Promise<ShownText> {
  const { rev } = opened;
  if (lines !== undefined) checkLines(lines);
  const source = await findContent(opened, path, signal);
  const read =
    typeof source === 'function'
      ? await shared.largeReads.run(signal, () => readLines(source(), path, lines))
      : await readLines([source], path, lines);
  return { rev, ...placeOf(opened.origin(path)), ...read, freshness: await opened.freshness() };
}

/** The content of a file: whole, or the way to its pieces. */
type Content = Buffer | (() => AsyncIterable<Buffer>);

/** What is read of packs where they lie was not compared with git's names when it was opened. REMOTE_INVALID. */
function checkBlob({ segments }: Snapshot, { oid, docs }: SnapshotFile['record'], content: Buffer): void {
  if (docs.every((doc) => segments.segmentOfDoc(doc).isHere)) return;
  if (hashBlob(content, oid.length === 40 ? 'sha1' : 'sha256') === oid) return;
  throw new CoppiceError('REMOTE_INVALID', `what the remote calls blob ${oid} is not that blob`, {
    hint: 'ask who may write to it, and publish anew to a fresh remote',
  });
}

async function findContent(
  { snapshot, origin }: OpenedRev,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Content> {
  const file = snapshot.fileAt(path);
  const stored = file === undefined ? null : snapshot.fileBytes(file);
  if (stored !== null) {
    checkBlob(snapshot, file!.record, stored);
    return stored;
  }
  const link = snapshot.unfollowed.find((entry) => entry.path === path);
  if (link?.kind === 'submodule') {
    throw new CoppiceError('PATH_NOT_FOUND', `${path} is a submodule at commit ${link.oid}`, {
      hint: 'run Coppice in the submodule itself',
    });
  }
  const oid = file?.record.oid ?? link?.oid;
  if (oid === undefined) throw missingPath(snapshot, path);
  const { session, rev, path: ownPath } = origin(path);
  if (session === null) throw lostContent(path, oid);
  const { repository } = session;
  const isLarge = file !== undefined && file.record.sizeBytes > pieceWiseBytes;
  if (isLarge) {
    if (await repository.hasObject(asOid(oid))) return () => repository.readBlobPieces(asOid(oid), signal);
  } else {
    const content = await repository.readBlob(asOid(oid), shownBytesMax);
    if (content !== null) return content;
  }
  const onDisk =
    rev.kind === 'worktree' ? await repository.readWorktreeFile(ownPath, { maxBytes: pieceWiseBytes }) : null;
  if (onDisk?.oid === oid) return onDisk.content ?? (() => repository.readWorktreePieces(ownPath));
  throw lostContent(path, oid);
}

const lostContent = (path: string, oid: string): CoppiceError =>
  new CoppiceError(
    'OBJECT_MISSING',
    `the content of ${path} (blob ${oid}) is neither in the store nor in the repository`,
  );

const newline = 10;

/** The lines that are asked for, or all, of what comes in pieces. Reads no further than it must. */
async function readLines(
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
  path: string,
  lines: Lines | undefined,
): Promise<Pick<ShownText, 'startLine' | 'endLine' | 'content'>> {
  const { start, end } = lines ?? { start: 1, end: Infinity };
  const kept: Buffer[] = [];
  let bytes = 0;
  /** Line ends so far. */
  let ended = 0;
  let endsInLine = false;
  for await (const piece of pieces) {
    if (piece.length === 0) continue;
    let from = start === 1 || ended >= start - 1 ? 0 : -1;
    let to = piece.length;
    for (let at = piece.indexOf(newline); at >= 0; at = piece.indexOf(newline, at + 1)) {
      ended++;
      if (ended === start - 1) from = at + 1;
      if (ended === end) {
        to = at + 1;
        break;
      }
    }
    endsInLine = piece[to - 1] !== newline;
    if (from >= 0 && from < to) {
      bytes += to - from;
      if (bytes > shownBytesMax) throw tooLargeToShow(path, lines);
      kept.push(piece.subarray(from, to));
    }
    if (ended >= end) break;
  }
  const count = ended + (endsInLine ? 1 : 0);
  if (lines !== undefined && start > count) throw linesOutOfRange(path, lines, count);
  const content = kept.length === 1 ? kept[0]! : Buffer.concat(kept);
  return { startLine: start, endLine: Math.min(end, Math.max(1, count)), content };
}

function checkLines({ start, end }: Lines): void {
  if (Number.isInteger(start) && Number.isInteger(end) && start >= 1 && end >= start) return;
  throw new CoppiceError('LINES_OUT_OF_RANGE', `${start} to ${end} are no lines of a file`, {
    hint: 'lines are counted from 1, the first one before the last one',
    data: { start, end },
  });
}

function linesOutOfRange(path: string, { start, end }: Lines, lineCount: number): CoppiceError {
  return new CoppiceError(
    'LINES_OUT_OF_RANGE',
    `${path} has ${lineCount} lines; lines ${start} to ${end} are not among them`,
    { data: { path, lineCount } },
  );
}

function tooLargeToShow(path: string, lines: Lines | undefined): CoppiceError {
  const what = lines === undefined ? path : `lines ${lines.start} to ${lines.end} of ${path}`;
  return new CoppiceError('TOO_LARGE', `${what}: more than ${shownBytesMax} bytes, which are the most shown at once`, {
    hint: lines === undefined ? `ask for some of its lines: REV:${path}:1-100` : 'ask for fewer lines',
    data: { path, limitBytes: shownBytesMax },
  });
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
