import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';

/** Parameters of the function that a CommonJS module is the body of. */
const wrapper = ['(function(exports,require,module,__filename,__dirname){', '\n})'] as const;

/** Where what V8 has compiled of a bundle is kept, if it was made for this V8: beside it. */
export const codePathOf = (file: string): string =>
  join(dirname(file), `${basename(file, '.cjs')}-${process.versions.v8}-${process.arch}.code`);

/** V8's script of a CommonJS bundle. Compiling what a command needs of 3 MB takes longer than most commands do, so the build leaves what came of it. */
export function scriptOf(file: string): Script {
  // All that is not ASCII is escaped: so V8 keeps it as it is.
  const source = readFileSync(file, 'latin1');
  let cachedData: Buffer | undefined;
  try {
    cachedData = readFileSync(codePathOf(file));
  } catch {
    cachedData = undefined; // built with another version of Node: it is compiled as it is needed
  }
  // What another V8 made, or one with other flags, it does not take.
  return new Script(wrapper.join(source), { filename: file, ...(cachedData === undefined ? {} : { cachedData }) });
}

/** What a CommonJS bundle exports; it is run once for each call. */
export function runBundle(file: string, script: Script): unknown {
  const module = { exports: {} };
  type Body = (...given: [unknown, NodeJS.Require, unknown, string, string]) => void;
  const body = script.runInThisContext() as Body;
  body(module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}
