import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Random } from '../../test/crash/support/random.js';
import { TestRepository, git } from '../../test/support/git.js';
import { pickSome } from '../history/context.js';

/**
 * A new repository with a work tree, whose one commit (on `main`) has files of a rev of another one: at most `filesMax`,
 * spread evenly. It borrows the other's objects, of which any commit can be given a name here; the other is only read.
 */
export function makeWorkRepository(
  path: string,
  origin: string,
  { filesMax, rev = 'HEAD' }: { readonly filesMax: number; readonly rev?: string },
): TestRepository {
  mkdirSync(path, { recursive: true });
  const format = git(origin, ['rev-parse', '--show-object-format']);
  git(path, ['init', '-q', '--template=', '-b', 'main', `--object-format=${format}`]);
  const objects = resolve(origin, git(origin, ['rev-parse', '--git-path', 'objects']));
  mkdirSync(join(path, '.git/objects/info'), { recursive: true });
  writeFileSync(join(path, '.git/objects/info/alternates'), `${objects}\n`);
  for (const setting of ['gc.auto=0', 'maintenance.auto=false']) git(path, ['config', ...setting.split('=')]);
  // Plain files with readable names: links and submodules have no lines.
  const entries = git(origin, ['ls-tree', '-r', '-z', rev])
    .split('\0')
    .filter((entry) => entry.startsWith('100') && !entry.includes('\ufffd'));
  const step = Math.max(1, entries.length / filesMax);
  const some = Array.from({ length: Math.min(entries.length, filesMax) }, (_, i) => entries[Math.floor(i * step)]!);
  git(path, ['update-index', '-z', '--index-info'], `${some.join('\0')}\0`);
  const commit = git(path, ['commit-tree', '-m', `files of ${rev}`, git(path, ['write-tree'])]);
  git(path, ['update-ref', 'refs/heads/main', commit]);
  git(path, ['reset', '-q', '--hard']);
  return new TestRepository(path, false);
}

/** Commits of a repository's first parents, spread evenly from the newest to the oldest; fewer where there are fewer. */
export function someCommits(origin: string, count: number): string[] {
  const all = git(origin, ['rev-list', '--first-parent', 'HEAD']).split('\n');
  const step = Math.max(1, all.length / count);
  return Array.from({ length: Math.min(all.length, count) }, (_, i) => all[Math.floor(i * step)]!);
}

export interface TextFile {
  readonly path: string;
  /** Ends with a newline. */
  readonly text: string;
}

const textBytesMin = 200;
const textBytesMax = 40_000;

/** Random files of a work tree that people would edit: text of usual length. */
export function someTextFiles(repository: TestRepository, count: number, random: Random): TextFile[] {
  const found: TextFile[] = [];
  const paths = repository.git('ls-files', '-z').split('\0').filter(Boolean);
  for (const path of pickSome(paths, paths.length, random)) {
    if (found.length === count) break;
    const { size } = statSync(join(repository.path, path));
    if (size < textBytesMin || size > textBytesMax) continue;
    const bytes = readFileSync(join(repository.path, path));
    const text = bytes.toString('utf8');
    if (text.endsWith('\n') && !text.includes('\0') && Buffer.from(text).equals(bytes)) found.push({ path, text });
  }
  return found;
}
