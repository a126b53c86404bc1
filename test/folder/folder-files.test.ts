import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytewise, decodeBytes, encodeBytes } from '../../src/base/index.js';
import { FolderFiles } from '../../src/folder/folder-files.js';
import { git, makeFolder } from '../support/git.js';

const options = { everywhere: null, without: [], staysOnDevice: false };

async function listed(root: string): Promise<string[]> {
  const files = new FolderFiles(root, options);
  await files.read(undefined);
  return files.all;
}

let emptyRepository: string | undefined;
function makeBare(): string {
  const dir = makeFolder();
  git(dir, ['init', '-q', '--bare', '.']);
  return dir;
}

/** What git takes to be the files of a folder, links included; `root` becomes a repository for it that has nothing of its own. */
function listedByGit(root: string): string[] {
  const dir = (emptyRepository ??= makeBare());
  const output = execFileSync('git', ['ls-files', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    env: { PATH: process.env['PATH'], GIT_DIR: dir, GIT_WORK_TREE: root, GIT_CONFIG_GLOBAL: '/dev/null', HOME: dir },
  });
  return decodeBytes(output).split('\0').slice(0, -1).sort(compareBytewise);
}

const names = ['a', 'b.log', 'c.ts', 'Build', 'deep', 'x y', '#x', '!y', 'ü', '\udcff'];
const rules = [
  '*.log',
  '!b.log',
  'deep/',
  '/a',
  'deep/**',
  '**/c.ts',
  'Build',
  '/deep/*',
  '!/deep/a',
  '\\#x',
  '\\!y',
  '# words',
  'x y',
  'x\\ y ',
  'a/b.log',
  '[ab]*',
  '?',
  '*',
  '!*/',
  '!c.ts',
  '',
];
const path = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const ruleFile = fc.array(fc.constantFrom(...rules), { maxLength: 4 }).map((lines) => lines.join('\n'));
const change = fc.oneof(
  { weight: 5, arbitrary: path.map((at) => ({ at, make: 'file' as const, text: 'x' })) },
  { weight: 2, arbitrary: fc.tuple(path, ruleFile).map(([at, text]) => ({ at, make: 'rules' as const, text })) },
  { weight: 1, arbitrary: path.map((at) => ({ at, make: 'link' as const, text: '..' })) },
  { weight: 2, arbitrary: path.map((at) => ({ at, make: 'nothing' as const, text: '' })) },
  { weight: 1, arbitrary: fc.tuple(path, path).map(([at, text]) => ({ at, make: 'move' as const, text })) },
);

/** Makes a change, where that can be; the paths that it touched. */
function applyChange(root: string, { at, make, text }: { at: string; make: string; text: string }): string[] {
  const disk = (below: string): Buffer => encodeBytes(join(root, below));
  try {
    const isMade = make === 'file' || make === 'rules' || make === 'link';
    const folder = make === 'rules' ? at : dirname(at);
    if (isMade) mkdirSync(disk(folder), { recursive: true });
    if (make === 'file') writeFileSync(disk(at), text);
    if (make === 'rules') writeFileSync(disk(`${at}/.gitignore`), text);
    if (make === 'link') symlinkSync(text, disk(at));
    if (make === 'nothing') rmSync(disk(at), { recursive: true });
    if (make === 'move') renameSync(disk(at), disk(text));
  } catch {
    // Something else is in its way. What was made until then counts all the same.
  }
  const made = at.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'));
  return make === 'move' ? [at, text] : made;
}

describe('the files of a folder without git', () => {
  test('are those that git would list, and are the same when only what was touched is looked at', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 3, maxLength: 25 }),
        fc.array(change, { maxLength: 6 }),
        async (first, second) => {
          const root = makeFolder();
          for (const one of first) applyChange(root, one);
          const files = new FolderFiles(root, options);
          await files.read(undefined);
          expect(files.all).toEqual(listedByGit(root));
          const touched = new Set(second.flatMap((one) => applyChange(root, one)));
          const changesRules = second.some(({ make }) => make === 'rules' || make === 'move' || make === 'nothing');
          // As the monitor does: with the rules anything may have changed.
          await files.readAgain(changesRules ? new Set(['']) : touched, undefined);
          expect(files.all).toEqual(await listed(root));
          const again = new FolderFiles(root, options);
          expect(again.countTo(3)).toBe(again.all.length);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('.ignore goes before .gitignore, wherever the two lie', async () => {
    const root = makeFolder();
    const write = (at: string, text: string): void => {
      mkdirSync(dirname(join(root, at)), { recursive: true });
      writeFileSync(join(root, at), text);
    };
    write('.gitignore', '*.log\nout/\n');
    write('.ignore', '!keep.log\n*.gen\n');
    write('sub/.gitignore', '!x.gen\nkeep.log\n');
    for (const name of ['keep.log', 'a.log', 'x.gen', 'out/a', 'sub/keep.log', 'sub/x.gen', 'sub/b.log', 'sub/c'])
      write(name, 'x');
    expect((await listed(root)).filter((at) => !at.endsWith('ignore'))).toEqual(['keep.log', 'sub/c', 'sub/keep.log']);
  });
});
