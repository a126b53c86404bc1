import type * as fs from 'node:fs';
import { mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openRepository } from '../../src/git/index.js';
import { makeFolder, makeRepository } from '../support/git.js';

/** Files that were opened, by where they really are. */
const opened = vi.hoisted((): { paths: string[] } => ({ paths: [] }));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof fs>();
  const openSync = (path: fs.PathLike, ...rest: [number]): number => {
    const fd = real.openSync(path, ...rest);
    opened.paths.push(real.realpathSync(String(path)));
    return fd;
  };
  return { ...real, openSync };
});

const parts = [
  ...['config', 'config.worktree', 'commondir', 'gitdir', 'HEAD', 'index', 'packed-refs', 'shallow'],
  ...['info/exclude', 'info/attributes', 'objects/info/alternates', 'logs'],
];

test.each(parts)(
  'a repository whose %s is a link that leads out is refused before anything behind it is read',
  async (part) => {
    const outside = realpathSync(makeFolder());
    writeFileSync(join(outside, 'secret'), '[core]\n\tbare = true\n');
    const { path, gitDir } = makeRepository();
    const link = join(gitDir, part);
    rmSync(link, { recursive: true, force: true });
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(outside, 'secret'), link);
    opened.paths = [];
    await expect(openRepository(path)).rejects.toMatchObject({ code: 'UNSAFE_REPOSITORY' });
    expect(opened.paths.filter((one) => one.startsWith(outside))).toEqual([]);
  },
);

test("once its owner vouches for them, the links are followed, and the configuration behind them is the repository's", async () => {
  const outside = realpathSync(makeFolder());
  const repository = makeRepository();
  repository.commit({ a: 'text\n' });
  const config = join(repository.gitDir, 'config');
  writeFileSync(join(outside, 'shared'), '[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tfilemode = false\n');
  rmSync(config);
  symlinkSync(join(outside, 'shared'), config);
  await expect(openRepository(repository.path)).rejects.toMatchObject({ code: 'UNSAFE_REPOSITORY' });
  const vouching = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: repository.gitDir };
  Object.assign(process.env, vouching);
  try {
    opened.paths = [];
    const open = await openRepository(repository.path);
    expect(open.workTree).toBe(realpathSync(repository.path));
    expect(opened.paths).toContain(join(outside, 'shared'));
    open.close();
  } finally {
    for (const name of Object.keys(vouching)) delete process.env[name];
  }
});
