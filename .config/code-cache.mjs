// Run by build.mjs in a process of its own: runs a command that needs much (indexing and publishing a small repository) and keeps what V8
// has compiled for it beside dist/command.cjs, so that commands need not compile it each time. See src/cli/load-bundle.ts.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { build } from 'esbuild';

const file = fileURLToPath(new URL('../dist/command.cjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'coppice-build-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const loader = join(folder, 'load-bundle.mjs');
const entryPoints = [fileURLToPath(new URL('../src/cli/load-bundle.ts', import.meta.url))];
await build({ entryPoints, outfile: loader, format: 'esm', platform: 'node' });
const { codePathOf, keptCode, runBundle, scriptOf } = await import(pathToFileURL(loader));

const repo = join(folder, 'repo');
const git = (...words) => execFileSync('git', ['-C', repo, ...words], { stdio: 'ignore' });
execFileSync('git', ['init', '-q', repo], { stdio: 'ignore' });
writeFileSync(
  join(repo, 'a.ts'),
  '/** Adds. */\nexport function add(a: number, b: number): number {\n  return a + b;\n}\n',
);
writeFileSync(join(repo, 'README.md'), '# A repository\n\nTwo files.\n');
git('add', '.');
git('-c', 'user.name=build', '-c', 'user.email=build@localhost', 'commit', '-q', '-m', 'Two files');

Object.assign(process.env, { COPPICE_HOME: join(folder, 'home'), COPPICE_DAEMON: 'off' });
process.argv.splice(1, Infinity, file, 'push', `file:${join(folder, 'remote')}`, '--repo', repo, '--json');
const script = scriptOf(file);
process.on('exit', (code) => {
  if (code !== 0) return;
  // V8 takes only what was made under the flags that it has: those are the ones that a command starts with.
  setFlagsFromString('--no-enable-experimental-regexp-engine-on-excessive-backtracks');
  writeFileSync(codePathOf(file), keptCode(readFileSync(file), script.createCachedData()));
});
await runBundle(file, script).main();
