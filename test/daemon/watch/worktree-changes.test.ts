import * as fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { watchFolder } from '../../../src/daemon/watch/folder-tree.js';
import type { WorktreeWatcher } from '../../../src/daemon/watch/index.js';
import { makeFolder, makeRepository, type TestRepository } from '../../support/git.js';
import { placeOf, seenOf, until, untilExact, watchPlace } from './support/watched.js';

let repo: TestRepository;
let monitor: WorktreeWatcher;
const at = (path: string): string => join(repo.path, path);

/** All folders below one, and itself, without git's. */
function foldersIn(folder: Buffer): Buffer[] {
  const entries = fs
    .readdirSync(folder, { encoding: 'buffer' })
    .map((name) => Buffer.concat([folder, Buffer.from('/'), name]));
  const folders = entries.filter((entry) => fs.lstatSync(entry).isDirectory() && !entry.toString().endsWith('.git'));
  return [folder, ...folders.flatMap(foldersIn)];
}

async function start(): Promise<void> {
  monitor = watchPlace(await placeOf(repo.path), { quietMs: 5 });
  await untilExact(monitor);
}

beforeEach(() => {
  repo = makeRepository();
});

describe('files and folders', () => {
  const changes: Readonly<Record<string, () => unknown>> = {
    'a new file': () => repo.write('src/new.ts', 'x'),
    'a file with other content': () => fs.appendFileSync(at('src/a.ts'), 'x'),
    'a file with other content of the same length': () => repo.write('src/a.ts', 'b'),
    'a file that became empty': () => fs.truncateSync(at('src/deep/b.ts')),
    'a file that is gone': () => fs.rmSync(at('src/deep/b.ts')),
    'a file with another name': () => fs.renameSync(at('src/a.ts'), at('src/z.ts')),
    'a file that came from outside': () => fs.renameSync(join(outside, 'file'), at('src/deep/file')),
    'a file saved as editors do': () => {
      repo.write('src/.a.ts.tmp', 'y');
      fs.renameSync(at('src/.a.ts.tmp'), at('src/a.ts'));
    },
    'a file that became executable': () => fs.chmodSync(at('src/a.ts'), 0o755),
    'a symbolic link': () => repo.symlink('link', 'src'),
    'a file in folders made at once': () => repo.write('new/deep/er/file', 'x'),
    'a folder with another name': () => fs.renameSync(at('src'), at('source')),
    'a folder that is gone': () => fs.rmSync(at('src'), { recursive: true }),
    'a folder that came from outside': () => fs.renameSync(outside, at('src/inside')),
    'a folder that was made anew': () => {
      fs.rmSync(at('src'), { recursive: true });
      repo.write('src/a.ts', 'a');
    },
    'names that are not UTF-8': () => {
      const folder = Buffer.concat([Buffer.from(at('latin-')), Buffer.from([0xe9])]);
      fs.mkdirSync(folder);
      fs.writeFileSync(Buffer.concat([folder, Buffer.from([0x2f, 0xe8])]), 'x');
    },
  };
  let outside: string;

  beforeEach(async () => {
    repo.commit({ 'src/a.ts': 'a', 'src/deep/b.ts': 'b', 'docs/c.md': 'c' });
    outside = makeFolder();
    fs.writeFileSync(join(outside, 'file'), 'x');
    await start();
  });

  test.each(Object.entries(changes))('%s', async (_, change) => {
    const seen = await seenOf(monitor, change);
    expect(seen.grown).toBeGreaterThan(0);
    expect(seen.reported).toEqual(['worktree']);
    // What came is watched, too.
    for (const folder of foldersIn(Buffer.from(repo.path))) {
      const before = await monitor.generation();
      fs.writeFileSync(Buffer.concat([folder, Buffer.from('/probe')]), 'x');
      expect(await monitor.generation(), folder.toString()).toBeGreaterThan(before!);
    }
  });

  test('nothing, when files are only read', async () => {
    const seen = await seenOf(monitor, () => {
      fs.readFileSync(at('src/a.ts'));
      fs.readdirSync(at('src'));
      fs.statSync(at('docs'));
    });
    expect(seen).toEqual({ grown: 0, reported: [] });
  });

  test('many folders with other names', async () => {
    for (let i = 0; i < 300; i++) repo.write(`many/${i}/${i}/file`, 'x');
    await untilExact(monitor);
    for (let i = 0; i < 300; i++) fs.renameSync(at(`many/${i}`), at(`many/moved-${i}`));
    let before = await untilExact(monitor);
    for (let i = 0; i < 300; i += 7) {
      repo.write(`many/moved-${i}/${i}/file`, 'y');
      const after = await monitor.generation();
      expect(after, `folder ${i}`).toBeGreaterThan(before);
      before = after!;
    }
    const folders = monitor.status().folders;
    fs.rmSync(at('many'), { recursive: true });
    await untilExact(monitor);
    expect(monitor.status().folders).toBe(folders - 601);
  });

  test('links are not followed', async () => {
    repo.symlink('way-out', outside);
    await untilExact(monitor);
    const seen = await seenOf(monitor, () => fs.writeFileSync(join(outside, 'file'), 'y'));
    expect(seen).toEqual({ grown: 0, reported: [] });
  });
});

test('what happens in a folder before it is watched is reported afterwards', async () => {
  repo.commit({ 'src/a.ts': 'a' });
  const place = await placeOf(repo.path);
  let whileAsked = (): Promise<void> => Promise.resolve();
  const ignoredFolders = async (): Promise<string[]> => {
    await whileAsked();
    return [];
  };
  const monitor = watchPlace({ ...place, ignoredFolders }, { quietMs: 5 });
  let reports = 0;
  monitor.onChange(() => reports++);
  await until(() => reports === 1); // that it watches now
  let reportsBefore = 0;
  whileAsked = async () => {
    whileAsked = () => Promise.resolve();
    fs.mkdirSync(at('second'));
    await until(() => reports === 3);
    reportsBefore = reports;
    repo.write('second/file', 'x');
  };
  fs.mkdirSync(at('first'));
  await until(() => reportsBefore === 3 && reports > 3);
});

