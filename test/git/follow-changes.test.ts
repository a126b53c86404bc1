import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openRepository, type Repository, type WorktreeChanges } from '../../src/git/index.js';
import * as processes from '../../src/git/process.js';
import { makeRepository, type TestRepository } from '../support/git.js';
import { contentsOf } from './support/contents-of.js';

const opened: Repository[] = [];
afterEach(() => {
  for (const repo of opened.splice(0)) repo.close();
  vi.restoreAllMocks();
});

async function open(made: TestRepository): Promise<Repository> {
  const repo = await openRepository(made.path);
  opened.push(repo);
  return repo;
}

/** What a file or folder is on disk, so that it differs whenever a watcher would have told of it. */
function diskOf(root: string, folder = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(`${root}/${folder}`, { withFileTypes: true })) {
    if (folder === '' && entry.name === '.git') continue;
    const path = folder + entry.name;
    const { ino, mtimeNs, ctimeNs, size } = lstatSync(`${root}/${path}`, { bigint: true });
    // A folder's times change with what is in it, of which its own watch tells.
    found.set(path, entry.isDirectory() ? `folder ${ino}` : [ino, mtimeNs, ctimeNs, size].join());
    if (entry.isDirectory()) for (const [below, stamp] of diskOf(root, `${path}/`)) found.set(below, stamp);
  }
  return found;
}

