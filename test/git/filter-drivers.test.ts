import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { sleep } from '../../src/base/index.js';
import { openRepository, type Repository } from '../../src/git/index.js';
import { makeFolder, makeRepository, type TestRepository } from '../support/git.js';

const opened: Repository[] = [];
afterEach(() => {
  for (const repo of opened.splice(0)) repo.close();
  vi.unstubAllEnvs();
});

/** Configuration that has not changed for so long is remembered. */
const settledMs = 2100;

/** A repository with a file that has the filter `trap`, for which no program is configured yet; it is asked through a git that is counted. */
async function makeTrap(): Promise<{
  made: TestRepository;
  repo: Repository;
  program: string;
  hasRun: () => boolean;
  asked: () => number;
}> {
  const folder = makeFolder();
  const home = join(folder, 'home');
  mkdirSync(home);
  const canary = join(folder, 'canary');
  const program = join(folder, 'program');
  writeFileSync(program, `#!/bin/sh\necho > '${canary}'\ncat\n`);
  chmodSync(program, 0o755);
  const log = join(folder, 'log');
  writeFileSync(log, '');
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  writeFileSync(
    join(bin, 'git'),
    `#!/bin/sh\ncase "$*" in *" config "*) echo >> '${log}';; esac\nexec '${git}' "$@"\n`,
  );
  chmodSync(join(bin, 'git'), 0o755);
  const made = makeRepository();
  made.commit({ '.gitattributes': '*.bin filter=trap\n', 'a.bin': 'a' });
  made.branch('side');
  vi.stubEnv('HOME', home);
  vi.stubEnv('GIT_CONFIG_GLOBAL', undefined);
  vi.stubEnv('XDG_CONFIG_HOME', undefined);
  vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH']}`);
  const repo = await openRepository(made.path);
  opened.push(repo);
  made.write('a.bin', 'b'); // hashed by every status
  return { made, repo, program, hasRun: () => existsSync(canary), asked: () => readFileSync(log, 'utf8').length };
}

describe.skipIf(process.platform === 'win32')('programs of filters', () => {
  test('are asked for once while no configuration changes', async () => {
    const { repo, asked } = await makeTrap();
    await repo.worktreeChanges();
    await repo.worktreeChanges();
    expect(asked()).toBe(2); // just made, it could change again unseen
    await sleep(settledMs);
    for (let i = 0; i < 5; i++) expect((await repo.worktreeChanges()).changed).toHaveLength(1);
    expect(asked()).toBe(3);
  });

  test.each<
    [where: string, before: string, configure: (trap: { made: TestRepository; program: string }, home: string) => void]
  >([
    ["in the repository's configuration", '', ({ made, program }) => made.git('config', 'filter.trap.clean', program)],
    ["in the user's configuration", '', ({ program }, home) => writeFileSync(join(home, '.gitconfig'), trap(program))],
    [
      'in an included file that was not there',
      '[include]\n\tpath = later\n',
      ({ program }, home) => writeFileSync(join(home, 'later'), trap(program)),
    ],
    [
      'in a file that is included on another branch',
      '[includeIf "onbranch:side"]\n\tpath = ~/side\n',
      ({ made }) => made.git('symbolic-ref', 'HEAD', 'refs/heads/side'),
    ],
  ])('do not run where they are configured later: %s', async (_, before, configure) => {
    const made = await makeTrap();
    const { repo, program, hasRun, asked } = made;
    const home = process.env['HOME']!;
    writeFileSync(join(home, 'side'), trap(program));
    if (before !== '') writeFileSync(join(home, '.gitconfig'), before);
    await sleep(settledMs);
    await repo.worktreeChanges();
    await repo.worktreeChanges();
    expect(asked()).toBe(1);
    configure(made, home);
    expect((await repo.worktreeChanges()).changed).toHaveLength(1);
    expect(asked()).toBe(2);
    expect(hasRun()).toBe(false);
    // The trap is a good one: git as it is steps into it.
    execFileSync('git', ['status'], { cwd: made.made.path, stdio: 'ignore' });
    expect(hasRun()).toBe(true);
  });
});

const trap = (program: string): string => `[filter "trap"]\n\tclean = ${program}\n`;
