import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = projectFolder();

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

/** Found upwards, as this module may itself be part of a bundle elsewhere. */
function projectFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
