import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../../../src/engine/types.js';
import { Store } from '../../../src/store/index.js';
import { randomSource } from '../../crash/support/random.js';
import type { Random } from '../../crash/support/random.js';
import type { TestRepository } from '../../support/git.js';

export interface SavesOptions {
  readonly engine: Engine;
  readonly repository: TestRepository;
  readonly store: string;
  readonly saves: number;
  readonly random: Random;
  /** Of the big file. */
  readonly bigBytes?: number;
  readonly onSave?: (saves: number) => void;
}

export interface SavesResult {
  readonly versions: number;
  /** Answers that did not show the save and called themselves live. */
  readonly wrong: number;
  /** Most numbers of a kind that the store has given away, for each version. */
  readonly idsPerVersion: number;
}

/** Big enough to have thousands of chunks; once more of it, and a work tree differs too much to be kept in memory. */
export const bigText = (seed: number, bytes: number): string => {
  const lines: string[] = [];
  for (let i = 0, length = 0; length < bytes; i++) {
    lines.push(`const value${(i * 7919 + seed) % 1_000_003} = ${i}; // of ${seed}\n`);
    length += lines.at(-1)!.length;
  }
  return lines.join('');
};

const quietShare = 0.98;

/**
 * Saves a small file again and again beside a big one that differs from HEAD, and looks for each save. Now and then the big one is
 * saved as well, and for a while there is more than is kept in memory.
 */
export async function saveAndLook(options: SavesOptions): Promise<SavesResult> {
  const { engine, repository, saves, random, bigBytes = 900_000, onSave } = options;
  const idsBefore = idsOf(options.store);
  const put = (path: string, text: string): void => writeFileSync(join(repository.path, path), text);
  put('big.ts', bigText(0, bigBytes));
  let versions = 1;
  let wrong = 0;
  for (let i = 0; i < saves; i++) {
    const name = `saved${i}x${random(1e6)}`;
    put('small.ts', `export const ${name} = ${i};\n${randomSource(random, 1 + random(4))}`);
    versions++;
    if (random(1000) >= quietShare * 1000) {
      put('big.ts', bigText(i, random(4) === 0 ? 1.3 * bigBytes : bigBytes));
      versions++;
    }
    for (;;) {
      const { lines, freshness } = await engine.grep(name, { rev: '@worktree' });
      if (lines.length === 1) break;
      if (freshness === 'live') {
        wrong++;
        break;
      }
    }
    onSave?.(i + 1);
  }
  put('big.ts', bigText(0, bigBytes));
  const idsAfter = idsOf(options.store);
  return { versions, wrong, idsPerVersion: (idsAfter - idsBefore) / versions };
}

/** Numbers given away, of the kind that most were of. */
function idsOf(path: string): number {
  const store = Store.open(path);
  const { doc, file, tree } = store.catalog.nextIds;
  store.close();
  return Math.max(doc, file, tree);
}

/** Size of all that a store is made of, in bytes. */
export function storeBytes(path: string): number {
  const store = Store.open(path);
  const bytes = store.sizeBytes();
  store.close();
  return bytes;
}
