import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { decodeBytes, encodeBytes } from '../../../../src/base/index.js';
import { WorktreeWatches } from '../../../../src/daemon/worktree-watches.js';
import { openEngines } from '../../../../src/engine/index.js';
import type { Engine } from '../../../../src/engine/index.js';
import { randomFrom } from '../../../crash/support/random.js';
import { makeFolder, makeRepository } from '../../../support/git.js';
import { WorktreeSteps, userGit, type UserFolders } from './worktree-steps.js';

export interface WorktreeRun {
  /** Answers to compare. */
  readonly steps: number;
  readonly seed: number;
  /** A new repository after so many steps. */
  readonly stepsEach?: number;
  /** Ends early, with the repository at hand, when so long has gone. */
  readonly ms?: number;
  readonly onStep?: (done: number) => void;
  readonly onWrong?: (what: string) => void;
}

export interface WorktreeRunResult {
  /** Steps, of which some come together. */
  readonly changes: number;
  /** Answers by what they said of themselves. */
  readonly live: number;
  readonly stale: number;
  /** Those that said `live` and were other than disk and git, with what was done before. */
  readonly wrong: readonly string[];
}

/**
 * Steps at random, and after each the whole work tree from an engine that watches it as the daemon does, against what git lists
 * and the disk holds. Sets HOME and XDG_CONFIG_HOME of this process meanwhile.
 */
export async function runWorktreeSteps({
  stepsEach = 250,
  ms = Infinity,
  ...run
}: WorktreeRun): Promise<WorktreeRunResult> {
  const { steps, seed, onStep } = run;
  const outcome: Outcome = { changes: 0, live: 0, stale: 0, wrong: [], onWrong: run.onWrong };
  const before = { ...process.env };
  const start = performance.now();
  for (let done = 0; done < steps && performance.now() - start < ms; done += stepsEach) {
    const user: UserFolders = { home: makeFolder(), config: makeFolder() };
    process.env.HOME = user.home;
    process.env.XDG_CONFIG_HOME = user.config;
    delete process.env.GIT_CONFIG_GLOBAL;
    process.env.GIT_CONFIG_NOSYSTEM = '1';
    try {
      const count = Math.min(stepsEach, steps - done);
      await runOne(user, seed + done, count, outcome, (step) => onStep?.(done + step));
    } catch (error) {
      // What could not be answered at all is as bad.
      const what = String(error);
      outcome.wrong.push(what);
      outcome.onWrong?.(what);
    } finally {
      for (const name of ['HOME', 'XDG_CONFIG_HOME', 'GIT_CONFIG_GLOBAL', 'GIT_CONFIG_NOSYSTEM'] as const)
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      fs.rmSync(user.home, { recursive: true, force: true });
      fs.rmSync(user.config, { recursive: true, force: true });
    }
  }
  const { changes, live, stale, wrong } = outcome;
  return { changes, live, stale, wrong };
}

interface Outcome {
  changes: number;
  live: number;
  stale: number;
  readonly wrong: string[];
  readonly onWrong: ((what: string) => void) | undefined;
}

