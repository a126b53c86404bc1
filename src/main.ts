#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import type * as whole from './command.js';
import { runBundle, scriptOf, startQuickly } from './cli/index.js';

// In its own bundle (see .config/build.mjs): most commands need no more than this.
void startQuickly(process.argv.slice(2), process.env).then(async (isDone) => {
  if (isDone) return;
  const file = fileURLToPath(new URL('./command.cjs', import.meta.url));
  await (runBundle(file, scriptOf(file)) as typeof whole).main();
});
