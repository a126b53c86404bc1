import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeRepository, makeFolder } from '../support/git.js';
import type { TestRepository } from '../support/git.js';
import { ensureDist, environment } from './dist.js';
import type { Finished } from './dist.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A copy of the build whose workers end at a batch that has the word of the file `word`. */
let main: string;
let wordFile: string;
let repository: TestRepository;

beforeAll(() => {
  ensureDist();
  const folder = makeFolder();
  const dist = join(folder, 'dist');
  mkdirSync(dist);
  for (const name of readdirSync(join(root, 'dist')))
    if (statSync(join(root, 'dist', name)).isFile())
      writeFileSync(join(dist, name), readFileSync(join(root, 'dist', name)));
  for (const name of ['grammars', 'node_modules', 'package.json']) symlinkSync(join(root, name), join(folder, name));
  main = join(dist, 'main.js');
  wordFile = join(folder, 'word');
  renameSync(join(dist, 'worker.js'), join(dist, 'real-worker.js'));
  writeFileSync(join(dist, 'worker.js'), `import './sabotage.js'; await import('./real-worker.js');`);
  writeFileSync(
    join(dist, 'sabotage.js'),
    `import { existsSync, readFileSync } from 'node:fs';
     import { parentPort } from 'node:worker_threads';
     const on = parentPort.on.bind(parentPort);
     parentPort.on = (event, listener) => on(event, (job) => {
       const word = existsSync(${JSON.stringify(wordFile)}) && readFileSync(${JSON.stringify(wordFile)});
       if (word && Buffer.from(job.payload.content).includes(word)) process.exit(1);
       listener(job);
     });`,
  );
  const files: Record<string, string> = { 'src/victim.ts': 'export class Victim {\n  cry(): void {}\n}\n' };
  for (let i = 0; i < 30; i++) files[`src/f${i}.ts`] = `export function grow${i}(): number {\n  return ${i};\n}\n`;
  repository = makeRepository();
  repository.commit(files);
});

const sabotage = (word: string | null): void => {
  rmSync(wordFile, { force: true });
  if (word !== null) writeFileSync(wordFile, word);
};

function run(store: string, ...args: string[]): Finished {
  const child = spawnSync(process.execPath, [main, ...args], {
    cwd: repository.path,
    env: environment({ store }),
    maxBuffer: 1 << 26,
  });
  return { code: child.status, bytes: child.stdout, stdout: child.stdout.toString(), stderr: child.stderr.toString() };
}

const json = (finished: Finished): Record<string, unknown> => JSON.parse(finished.stdout) as Record<string, unknown>;
const head = (store: string): unknown => {
  const { repositories } = json(run(store, 'status', '--json')) as {
    repositories: { revs: { rev: string; state: string }[]; diagnostics: { path: string; code: string }[] }[];
  };
  const { revs, diagnostics } = repositories[0]!;
  return [revs.find(({ rev }) => rev === 'HEAD')?.state, diagnostics.map(({ path, code }) => `${path} ${code}`)];
};
const answers = (store: string): unknown =>
  ['Victim', 'grow3', 'cry'].map((name) => {
    const { symbols } = json(run(store, 'symbols', name, '--rev', 'HEAD', '--json'));
    expect([name, symbols]).not.toEqual([name, []]);
    return symbols;
  });

describe('a file that a worker was lost at', () => {
  test('is marked, told, and made again when it is next met', () => {
    const quiet = makeFolder();
    sabotage(null);
    expect(run(quiet, 'index').code).toBe(0);

    const store = makeFolder();
    sabotage('Victim');
    const disturbed = run(store, 'index', '--json');
    expect(disturbed.code).toBe(0);
    expect(disturbed.stderr).toMatch(/src\/victim\.ts: .*cut by lines until it is next met/);
    expect(json(disturbed)).toMatchObject({ revs: [{ provisional: 1 }] });
    expect(head(store)).toEqual(['incomplete', ['src/victim.ts worker-lost']]);
    const doctor = run(store, 'doctor');
    expect([doctor.code, doctor.stdout]).toEqual([0, expect.stringMatching(/cut by lines for now .src\/victim\.ts/)]);
    expect(run(store, 'fork', 'kept').code).toBe(0);
    expect(run(store, 'apply', 'kept', '--rm', 'src/f1.ts').code).toBe(0);

    sabotage(null);
    expect(answers(store)).toEqual(answers(quiet));
    expect(head(store)).toEqual(['indexed', []]);
    const inFork = json(run(store, 'symbols', 'Victim', '--rev', 'kept', '--json'));
    expect(inFork['symbols']).toHaveLength(1);
    expect(run(store, 'drop', 'kept').code).toBe(0);
    expect(run(store, 'doctor').stdout).not.toMatch(/provisional/);
    for (const each of [store, quiet]) expect(run(each, 'gc').code).toBe(0);
    const counts = (each: string): unknown => {
      const { chunks, files, trees, textBytes } = json(run(each, 'status', '--json'));
      return { chunks, files, trees, textBytes };
    };
    expect(counts(store)).toEqual(counts(quiet));
  });

  test('is no part of a history, which is indexed when it is well', () => {
    const store = makeFolder();
    sabotage('Victim');
    const disturbed = run(store, 'index', '--history');
    expect([disturbed.code, disturbed.stderr]).toEqual([
      2,
      expect.stringMatching(/error\[WORKERS_LOST\]: src\/victim\.ts/),
    ]);
    sabotage(null);
    expect(run(store, 'index', '--history').code).toBe(0);
    expect(head(store)).toEqual(['indexed', []]);
    expect(run(store, 'log', 'Victim').stdout).toMatch(/victim\.ts/);
  });

  test('when all files are so, is an error', () => {
    const store = makeFolder();
    sabotage('return');
    const { code, stderr } = run(store, 'index');
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/error\[WORKERS_LOST\]: worker threads end again and again/),
    ]);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
