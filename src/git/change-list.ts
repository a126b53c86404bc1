import { decodeBytes } from '../base/index.js';
import { asOid, type Oid } from '../model/index.js';
import { gitOutput, runGit, type RunOptions } from './process.js';
import { checkedOid } from './resolve.js';

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
  const args = ['log', '--no-merges', '--min-parents=1', '-n', String(max), '--name-status', '--no-renames', '-z'];
  args.push(
    '--no-show-signature',
    '--no-notes',
    '--encoding=UTF-8',
    '--format=%x01%H%x02%P%x02%s',
    checkedOid(from),
    '--',
  );
  const log = decodeBytes(await runGit(args, options));
  const commits: CommitChanges[] = [];
  for (const entry of log.split('\x01').slice(1)) {
    const [head, ...fields] = entry.split('\0').map((field) => field.replace(/^\n/, ''));
    const [commit, parent, subject] = head!.split('\x02') as [string, string, string];
    const files: CommitChanges['files'][number][] = [];
    for (let i = 0; i + 1 < fields.length; i += 2)
      files.push({ path: fields[i + 1]!, change: changeOf[fields[i]![0]!] ?? 'modified' });
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
  const args = [
    '--literal-pathspecs',
    'log',
    '--no-merges',
    '--name-only',
    '--no-renames',
    '-z',
    '--no-show-signature',
  ];
  args.push('--no-notes', '--encoding=UTF-8', '--format=%x01%H%x02%cI%x02%an%x02%s', checkedOid(from), '--');
  if (folder !== '') args.push(folder);
  const start = folder === '' ? 0 : folder.length + 1;
  const read = (entry: string): FolderChange => {
    const [head, ...paths] = entry.split('\0').map((field) => field.replace(/^\n/, ''));
    const [commit, date, author, subject] = head!.split('\x02') as [string, string, string, string];
    const names = new Set(
      paths.filter((path) => path.length > start).map((path) => path.slice(start).split('/', 1)[0]!),
    );
    return { commit: asOid(commit), date, author, subject, names };
  };
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of gitOutput(args, options)) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(1, 1); end >= 0; end = rest.indexOf(1, 1)) {
      if (end > 1) yield read(decodeBytes(rest.subarray(1, end)));
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 1) yield read(decodeBytes(rest.subarray(1)));
}
