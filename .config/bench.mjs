// Runs one benchmark: `npm run bench -- NAME [arguments]` bundles bench/NAME.ts into bench/out/ and runs it.
// Benchmarks import the public API as `coppice` (that is dist/) and single modules from ../src/.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
// Without a name: the main one.
const [name, ...rest] = given[0]?.startsWith('-') ? ['core', ...given] : given;
const names = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3));
if (name === undefined || !existsSync(join(root, 'bench', `${name}.ts`))) {
  console.error(`usage: npm run bench -- NAME [arguments]\nbenchmarks: ${names.join(', ') || '(none yet)'}`);
  process.exit(name === undefined ? 0 : 2);
}
const outfile = join(root, 'bench', 'out', `${name}.mjs`);
await build({
  entryPoints: [join(root, 'bench', `${name}.ts`)],
  outfile,
  bundle: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
});
process.argv.splice(1, process.argv.length - 1, outfile, ...rest);
await import(pathToFileURL(outfile).href);
