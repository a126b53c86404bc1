import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** True when the user has said that tests in a browser are not to run here. */
export const skipsBrowser = process.env['COPPICE_SKIP_BROWSER'] === '1';

/** Starts Chromium: that of `$CHROMIUM`, or the first one on the PATH. */
export function startChromium(): Promise<Browser> {
  // As root, Chromium refuses to run with its sandbox.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: findChromium(), args });
}

function findChromium(): string {
  const given = process.env['CHROMIUM'];
  if (given !== undefined && given !== '') return given;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    `The page is tested in Chromium, and there is none: install it, or name it in $CHROMIUM (looked for ${names.join(', ')}). ` +
      'COPPICE_SKIP_BROWSER=1 leaves these tests out.',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
