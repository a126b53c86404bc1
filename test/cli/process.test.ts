import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type PluginBuild } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

// The command line as a process of its own, with an engine of a few lines: signals, pipes and exit codes are what counts.

const folder = mkdtempSync(join(tmpdir(), 'coppice-process-'));
const main = join(folder, 'main.js');
const root = fileURLToPath(new URL('../..', import.meta.url));

const stubEngine = `
export const openEngines = () => Promise.reject(new Error('only one engine here'));
export async function openEngine() {
  const rev = { rev: 'HEAD', kind: 'commit', commit: null, tree: '' };
  const line = (i) => ({ path: 'dir/file.txt', line: i + 1, column: 1, length: 4, text: 'text of line ' + (i + 1) });
  return {
    async *grepBatches(pattern) {
      if (pattern === 'throw') setImmediate(() => { throw new Error('from a timer'); });
      if (pattern === 'throw') await new Promise((resolve) => setTimeout(resolve, 1000));
      const lines = Array.from({ length: pattern === 'many' ? 200000 : 1 }, (_, i) => line(i));
      for (let i = 0; i < lines.length; i += 1000) yield lines.slice(i, i + 1000);
      return { rev, truncated: false, unsearched: [], unmatched: [], freshness: 'exact', tookMs: 1 };
    },
    async index(revs, { signal }) {
      process.stderr.write('started\\n');
      await new Promise((resolve, reject) => {
        const alive = setInterval(() => {}, 1000);
        if (revs[0] !== 'stubborn') {
          signal.addEventListener('abort', () => { clearInterval(alive); reject(new Error('gone')); });
        }
      });
    },
    async apply(name, steps) {
      return { name, rev: 'HEAD', commit: null, tree: '', changedFiles: steps[0].patch.length, newChunks: 0, tookMs: 1 };
    },
    async close() { process.stderr.write('closed\\n'); },
  };
}`;

/** Whatever else the engine exports: bundled with commands that are not run here. */
function otherExports(): string {
  const source = readFileSync(join(root, 'src/engine/index.ts'), 'utf8');
  const names = [...source.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list]) => list!.split(','));
  return names
    .map((name) => name.trim().replace(/^.* as /, ''))
    .filter((name) => /^\w+$/.test(name) && !stubEngine.includes(`${name}(`) && !stubEngine.includes(`const ${name} `))
    .map((name) => `\nexport const ${name} = null;`)
    .join('');
}

beforeAll(async () => {
  const stub = join(folder, 'stub.js');
  writeFileSync(stub, stubEngine + otherExports());
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const plugins = [
    {
      name: 'stub engine',
      setup: (it: PluginBuild) => it.onResolve({ filter: /\/engine\/index\.js$/ }, () => ({ path: stub })),
    },
  ];
  const common = { absWorkingDir: root, bundle: true, platform: 'node', target: 'node20', plugins } as const;
  await build({ ...common, entryPoints: { main: 'src/main.ts' }, outdir: folder, splitting: true, format: 'esm' });
  await build({
    ...common,
    entryPoints: ['src/command.ts'],
    outfile: join(folder, 'command.cjs'),
    format: 'cjs',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'fileUrl' },
    banner: { js: 'const fileUrl=require("node:url").pathToFileURL(__filename).href;' },
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

function runMain(args: readonly string[], options: { input?: string; stdout?: number } = {}): SpawnSyncReturns<string> {
  const stdio = ['pipe', options.stdout ?? 'pipe', 'pipe'] as const;
  return spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    input: options.input ?? '',
    stdio: [...stdio],
    maxBuffer: 1 << 26,
  });
}

/** Interrupts the command once it works, as often as there are signals, and tells how it ended. */
function interrupt(rev: string, signals: readonly NodeJS.Signals[]): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [main, 'index', rev], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  let sent = 0;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (sent > 0 || !stderr.includes('started')) return;
    const next = (): void => {
      child.kill(signals[sent++]);
      if (sent < signals.length) setTimeout(next, 200);
    };
    next();
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr })));
}

const interruption = 'coppice: error[ABORTED]: interrupted\n';

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends the work, closes the engine and says so', async (signal) => {
  expect(await interrupt('HEAD', [signal])).toEqual({ code: 130, stderr: `started\n${interruption}closed\n` });
});

test('a second Ctrl-C ends what does not listen to the first', async () => {
  expect(await interrupt('stubborn', ['SIGINT', 'SIGINT'])).toEqual({ code: 130, stderr: 'started\n' });
});

test('a large result comes out whole', () => {
  const { status, stdout } = runMain(['grep', 'many']);
  expect(status).toBe(0);
  expect(stdout.length).toBe(stdout.lastIndexOf('\n') + 1);
  expect(stdout.split('\n').length).toBe(200_001);
});

test('a reader that closes the pipe early ends it quietly', async () => {
  const child = spawn(process.execPath, [main, 'grep', 'many'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'closed\n' });
});

test.skipIf(process.platform !== 'linux')('output that cannot be written is an error', () => {
  const { status, stderr } = runMain(['grep', 'x'], { stdout: openSync('/dev/full', 'w') });
  expect(status).toBe(2);
  expect(stderr).toContain('coppice: error[INTERNAL]: cannot write to standard output: ENOSPC');
});

test('standard input is read to its end', () => {
  const { stdout } = runMain(['apply', 'try', '--patch', '-', '--json'], { input: 'x'.repeat(300_000) });
  expect(JSON.parse(stdout)).toMatchObject({ changedFiles: 300_000 });
});

test('an exception out of nowhere is reported, without a stack trace', () => {
  const { status, stdout, stderr } = runMain(['grep', 'throw', '--json']);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^coppice: error\[INTERNAL\]: from a timer\nhint: .*\n$/);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'INTERNAL', message: 'from a timer' } });
});

test('help and usage errors never load the engine', () => {
  expect(runMain(['grep', '--help'])).toMatchObject({ status: 0, stderr: '' });
  expect(runMain(['grep'])).toMatchObject({ status: 2, stdout: '' });
  expect(runMain(['--version', '--json'])).toMatchObject({ status: 0 });
});
