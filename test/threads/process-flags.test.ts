import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
let program: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coppice-flags-'));
  const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  await build({
    entryPoints: { thread: file('fixtures/pool-thread.ts'), threads: file('../../src/threads/index.ts') },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  writeFileSync(join(folder, 'preload.cjs'), 'globalThis.preloaded = true;');
  writeFileSync(join(folder, 'preload.mjs'), 'globalThis.preloaded = true;');
  program = `
    import { createJobPool } from ${JSON.stringify(pathToFileURL(join(folder, 'threads.mjs')).href)};
    const script = new URL(${JSON.stringify(pathToFileURL(join(folder, 'thread.mjs')).href)});
    const pool = createJobPool({ script, threads: 1, heapMb: 128 });
    pool.run({ do: 'surroundings' }).then((answer) => {
      console.log(JSON.stringify(answer));
      return pool.close();
    }, (error) => console.log(error.code, error.message));`;
  writeFileSync(join(folder, 'program.mjs'), program);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const preload = (name: string): string => join(folder, name);

test.each([
  ['none', () => [join(folder, 'program.mjs')], {}],
  ['-e', () => ['--input-type=module', '-e', program], {}],
  ['--import', () => ['--import', pathToFileURL(preload('preload.mjs')).href, join(folder, 'program.mjs')], {}],
  ['--require', () => ['--require', preload('preload.cjs'), join(folder, 'program.mjs')], {}],
  ['--inspect', () => ['--inspect=127.0.0.1:0', join(folder, 'program.mjs')], {}],
  ['--conditions', () => ['--conditions=other', '--no-warnings', join(folder, 'program.mjs')], {}],
  [
    'NODE_OPTIONS',
    () => [join(folder, 'program.mjs')],
    () => ({ NODE_OPTIONS: `--require ${preload('preload.cjs')}` }),
  ],
  [
    'a preload that throws in threads',
    () => [join(folder, 'program.mjs')],
    () => {
      const path = preload('main-only.cjs');
      writeFileSync(path, `if (!require('worker_threads').isMainThread) throw new Error('not here');`);
      return { NODE_OPTIONS: `--require ${path}`, OTHER: '1' };
    },
  ],
])('a thread has nothing of what its process was started with: %s', (_, args, env) => {
  const { stdout, stderr } = spawnSync(process.execPath, args(), {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...(typeof env === 'function' ? env() : env) },
    cwd: folder,
  });
  expect(`${stdout}${stderr.replace(/^Debugger listening.*\n.*\n/, '')}`.trim()).toBe(
    JSON.stringify({ execArgv: [], env: [], preloaded: false }),
  );
});

test('a process that may start no threads is told so', () => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
  const { stdout } = spawnSync(
    process.execPath,
    [flag, '--no-warnings', '--allow-fs-read=*', join(folder, 'program.mjs')],
    { encoding: 'utf8' },
  );
  expect(stdout).toMatch(/^WORKERS_LOST no worker thread starts: /);
});
