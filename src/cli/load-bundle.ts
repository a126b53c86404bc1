import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';

/** Parameters of the function that a CommonJS module is the body of. */
const wrapper = ['(function(exports,require,module,__filename,__dirname){', '\n})'] as const;

/** Where what V8 has compiled of a bundle is kept, if it was made for this V8: beside it. */
export const codePathOf = (file: string): string =>
  join(dirname(file), `${basename(file, '.cjs')}-${process.versions.v8}-${process.arch}.code`);

const sumBytes = 4;

/** What is kept of a bundle: a sum of it and of what V8 compiled of it, and that. V8 believes whatever has the right length, and ends the process where it is not right. */
export function keptCode(bundle: Buffer, code: Buffer): Buffer {
  const { crc32 } = process.getBuiltinModule('node:zlib'); // the start of a command needs no more of it
  const sum = Buffer.alloc(sumBytes);
  sum.writeUInt32LE(crc32(code, crc32(bundle)));
  return Buffer.concat([sum, code]);
}

/** What was kept of a bundle; undefined when there is none, or it is damaged or another's. */
function codeOf(file: string, bundle: Buffer): Buffer | undefined {
  try {
    const kept = readFileSync(codePathOf(file));
    const code = kept.subarray(sumBytes);
    return keptCode(bundle, code).equals(kept) ? code : undefined;
  } catch {
    return undefined; // built with another version of Node: it is compiled as it is needed
  }
}

/** V8's script of a CommonJS bundle. Compiling what a command needs of 3 MB takes longer than most commands do, so the build leaves what came of it. */
export function scriptOf(file: string): Script {
  const bundle = readFileSync(file);
  const cachedData = codeOf(file, bundle);
  // All that is not ASCII is escaped: so V8 keeps it as it is. What another V8 made, or one with other flags, it does not take.
  const source = wrapper.join(bundle.toString('latin1'));
  return new Script(source, { filename: file, ...(cachedData === undefined ? {} : { cachedData }) });
}

/** What a CommonJS bundle exports; it is run once for each call. */
export function runBundle(file: string, script: Script): unknown {
  const module = { exports: {} };
  type Body = (...given: [unknown, NodeJS.Require, unknown, string, string]) => void;
  const body = script.runInThisContext() as Body;
  body(module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}
