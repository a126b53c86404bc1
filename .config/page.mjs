// Builds the web page: index.html, page.js with the languages' colours as chunks that are loaded when needed, the worker that
// makes the colours, page.css and the icon. Run by itself: `node .config/page.mjs [FOLDER]`.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = fileURLToPath(new URL('../src/page', import.meta.url));

/** Writes the page into a folder, which is emptied first. Returns what esbuild read, for the list of licences. */
export async function buildPage(outdir) {
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const result = await build({
    entryPoints: [
      { in: join(source, 'main.tsx'), out: 'page' },
      { in: join(source, 'code/highlight-worker.ts'), out: 'highlight-worker' },
      { in: join(source, 'styles/page.css'), out: 'page' },
    ],
    outdir,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    // The first with light-dark() in CSS.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // Modules that the page shares with the daemon stand beside some that need Node; these are shaken off, see below.
    external: ['node:*'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    chunkNames: 'chunks/[name]-[hash]',
    metafile: true,
    logLevel: 'warning',
  });
  const needed = Object.values(result.metafile.outputs).flatMap(({ imports }) =>
    imports.filter(({ external }) => external),
  );
  if (needed.length > 0) throw new Error(`the page needs ${needed.map(({ path }) => path).join(', ')}`);
  for (const name of ['index.html', 'icon.svg']) copyFileSync(join(source, name), join(outdir, name));
  return Object.keys(result.metafile.inputs);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPage(process.argv[2] ?? fileURLToPath(new URL('../dist/page', import.meta.url)));
}
