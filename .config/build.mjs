// Builds dist/: the command, the library and the parser worker as ES modules with shared chunks, the start of the command as a bundle
// of its own, the web page, the library's types, and what operations answer.
// What is imported lazily becomes a chunk of its own, so a command loads only what it needs.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { packGrammars } from './grammars.mjs';
import { buildPage } from './page.mjs';

const startMs = performance.now();
const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

/** dist/index.js is the library, dist/worker.js and dist/scan.js what worker threads run. */
const entries = {
  index: 'src/index.ts',
  worker: 'src/indexing/analysis/worker.ts',
  scan: 'src/pattern/scan/scan-thread.ts',
  // For the start of the command, which loads it for colours.
  pattern: 'src/pattern/index.ts',
};
const entryPoints = Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file)));

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  // A part of a command's start is parsing: shorter code is parsed faster. Names stay, for error reports.
  minifyWhitespace: true,
  minifySyntax: true,
  metafile: true,
  logLevel: 'warning',
};
// Of a source V8 compares the length alone: what was compiled of the one before must not lie beside another.
if (existsSync('dist')) for (const file of readdirSync('dist')) if (file.endsWith('.code')) rmSync(join('dist', file));
const result = await step('code', () =>
  build({
    ...common,
    entryPoints,
    outdir: 'dist',
    splitting: true,
    format: 'esm',
    chunkNames: '[name]-[hash]',
    // Packages that read files next to themselves (WebAssembly, native code) cannot be bundled.
    external: ['web-tree-sitter'],
  }),
);

/** A bundle of one CommonJS file. */
const commonJs = {
  ...common,
  format: 'cjs',
  define: { 'import.meta.url': 'fileUrl' },
  banner: { js: 'const fileUrl=require("node:url").pathToFileURL(__filename).href;' },
};

// What asks a daemon that is there, in one CommonJS file: Node takes 1 ms for each ES module and each module of its own that one
// imports, which for two dozen chunks was a third of a one-shot command. What it does not hold is in dist/command.cjs, the whole command.
const start = await build({
  ...commonJs,
  entryPoints: ['src/main.ts'],
  outfile: 'dist/main.cjs',
  plugins: [
    {
      name: 'what-is-loaded-later',
      setup: ({ onResolve }) =>
        onResolve({ filter: /./ }, ({ path, kind }) =>
          kind === 'dynamic-import'
            ? { path: path.replace(/^[./]+\/pattern\/index\.js$/, './pattern.js'), external: true }
            : null,
        ),
    },
  ],
});
const later = start.metafile.outputs['dist/main.cjs'].imports.filter(({ kind }) => kind === 'dynamic-import');
const missing = later.filter(({ path }) => !(basename(path, '.js') in entries) || path !== `./${basename(path)}`);
if (missing.length > 0) throw new Error(`dist/main.cjs loads ${missing.map(({ path }) => path).join(', ')}`);
// The whole command: what is imported lazily is run lazily. V8 takes what it compiled of it from `codeCache` below.
const command = await build({
  ...commonJs,
  entryPoints: ['src/command.ts'],
  outfile: 'dist/command.cjs',
  supported: { 'dynamic-import': false },
  external: ['web-tree-sitter'],
});
for (const { metafile } of [start, command]) {
  Object.assign(result.metafile.outputs, metafile.outputs);
  Object.assign(result.metafile.inputs, metafile.inputs);
}

for (const file of Object.keys(result.metafile.outputs)) {
  // CommonJS packages require node's own modules, which an ES module can do only with a function made for it.
  const text = readFileSync(file, 'utf8');
  if (file.endsWith('.js') && text.includes('Dynamic require of')) {
    const head = 'import{createRequire as r}from"node:module";const require=r(import.meta.url);';
    writeFileSync(file, `${head}\n${text}`);
  }
}

const written = new Set(Object.keys(result.metafile.outputs).map((file) => basename(file)));
written.add('main.js');
for (const file of readdirSync('dist')) if (/\.c?js$/.test(file) && !written.has(file)) rmSync(join('dist', file));

const model = 'coppice-code.model';
if (existsSync(join('src/embedding', model))) copyFileSync(join('src/embedding', model), join('dist', model));

rmSync('dist/manual', { recursive: true, force: true });
cpSync('src/manual', 'dist/manual', { recursive: true });

const pageInputs = await step('page', () => buildPage('dist/page'));
writeFileSync('dist/THIRD-PARTY.txt', licencesOf([...Object.keys(result.metafile.inputs), ...pageInputs]));

writeFileSync(
  'dist/main.js',
  "#!/usr/bin/env node\nprocess.getBuiltinModule('module').createRequire(import.meta.url)('./main.cjs');\n",
);
for (const file of ['dist/main.js', 'dist/main.cjs']) chmodSync(file, 0o755);

writeFileSync('dist/build.json', `${JSON.stringify({ commit: commitOf() })}\n`);

// What lies there is read in place of `grammars`: never what an earlier build has left.
rmSync('dist/grammars', { recursive: true, force: true });
if (!process.argv.includes('--no-types')) {
  await step('grammars', () => packGrammars('grammars', 'dist/grammars'));
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  rmSync('dist/types', { recursive: true, force: true });
  await step('types', () => run([tsc, '-p', '.config/tsconfig.types.json']));
  const schemas =
    "import('./.config/result-schemas.mjs').then((m) => m.writeResultSchemas('dist/result-schemas.json'))";
  await step('schemas of answers', () => run(['-e', schemas]));
}

// Without it commands are as right, and slower to start.
await step('code cache', () => run(['.config/code-cache.mjs'], 'ignore').catch((error) => console.warn(String(error))));

writeFileSync('dist/coppice.1', execFileSync(process.execPath, ['dist/main.js', 'help', '--man']));
console.log(`built dist/ in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);

/** Says what is being done, and that it goes on: who installs this is not left in silence. */
async function step(name, work) {
  process.stdout.write(`build: ${name} `);
  const timer = setInterval(() => process.stdout.write('.'), 1000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    process.stdout.write('\n');
  }
}

/** Runs node in a process of its own, so that this one can tell that it goes on. */
async function run(words, stdio = 'inherit') {
  const child = spawn(process.execPath, words, { stdio });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`node ${words.join(' ')}: exit code ${code}`);
}

/** What is checked out, with `+` where files are changed; null where that is no repository, as in a package. */
function commitOf() {
  try {
    const git = (...words) =>
      execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    if (git('rev-parse', '--show-cdup') !== '') return null;
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain', '-uno') === '' ? '' : '+');
  } catch {
    return null;
  }
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