describe('ignored folders', () => {
  test('are not watched, however many', async () => {
    repo.commit({ '.gitignore': 'node_modules\n', 'src/a.ts': 'a' });
    for (let i = 0; i < 500; i++) repo.write(`node_modules/${i}/package.json`, '{}');
    await start();
    expect(monitor.status().folders).toBeLessThan(15);
    const seen = await seenOf(monitor, () => repo.write('node_modules/1/package.json', '{ }'));
    expect(seen).toEqual({ grown: 0, reported: [] });
  });

  test('are not watched when they come later, however many', async () => {
    repo.commit({ '.gitignore': 'node_modules\n', 'src/a.ts': 'a' });
    let watches = 0;
    monitor = watchPlace(await placeOf(repo.path), {
      quietMs: 5,
      watchFolder: (...args) => {
        watches++;
        return watchFolder(...args);
      },
    });
    await untilExact(monitor);
    const [{ folders }, watchesBefore] = [monitor.status(), watches];
    for (let i = 0; i < 500; i++) repo.write(`src/node_modules/${i}/file`, 'x');
    await untilExact(monitor);
    expect(monitor.status().folders).toBe(folders);
    expect(watches - watchesBefore).toBeLessThan(100);
    const seen = await seenOf(monitor, () => repo.write('src/node_modules/1/file', 'y'));
    expect(seen).toEqual({ grown: 0, reported: [] });
  });

  const rules: Readonly<Record<string, (rule: string) => void>> = {
    '.gitignore': (rule) => repo.write('.gitignore', rule),
    '.gitignore further down': (rule) => repo.write('pack/.gitignore', rule),
    'info/exclude': (rule) => {
      fs.writeFileSync(join(repo.gitDir, 'info/exclude'), rule);
    },
    'core.excludesFile': (rule) => {
      fs.writeFileSync(join(repo.gitDir, 'rules'), rule);
      repo.git('config', 'core.excludesFile', join(repo.gitDir, 'rules'));
    },
  };

  test.each(Object.entries(rules))('are found out anew when %s changes', async (_, setRule) => {
    repo.commit({ 'pack/src/a.ts': 'a' });
    repo.write('pack/out/file', 'x');
    fs.mkdirSync(join(repo.gitDir, 'info'));
    await start();
    const all = monitor.status().folders;
    const edit = (): Promise<{ grown: number | null }> =>
      seenOf(monitor, () => fs.appendFileSync(at('pack/out/file'), 'x'));
    expect((await edit()).grown).toBeGreaterThan(0);
    setRule('out\n');
    expect(await edit()).toEqual({ grown: 0, reported: [] });
    expect(monitor.status().folders).toBe(all - 1);
    setRule('other\n');
    expect((await edit()).grown).toBeGreaterThan(0);
    expect(monitor.status().folders).toBe(all);
  });

  test('are watched once something in them is tracked', async () => {
    repo.commit({ '.gitignore': 'out\n' });
    repo.write('out/kept', 'x');
    await start();
    expect((await seenOf(monitor, () => repo.write('out/kept', 'y'))).grown).toBe(0);
    repo.git('add', '-f', 'out/kept');
    expect((await seenOf(monitor, () => repo.write('out/kept', 'z'))).grown).toBeGreaterThan(0);
  });

  test('are asked for again when rules may have changed in a folder before it was watched', async () => {
    repo.commit({ '.gitignore': 'out\n', 'src/a.ts': 'a' });
    repo.write('src/out/file', 'x');
    const place = await placeOf(repo.path);
    let isFirst = true;
    const monitor = watchPlace({
      ...place,
      ignoredFolders: async () => {
        const folders = await place.ignoredFolders();
        if (isFirst) repo.write('src/.gitignore', '!out\n');
        isFirst = false;
        return folders;
      },
    });
    const before = await untilExact(monitor);
    repo.write('src/out/file', 'y');
    expect(await monitor.generation()).toBeGreaterThan(before);
  });

  test('repositories inside are not watched while they are some', async () => {
    repo.commit({ 'src/a.ts': 'a' });
    repo.write('inner/src/b.ts', 'b');
    repo.git('init', '-q', 'inner');
    await start();
    expect(await seenOf(monitor, () => repo.write('inner/src/b.ts', 'c'))).toEqual({ grown: 0, reported: [] });
    expect(await seenOf(monitor, () => repo.write('inner/b.ts', 'c'))).toEqual({ grown: 0, reported: [] });
    expect((await seenOf(monitor, () => fs.rmSync(at('inner/.git'), { recursive: true }))).grown).toBeGreaterThan(0);
    expect((await seenOf(monitor, () => repo.write('inner/src/b.ts', 'd'))).grown).toBeGreaterThan(0);
    repo.git('init', '-q', 'inner');
    await untilExact(monitor);
    expect((await seenOf(monitor, () => repo.write('inner/src/b.ts', 'e'))).grown).toBe(0);
  });

  test('a folder that takes the place of a repository at once is watched', async () => {
    repo.commit({ 'src/a.ts': 'a' });
    repo.write('inner/src/b.ts', 'b');
    repo.git('init', '-q', 'inner');
    await start();
    fs.renameSync(at('inner'), join(makeFolder(), 'away'));
    repo.write('inner/src/b.ts', 'x');
    expect((await seenOf(monitor, () => repo.write('inner/src/b.ts', 'y'))).grown).toBeGreaterThan(0);
  });
});
