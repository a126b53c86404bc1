import { compareBytewise, decodeBytes, encodeBytes } from '../../base/index.js';
import { gitFailed, runGit, runGitRaw, type RunOptions } from '../process.js';

/**
 * Folders in which nothing that happens changes the work tree as git sees it: those that an ignore rule matches, and
 * repositories inside the work tree, which are not looked into. Relative to its top, sorted, without a slash at the
 * end; none lies in another. Git does not descend into what a rule matches: a folder of 30,000 costs nothing.
 */
export async function listIgnoredFolders(options: RunOptions): Promise<string[]> {
  const [ignored, nested] = await Promise.all([ignoredByRule(options), nestedRepositories(options)]);
  const folders: string[] = [];
  // With the slash, so that a folder comes right before what lies in it.
  for (const folder of [...ignored, ...nested].map((path) => `${path}/`).sort(compareBytewise)) {
    if (folders.length === 0 || !folder.startsWith(folders.at(-1)!)) folders.push(folder);
  }
  return folders.map((folder) => folder.slice(0, -1));
}

/** Git also lists folders whose files all happen to be ignored; a file that is not may come to lie there any time. */
async function ignoredByRule(options: RunOptions): Promise<string[]> {
  const listing = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z'];
  const listed = recordsOf(await runGit(listing, options)).flatMap(folderOf);
  if (listed.length === 0) return [];
  const input = encodeBytes(listed.map((path) => `${path}\0`).join(''));
  const result = await runGitRaw(['check-ignore', '-z', '--stdin'], { ...options, input });
  if (result.exitCode > 1) throw gitFailed('check-ignore', result.stderr);
  return recordsOf(result.stdout);
}

/** Submodules of the index, and repositories that it knows nothing of. */
async function nestedRepositories(options: RunOptions): Promise<string[]> {
  const listing = ['ls-files', '--stage', '--others', '--exclude-standard', '-t', '-z'];
  return recordsOf(await runGit(listing, options)).flatMap((record) => {
    // `? path`, with a slash where it is a repository; else a letter, mode, oid and stage before a tab and the path.
    if (record.startsWith('? ')) return folderOf(record.slice(2));
    return record.slice(2).startsWith('160000 ') ? [record.slice(record.indexOf('\t') + 1)] : [];
  });
}

const recordsOf = (output: Buffer): string[] => decodeBytes(output).split('\0').slice(0, -1);

const folderOf = (path: string): string[] => (path.endsWith('/') ? [path.slice(0, -1)] : []);
