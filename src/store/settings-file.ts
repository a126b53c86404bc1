import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { CoppiceError, systemErrorCode, uniqueSuffix } from '../base/index.js';
import { privateFileMode } from './files/permissions.js';
import { asStoreError } from './store-errors.js';

/** Puts settings into the `config.json` of a store's folder, in place of those of the same names; the file is written whole or not at all. */
export function saveSettings(storePath: string, settings: Readonly<Record<string, unknown>>): void {
  const path = join(storePath, 'config.json');
  let known: unknown = {};
  try {
    known = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT')
      throw new CoppiceError('CONFIG_INVALID', `${path} cannot be read`, { cause: error });
  }
  try {
    const draft = `${path}.tmp-${uniqueSuffix()}`;
    writeFileSync(draft, `${JSON.stringify({ ...(known as object), ...settings }, null, 2)}\n`, {
      mode: privateFileMode,
    });
    renameSync(draft, path);
  } catch (error) {
    throw asStoreError(error, path);
  }
}