function touchedBetween(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Set<string> {
  const touched = new Set<string>();
  for (const [path, stamp] of before) if (after.get(path) !== stamp) touched.add(path);
  for (const path of after.keys()) if (!before.has(path)) touched.add(path);
  return touched;
}

/** A work tree that is followed from answer to answer, and read anew for comparison. */
class Followed {
  private changes: WorktreeChanges | null = null;
  private disk = new Map<string, string>();

  private constructor(
    readonly made: TestRepository,
    private readonly repo: Repository,
  ) {}

  static async of(made: TestRepository): Promise<Followed> {
    return new Followed(made, await open(made));
  }

  /** The changes now, as found by following, and whether all was looked at. */
  async next(): Promise<{ changes: WorktreeChanges; asked: boolean }> {
    const disk = diskOf(this.made.path);
    const { changes: last } = this;
    const touched = touchedBetween(this.disk, disk);
    const runs = vi.spyOn(processes, 'runGit');
    const changes = await this.repo.worktreeChanges(undefined, last === null ? undefined : { changes: last, touched });
    const asked = runs.mock.calls.some(([args]) => args.includes('--others'));
    runs.mockRestore();
    this.changes = changes;
    this.disk = disk;
    return { changes, asked };
  }

  async expectTrue(): Promise<boolean> {
    const { changes, asked } = await this.next();
    const fresh = await open(this.made);
    expect(await contentsOf(fresh, changes)).toEqual(await contentsOf(fresh, await fresh.worktreeChanges()));
    return asked;
  }
}

const paths = ['a', 'b', 'd/a', 'd/b', 'd/e/a', 'x', 'x/y', 'log/a', 'kept.log', 'z.log'];

type Act = (made: TestRepository, pick: (n: number) => number) => void;

const somePath = (pick: (n: number) => number): string => paths[pick(paths.length)]!;

/** What people and programs do to a work tree. Any of them may fail, which is as good. */
const acts: readonly Act[] = [
  (made, pick) => made.write(somePath(pick), `text ${pick(4)}\n`),
  (made, pick) => made.write(somePath(pick), `text ${pick(4)}\n`),
  (made, pick) => made.write(somePath(pick), `line\r\nend ${pick(3)}\r\n`),
  (made, pick) => made.remove(somePath(pick)),
  (made, pick) => made.remove(['d', 'd/e', 'x', 'log'][pick(4)]!),
  (made, pick) => renameSync(made.file(somePath(pick)), made.file(somePath(pick))),
  (made, pick) => renameSync(made.file('d'), made.file(['moved', 'x', 'log'][pick(3)]!)),
  (made, pick) => chmodSync(made.file(somePath(pick)), pick(2) === 0 ? 0o755 : 0o644),
  (made, pick) => made.symlink(somePath(pick), somePath(pick)),
  (made, pick) => void made.git('add', '-A', ...(pick(2) === 0 ? [] : [somePath(pick)])),
  (made, pick) => void made.git('add', '-f', somePath(pick)),
  (made, pick) => void made.git('rm', '-q', '--cached', somePath(pick)),
  (made, pick) => void made.git('commit', '-q', '--allow-empty', '-am', `commit ${pick(100)}`),
  (made, pick) => void made.git('checkout', '-q', ['main', 'other', 'HEAD~1'][pick(3)]!),
  (made, pick) =>
    void made.git(
      'reset',
      '-q',
      ['--hard', '--soft', '--mixed', '--keep'][pick(4)]!,
      ['HEAD~1', 'other', 'main'][pick(3)]!,
    ),
  (made) => void made.git('stash', '-q', '-u'),
  (made) => void made.git('stash', 'pop', '-q'),
  (made, pick) => made.write('.gitignore', ['*.log\n', 'log/\n', ''][pick(3)]!),
  (made) => void made.git('status'), // which brings the index up to date
];

describe('a work tree that is followed', () => {
  test('has the same changes as one that is read anew, whatever was done to it', { timeout: 120_000 }, async () => {
    let answers = 0;
    let asked = 0;
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat(0xffffff)), fc.integer({ min: 4, max: 16 }), async (stream, steps) => {
        const numbers = stream[Symbol.iterator]();
        const pick = (n: number): number => (numbers.next().value as number) % n;
        const made = makeRepository();
        made.commit({
          a: 'a\n',
          'd/a': 'da\n',
          'd/b': 'db\n',
          'd/e/a': 'dea\n',
          x: 'x\n',
          'kept.log': 'k\n',
          '.gitignore': '*.log\n',
        });
        made.git('reset', '-q', '--hard');
        made.git('branch', 'other');
        made.commit({ a: 'a2\n', b: 'b\n', 'd/e/a': 'dea2\n' });
        made.git('reset', '-q', '--hard');
        if (pick(3) > 0) for (const path of ['a', 'b', 'd/a', 'x']) utimesSync(made.file(path), 1e9, 1e9);
        if (pick(3) > 0) made.git('status');
        const followed = await Followed.of(made);
        await followed.expectTrue();
        for (let step = 0; step < steps; step++) {
          for (let many = pick(3); many >= 0; many--) {
            try {
              acts[pick(acts.length)]!(made, pick);
            } catch {
              // A path that is not there, a conflict: nothing, or half of it, was done.
            }
          }
          answers++;
          if (await followed.expectTrue()) asked++;
        }
      }),
      { numRuns: 12 },
    );
    expect(answers).toBeGreaterThan(asked); // or nothing was tested
  });

  const sample = (): TestRepository => {
    const made = makeRepository();
    made.commit({ a: 'a\n', 'd/b': 'b\n', 'd/c': 'c\n', '.gitignore': '*.log\n' });
    made.git('reset', '-q', '--hard');
    return made;
  };

  test.each<[string, (made: TestRepository) => unknown]>([
    ['a file is saved', (made) => made.write('a', 'a2\n')],
    ['it is saved as before', (made) => made.write('a', 'a\n')],
    ['a file comes', (made) => made.write('new', 'n\n')],
    ['an ignored file comes', (made) => made.write('x.log', 'n\n')],
    ['a file goes', (made) => made.remove('d/b')],
    ['a folder goes', (made) => made.remove('d')],
    ['a folder comes', (made) => made.write('e/f/g', 'n\n')],
    ['a file takes the place of a folder', (made) => (made.remove('d'), made.write('d', 'n\n'))],
    ['changes are staged', (made) => (made.write('a', 'a2\n'), made.git('add', 'a'))],
    ['an ignored file is staged', (made) => (made.write('x.log', 'x\n'), made.git('add', '-f', 'x.log'))],
    ['a file is taken from the index', (made) => made.git('rm', '-q', '--cached', 'a')],
    ['changes are committed', (made) => (made.write('a', 'a2\n'), made.git('commit', '-qam', 'x'))],
    [
      'another branch is checked out',
      (made) => (made.git('checkout', '-qb', 'o'), made.commit({ a: '3\n' }), made.git('reset', '-q', '--hard')),
    ],
    ['a line end could be converted', (made) => made.write('a', 'a\r\n')],
    [
      'a file is not to be compared',
      (made) => (made.git('update-index', '--assume-unchanged', 'a'), made.write('a', '2\n')),
    ],
    [
      'files are in conflict',
      (made) => {
        made.git('checkout', '-qb', 'o');
        made.commit({ a: '3\n' });
        made.git('checkout', '-qf', 'main');
        made.commit({ a: '4\n' });
        made.git('reset', '-q', '--hard');
        try {
          made.git('merge', '-q', 'o');
        } catch {
          // as it has to be
        }
      },
    ],
    [
      'a file has another encoding',
      (made) => {
        mkdirSync(made.file('.git/info'));
        writeFileSync(made.file('.git/info/attributes'), 'a working-tree-encoding=ISO-8859-1\n');
        made.write('a', 'a2\n');
      },
    ],
  ])('needs not be read anew when %s', async (_, change) => {
    const made = sample();
    const followed = await Followed.of(made);
    await followed.expectTrue();
    await change(made);
    expect(await followed.expectTrue()).toBe(false);
    expect(await followed.expectTrue()).toBe(false);
  });

  test.each<[string, (made: TestRepository) => unknown]>([
    ['rules of what to ignore change', (made) => made.write('.gitignore', 'a\n')],
    ['attributes change', (made) => made.write('.gitattributes', '* text\n')],
    ['a repository comes', (made) => (mkdirSync(made.file('sub')), made.git('init', '-q', 'sub'))],
    ['there is no HEAD', (made) => rmSync(made.file('.git/refs/heads'), { recursive: true })],
  ])('is read anew when %s', async (_, change) => {
    const made = sample();
    const followed = await Followed.of(made);
    await followed.expectTrue();
    await change(made);
    const { asked } = await followed.next().catch(() => ({ asked: true }));
    expect(asked).toBe(true);
  });
});
