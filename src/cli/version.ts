import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's version, from the nearest package.json above: bundled or not, this file may lie at any depth. */
export function readVersion(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    try {
      const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (found.name === 'coppice' && found.version !== undefined) return found.version;
    } catch {
      // Not in this folder.
    }
    if (dirname(folder) === folder) return 'unknown';
    folder = dirname(folder);
  }
}
