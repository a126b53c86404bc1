import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * The script `NAME.js` of the build, for a thread to run. It lies beside the module that this is bundled into; a program that runs
 * from sources (a test) uses the project's last build.
 */
export function threadScript(name: string): URL {
  const beside = new URL(`./${name}.js`, import.meta.url);
  if (existsSync(beside)) return beside;
  for (let at = dirname(fileURLToPath(import.meta.url)); dirname(at) !== at; at = dirname(at)) {
    const built = join(at, 'dist', `${name}.js`);
    if (existsSync(built)) return pathToFileURL(built);
  }
  return beside;
}
