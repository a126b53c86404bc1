import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sleep } from '../../src/base/index.js';
import { FilterDrivers } from '../../src/git/filter-drivers.js';
import { locateRepository } from '../../src/git/locate.js';
import { makeFolder, makeRepository, type TestRepository } from '../support/git.js';

/** After so long a file's times tell of every later change: file systems here count in a few milliseconds. */
const racyMs = 100;

let made: TestRepository;
let home: string;
let drivers: FilterDrivers;
let log: string;

/** The drivers that are overridden, and how many processes it took. */
async function ask(): Promise<{ names: string[]; processes: number }> {
  writeFileSync(log, '');
  const settings = await drivers.neutralised({ folder: made.gitDir });
  const names = settings.flatMap(([name]) => /^filter\.(.*)\.clean$/s.exec(name)?.[1] ?? []);
  return { names, processes: readFileSync(log, 'utf8').length };
}

/** Asks until the answer is remembered. */
async function settle(): Promise<string[]> {
  await sleep(2 * racyMs);
  await ask();
  const { names, processes } = await ask();
  expect(processes).toBe(0);
  return names;
}

const filter = (name: string): string => `[filter "${name}"]\n\tclean = program\n`;
const inHome = (path: string): string => join(home, path);

describe.skipIf(process.platform === 'win32')('filter drivers', () => {
  beforeEach(() => {
    const bin = makeFolder();
    home = makeFolder();
    log = join(bin, 'log');
    const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
    writeFileSync(join(bin, 'git'), `#!/bin/sh\nprintf x >> '${log}'\nexec '${git}' "$@"\n`);
    chmodSync(join(bin, 'git'), 0o755);
    vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH']}`);
    vi.stubEnv('HOME', home);
    vi.stubEnv('XDG_CONFIG_HOME', undefined);
    vi.stubEnv('GIT_CONFIG_GLOBAL', undefined);
    made = makeRepository();
    made.commit({ a: 'a' });
    made.branch('side');
    const location = locateRepository(made.path);
    drivers = new FilterDrivers(location, `--git-dir=${made.gitDir}`, racyMs);
  });
  afterEach(() => vi.unstubAllEnvs());

  test('are asked for each time while a file could still change unseen, then once', async () => {
    made.git('config', 'filter.odd "name".clean', 'program');
    for (let i = 0; i < 2; i++) expect(await ask()).toEqual({ names: ['odd "name"'], processes: 1 });
    expect(await settle()).toEqual(['odd "name"']);
    for (let i = 0; i < 3; i++) expect(await ask()).toEqual({ names: ['odd "name"'], processes: 0 });
  });

  test.each<[where: string, before: string, change: () => void]>([
    ['the configuration of the repository', '', () => made.git('config', 'filter.new.clean', 'program')],
    ["the user's configuration", '', () => writeFileSync(inHome('.gitconfig'), filter('new'))],
    [
      "the user's other configuration",
      '',
      () => {
        mkdirSync(inHome('.config/git'), { recursive: true });
        writeFileSync(inHome('.config/git/config'), filter('new'));
      },
    ],
    [
      'a file to include, which was not there',
      '[include]\n\tpath = sub/later\n',
      () => {
        mkdirSync(inHome('sub'));
        writeFileSync(inHome('sub/later'), filter('new'));
      },
    ],
    [
      'a file that is included on another branch',
      '[includeIf "onbranch:side"]\n\tpath = ~/side\n',
      () => made.git('symbolic-ref', 'HEAD', 'refs/heads/side'),
    ],
    [
      'the configuration of this work tree',
      '',
      () => {
        made.git('config', 'extensions.worktreeConfig', 'true');
        made.git('config', '--worktree', 'filter.new.clean', 'program');
      },
    ],
  ])('are asked for again when %s changes', async (_, before, change) => {
    writeFileSync(inHome('side'), filter('new'));
    if (before !== '') writeFileSync(inHome('.gitconfig'), before);
    expect(await settle()).toEqual([]);
    change();
    expect(await ask()).toEqual({ names: ['new'], processes: 1 });
  });

  test('are gone with their file', async () => {
    writeFileSync(inHome('.gitconfig'), filter('old'));
    expect(await settle()).toEqual(['old']);
    rmSync(inHome('.gitconfig'));
    expect(await ask()).toEqual({ names: [], processes: 1 });
  });
});
