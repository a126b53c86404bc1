#!/usr/bin/env node
import { startQuickly } from './cli/index.js';

// In its own bundle (see .config/build.mjs): most commands need no more than this.
void startQuickly(process.argv.slice(2), process.env).then(async (isDone) => {
  if (!isDone) await (await import('./command.js')).main();
});
