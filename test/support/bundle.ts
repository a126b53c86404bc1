import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * Bundles a program under test/ (`crash/support/victim.ts`), so that child processes run today's sources without a build
 * of dist/. Returns its path.
 */
export async function bundleProgram(path: string): Promise<string> {
  const root = projectFolder();
  const outfile = join(root, 'node_modules/.cache/coppice-test', `${basename(path, '.ts')}-${process.pid}.mjs`);
  await build({
    entryPoints: [join(root, 'test', path)],
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
