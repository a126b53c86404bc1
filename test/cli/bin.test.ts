import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ensureDist } from './dist.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

test.skipIf(process.platform === 'win32')('what npm puts on the PATH is a program', () => {
  ensureDist();
  const { bin, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
    version: string;
  };
  for (const path of [...Object.values(bin), 'dist/main.js'])
    expect(execFileSync(join(root, path), ['--version'], { encoding: 'utf8' })).toContain(`coppice ${version}`);
});
