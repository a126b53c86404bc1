import { decodeBytes } from '../../base/index.js';
import { asOid, type Oid } from '../../model/index.js';
import { gitOutput, runGit, type RunOptions } from '../process.js';
import { checkedOid } from '../refs/resolve.js';

/** What a commit with one parent did. */
export interface CommitChanges {
  readonly commit: Oid;
  readonly parent: Oid;
  /** First line of the message. */
  readonly subject: string;
  /** In git's order; a file that was renamed is removed and added. */
  readonly files: readonly { readonly path: string; readonly change: 'added' | 'removed' | 'modified' }[];
}

/** Lines of a file as it was before a change, 1-based and inclusive; of an insertion the line before it, or the first. */
export interface LineRange {
  readonly start: number;
  readonly end: number;
}

const changeOf: Readonly<Record<string, CommitChanges['files'][number]['change']>> = { A: 'added', D: 'removed' };

/** The newest commits with one parent that a commit reaches, newest first. */
export async function listChanges(options: RunOptions, from: Oid, max: number): Promise<CommitChanges[]> {
  const args = ['log', '--no-merges', '--min-parents=1', '-n', String(max), '--name-status', '--no-renames'];
  args.push(...logForm('%P', '%s'), checkedOid(from), '--');
  const commits: CommitChanges[] = [];
  for await (const { fields, rest } of logEntries(args, 3, options)) {
    const [commit, parent, subject] = fields as [string, string, string];
    const files: CommitChanges['files'][number][] = [];
    for (let i = 0; i + 1 < rest.length; i += 2)
      files.push({ path: rest[i + 1]!, change: changeOf[rest[i]!] ?? 'modified' });
    commits.push({ commit: asOid(commit), parent: asOid(parent), subject, files });
  }
  return commits;
}

/** Which lines of a file a commit replaced, removed, or put others after, as its parent has them. */
export async function changedLines(options: RunOptions, parent: Oid, commit: Oid, path: string): Promise<LineRange[]> {
  const args = ['--literal-pathspecs', 'diff-tree', '-p', '-U0', '--no-renames', '--no-ext-diff', '--no-textconv'];
  args.push('--no-color', checkedOid(parent), checkedOid(commit), '--', path);
  const diff = decodeBytes(await runGit(args, options));
  return Array.from(diff.matchAll(/^@@ -(\d+)(?:,(\d+))? /gm), ([, first, count]) => {
    const start = Math.max(1, Number(first));
    return { start, end: start + Math.max(1, Number(count ?? 1)) - 1 };
  });
}

/** What a commit changed in a folder. */
export interface FolderChange {
  readonly commit: Oid;
  /** Committer date, ISO 8601. */
  readonly date: string;
  readonly author: string;
  /** First line of the message. */
  readonly subject: string;
  /** Of what changed, the first name below the folder, each once. */
  readonly names: ReadonlySet<string>;
}

/** The commits that changed something in a folder (empty: anything), newest first, no faster than they are taken. */
export async function* changesBelow(options: RunOptions, from: Oid, folder: string): AsyncGenerator<FolderChange> {
  const args = ['--literal-pathspecs', 'log', '--no-merges', '--name-only', '--no-renames'];
  args.push(...logForm('%cI', '%an', '%s'), checkedOid(from), '--');
  if (folder !== '') args.push(folder);
  const start = folder === '' ? 0 : folder.length + 1;
  for await (const { fields, rest } of logEntries(args, 4, options)) {
    const [commit, date, author, subject] = fields as [string, string, string, string];
    const below = rest.filter((path) => path.length > start).map((path) => path.slice(start).split('/', 1)[0]!);
    yield { commit: asOid(commit), date, author, subject, names: new Set(below) };
  }
}

/** What git log says of a commit, and of each file that it changed. */
interface LogEntry {
  readonly fields: readonly string[];
  readonly rest: readonly string[];
}

/**
 * The commit, then these of its fields, each ended by a zero byte, which is the one thing that no name, subject or path has: people put
 * whatever else there is into a subject.
 */
const logForm = (...fields: readonly string[]): string[] => [
  '-z',
  '--no-show-signature',
  '--no-notes',
  '--encoding=UTF-8',
  `--format=${['%x00%x00%H', ...fields].join('%x00')}`,
];

/** The entries of a git log in that form, `count` fields each, as they come. An empty field ends one: no path is empty. */
async function* logEntries(args: readonly string[], count: number, options: RunOptions): AsyncGenerator<LogEntry> {
  let fields: string[] = [];
  let rest: string[] = [];
  for await (const field of zeroEnded(gitOutput(args, options))) {
    if (fields.length > 0 && fields.length < count) fields.push(field);
    else if (field !== '') {
      if (fields.length === 0) fields.push(field);
      // A line feed ends the fields, before the first of what follows.
      else rest.push(rest.length === 0 ? field.replace(/^\n/, '') : field);
    } else if (fields.length > 0) {
      yield { fields, rest };
      [fields, rest] = [[], []];
    }
  }
  if (fields.length > 0) yield { fields, rest };
}

async function* zeroEnded(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let left: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    left = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
    const end = left.lastIndexOf(0);
    if (end < 0) continue;
    yield* decodeBytes(left.subarray(0, end)).split('\0');
    left = left.subarray(end + 1);
  }
  if (left.length > 0) yield decodeBytes(left);
}
