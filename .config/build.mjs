// Builds dist/: the command, the library and the parser worker as ES modules with shared chunks, the web page, the library's
// types, and what operations answer.
// What is imported lazily becomes a chunk of its own, so a command loads only what it needs.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildPage } from './page.mjs';
import { writeResultSchemas } from './result-schemas.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

/** dist/main.js is the command, dist/index.js the library, dist/worker.js and dist/scan.js what worker threads run. */
const entries = {
  main: 'src/main.ts',
  index: 'src/index.ts',
  worker: 'src/indexing/worker.ts',
  scan: 'src/pattern/scan-thread.ts',
};
const entryPoints = Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file)));

const result = await build({
  entryPoints,
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  chunkNames: '[name]-[hash]',
  // A third of a command's start is parsing: shorter code is parsed faster. Names stay, for error reports.
  minifyWhitespace: true,
  minifySyntax: true,
  // Packages that read files next to themselves (WebAssembly, native code) cannot be bundled.
  external: ['web-tree-sitter'],
  metafile: true,
  logLevel: 'warning',
});

for (const file of Object.keys(result.metafile.outputs)) {
  // CommonJS packages require node's own modules, which an ES module can do only with a function made for it.
  const text = readFileSync(file, 'utf8');
  if (file.endsWith('.js') && text.includes('Dynamic require of')) {
    const head = 'import{createRequire as r}from"node:module";const require=r(import.meta.url);';
    writeFileSync(file, `${head}\n${text}`);
  }
}

const written = new Set(Object.keys(result.metafile.outputs).map((file) => basename(file)));
for (const file of readdirSync('dist')) if (file.endsWith('.js') && !written.has(file)) rmSync(join('dist', file));

const model = 'coppice-code.model';
if (existsSync(join('src/embedding', model))) copyFileSync(join('src/embedding', model), join('dist', model));

rmSync('dist/manual', { recursive: true, force: true });
cpSync('src/manual', 'dist/manual', { recursive: true });

const pageInputs = await buildPage('dist/page');
writeFileSync('dist/THIRD-PARTY.txt', licencesOf([...Object.keys(result.metafile.inputs), ...pageInputs]));

if (entryPoints.main !== undefined) {
  const main = 'dist/main.js';
  const text = readFileSync(main, 'utf8');
  if (!text.startsWith('#!')) writeFileSync(main, `#!/usr/bin/env node\n${text}`);
  chmodSync(main, 0o755);
}

if (!process.argv.includes('--no-types')) {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  rmSync('dist/types', { recursive: true, force: true });
  execFileSync(process.execPath, [tsc, '-p', '.config/tsconfig.types.json'], { stdio: 'inherit' });
  writeResultSchemas('dist/result-schemas.json');
}

/** The licences of the packages that are bundled, which ask to be passed on with every copy. */
function licencesOf(inputs) {
  const folders = new Set(inputs.flatMap((file) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  return [...folders]
    .sort()
    .map((folder) => {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((entry) => /^licen[sc]e/i.test(entry));
      const text = file === undefined ? '(no licence file)' : readFileSync(join(folder, file), 'utf8').trim();
      return `${name} ${version}\n\n${text}\n`;
    })
    .join('\n----\n\n');
}
