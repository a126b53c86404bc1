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

/** The commit that this was built from, with `+` where files were changed; null where the build could not tell, as in a package's sources. */
export function readCommit(): string | null {
  try {
    const file = join(dirname(fileURLToPath(import.meta.url)), 'build.json');
    return (JSON.parse(readFileSync(file, 'utf8')) as { commit: string | null }).commit;
  } catch {
    return null;
  }
}
