import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sleep } from '../../src/base/index.js';
import { locateRepository } from '../../src/git/locate.js';
import { Seal } from '../../src/git/config/seal.js';
import { UserConfig } from '../../src/git/config/user-config.js';
import { makeFolder, makeRepository, type TestRepository } from '../support/git.js';

/** After so long a file's times tell of every later change: file systems here count in a few milliseconds. */
const racyMs = 100;

let made: TestRepository;
let home: string;
let config: UserConfig;
let log: string;

/** The file of ignore rules, and how many processes it took to know. */
async function ask(): Promise<{ file: string; processes: number }> {
  writeFileSync(log, '');
  const { excludesFile: file } = await config.read();
  return { file, processes: readFileSync(log, 'utf8').length };
}

/** Asks until the answer is remembered. */
async function settle(): Promise<string> {
  await sleep(2 * racyMs);
  await ask();
  const { file, processes } = await ask();
  expect(processes).toBe(0);
  return file;
}

const rules = (name: string): string => `[core]\n\texcludesFile = /rules/${name}\n`;
const inHome = (path: string): string => join(home, path);

describe.skipIf(process.platform === 'win32')("the user's configuration", () => {
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
    config = new UserConfig(location, new Seal(location), racyMs);
  });
  afterEach(() => vi.unstubAllEnvs());

  test('is asked for each time while a file could still change unseen, then once', async () => {
    writeFileSync(inHome('.gitconfig'), rules('odd "name"'));
    for (let i = 0; i < 2; i++) expect(await ask()).toEqual({ file: '/rules/odd name', processes: 1 });
    expect(await settle()).toBe('/rules/odd name');
    for (let i = 0; i < 3; i++) expect(await ask()).toEqual({ file: '/rules/odd name', processes: 0 });
  });

  test.each<[where: string, before: string, change: () => void]>([
    ["the user's configuration", '', () => writeFileSync(inHome('.gitconfig'), rules('new'))],
    [
      "the user's other configuration",
      '',
      () => {
        mkdirSync(inHome('.config/git'), { recursive: true });
        writeFileSync(inHome('.config/git/config'), rules('new'));
      },
    ],
    [
      'a file to include, which was not there',
      '[include]\n\tpath = sub/later\n',
      () => {
        mkdirSync(inHome('sub'));
        writeFileSync(inHome('sub/later'), rules('new'));
      },
    ],
    [
      'a file that is included on another branch',
      '[includeIf "onbranch:side"]\n\tpath = ~/side\n',
      () => made.git('symbolic-ref', 'HEAD', 'refs/heads/side'),
    ],
  ])('is asked for again when %s changes', async (_, before, change) => {
    writeFileSync(inHome('side'), rules('new'));
    if (before !== '') writeFileSync(inHome('.gitconfig'), before);
    expect(await settle()).toBe(inHome('.config/git/ignore'));
    change();
    expect(await ask()).toEqual({ file: '/rules/new', processes: 1 });
  });

  test('is gone with its file', async () => {
    writeFileSync(inHome('.gitconfig'), rules('old'));
    expect(await settle()).toBe('/rules/old');
    rmSync(inHome('.gitconfig'));
    expect(await ask()).toEqual({ file: inHome('.config/git/ignore'), processes: 1 });
  });

  test('has paths as git reads them, and nothing of what the repository says', async () => {
    made.git('config', 'core.excludesFile', '/rules/of-the-repository');
    made.git('config', 'safe.directory', '*');
    writeFileSync(
      inHome('.gitconfig'),
      '[core]\n\texcludesFile = ~/mine\n[safe]\n\tdirectory = gone\n\tdirectory =\n\tdirectory = ~/a\n',
    );
    const { excludesFile, safeDirectories } = await config.read();
    expect([excludesFile, safeDirectories]).toEqual([inHome('mine'), [inHome('a')]]);
    writeFileSync(inHome('.gitconfig'), '[core]\n\texcludesFile = %(prefix)/etc/rules\n');
    expect((await ask()).file).toMatch(/^\/.*etc\/rules$/);
    vi.stubEnv('GIT_CONFIG_COUNT', '1');
    vi.stubEnv('GIT_CONFIG_KEY_0', 'core.excludesFile');
    vi.stubEnv('GIT_CONFIG_VALUE_0', '/rules/of-the-environment');
    expect((await ask()).file).toBe('/rules/of-the-environment');
  });
});