async function runOne(
  user: UserFolders,
  seed: number,
  steps: number,
  outcome: Outcome,
  onStep: (done: number) => void,
): Promise<void> {
  const made = makeRepository();
  made.commit({ 'a/b/a': 'x\n', 'b.txt': 'one\ntwo\n', 'a/c.txt': 'crlf\r\n', 'd.id': '$Id$\n', 'e.rot': 'rot\n' });
  const random = randomFrom(seed);
  const stepper = new WorktreeSteps(made.path, user, random);
  stepper.tracked = listFiles(made.path, user).tracked;
  const watches = new WorktreeWatches({ cookieFolder: join(makeFolder(), 'cookies'), onChange: () => undefined });
  const engines = await openEngines({ store: join(makeFolder(), 'store'), workers: 0, watch: watches.watch });
  const engine = engines.open(made.path);
  const log: string[] = [];
  try {
    for (let step = 0; step < steps; step++) {
      for (let more = random(3); more >= 0; more--) {
        log.push(stepper.step());
        outcome.changes++;
      }
      if (random(8) === 0) await pause(random(30));
      const found = await engine.grep('', { rev: '@worktree' }).catch((error: unknown) => {
        throw new Error(`seed ${seed}, step ${step}: ${String(error)}\n  ${log.slice(-12).join('\n  ')}`);
      });
      const ours = textsOf(found.lines);
      // What git says while nothing changes.
      const listed = listFiles(made.path, user);
      stepper.tracked = listed.tracked;
      const theirs = textsOnDisk(made.path, listed);
      if (found.freshness === 'live') {
        outcome.live++;
        const differences = differencesOf(ours, theirs);
        if (differences.length > 0) {
          const what = `seed ${seed}, step ${step}: ${differences.slice(0, 4).join('; ')}\n  ${log.slice(-12).join('\n  ')}`;
          outcome.wrong.push(what);
          outcome.onWrong?.(what);
        }
      } else outcome.stale++;
      onStep(step + 1);
    }
  } finally {
    await engines.close();
    watches.close();
    fs.rmSync(dirname(made.path), { recursive: true, force: true });
  }
}

type Lines = Awaited<ReturnType<Engine['grep']>>['lines'];

function textsOf(lines: Lines): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { path, text } of lines) texts.set(path, `${texts.get(path) ?? ''}${text}\n`);
  return texts;
}

interface Listed {
  readonly tracked: readonly string[];
  /** Those that are not ignored. */
  readonly untracked: readonly string[];
}

/** In one process: starting it is most of what a step takes. */
function listFiles(root: string, user: UserFolders): Listed {
  const args = ['-c', 'core.quotePath=false', 'ls-files', '-z', '--stage', '--others', '--exclude-standard'];
  const tracked = new Set<string>();
  const untracked: string[] = [];
  for (const entry of userGit(root, user, ...args)
    .split('\0')
    .slice(0, -1)) {
    const [, mode, path] = /^(\d{6}) [0-9a-f]+ \d\t(.*)$/s.exec(entry) ?? [];
    if (path === undefined) {
      if (!entry.endsWith('/')) untracked.push(entry);
    } else if (mode !== '160000') tracked.add(path);
  }
  return { tracked: [...tracked], untracked };
}

/** The files as they lie on disk; text alone, and no empty files, which have no lines. */
function textsOnDisk(root: string, { tracked, untracked }: Listed): Map<string, string> {
  const texts = new Map<string, string>();
  for (const path of [...tracked, ...untracked]) {
    const bytes = bytesOnDisk(root, path);
    if (bytes === null || bytes.length === 0 || bytes.subarray(0, 8000).includes(0)) continue;
    const text = decodeBytes(bytes);
    texts.set(path, text.endsWith('\n') ? text : `${text}\n`);
  }
  return texts;
}

function bytesOnDisk(root: string, path: string): Buffer | null {
  const parts = path.split('/');
  for (let depth = 1; depth < parts.length; depth++) {
    const folder = fs.lstatSync(encodeBytes(join(root, ...parts.slice(0, depth))), { throwIfNoEntry: false });
    if (folder?.isDirectory() !== true) return null;
  }
  const file = encodeBytes(join(root, path));
  return fs.lstatSync(file, { throwIfNoEntry: false })?.isFile() === true ? fs.readFileSync(file) : null;
}

function differencesOf(ours: ReadonlyMap<string, string>, theirs: ReadonlyMap<string, string>): string[] {
  const differences: string[] = [];
  for (const [path, text] of theirs)
    if (ours.get(path) !== text)
      differences.push(
        `${path} is ${JSON.stringify(text.slice(0, 60))}, not ${JSON.stringify(ours.get(path)?.slice(0, 60))}`,
      );
  for (const path of ours.keys()) if (!theirs.has(path)) differences.push(`${path} is not there`);
  return differences;
}
