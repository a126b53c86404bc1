import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Bundles a program of this folder's, so that child processes run it without a build of dist/. Returns its path. */
export async function bundleProgram(name: string): Promise<string> {
  const outfile = join(root, 'node_modules/.cache/coppice-test', `${name}-${process.pid}.mjs`);
  await build({
    entryPoints: [join(root, 'test/crash/support', `${name}.ts`)],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  });
  return outfile;
}
