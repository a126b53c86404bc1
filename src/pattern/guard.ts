import v8 from 'node:v8';
import vm from 'node:vm';
import { CoppiceError, systemErrorCode } from '../base/index.js';

const slot = Symbol.for('coppice.guarded');
type Slot = { [slot]?: (() => void) | undefined };

let script: vm.Script | undefined;

/**
 * Runs `fn`, which must be synchronous, and stops it with PATTERN_TIMEOUT once `deadlineMs` have passed, even inside one
 * call of a regular expression. Anything `fn` had begun is left as it is, so it should only fill what is dropped
 * with it. Costs about 0.08 ms a call (a thread that watches the clock; measured), so put it around a
 * whole search, not around a chunk, and leave it out where `CompiledPattern.canBacktrack` is false.
 */
export function runWithDeadline<T>(deadlineMs: number, fn: () => T): T {
  // Only code that runs inside a vm script can be terminated; the script's one call leads back to `fn`.
  script ??= new vm.Script("globalThis[Symbol.for('coppice.guarded')]()", { filename: 'coppice-guard' });
  const holder = globalThis as Slot;
  const outer = holder[slot];
  let result: { value: T } | undefined;
  holder[slot] = () => {
    result = { value: fn() };
  };
  try {
    script.runInThisContext({ timeout: Math.max(1, Math.ceil(deadlineMs)), displayErrors: false });
  } catch (error) {
    if (systemErrorCode(error) !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new CoppiceError('PATTERN_TIMEOUT', `the pattern took longer than ${Math.ceil(deadlineMs)} ms`, {
      hint: 'Avoid nested or repeated unbounded repetition, such as (a+)+ or .*.*, or search fewer files.',
      data: { deadlineMs },
      cause: error,
    });
  } finally {
    if (outer === undefined) delete holder[slot];
    else holder[slot] = outer;
  }
  return result!.value;
}

let linearFallback = false;

/**
 * Makes V8 go over to its linear-time engine when a regular expression backtracks too often (50,000 times). It is
 * for the process, and holds for expressions first used after the call, so call it before any search.
 *
 * It covers patterns without lookarounds, backreferences and counted repetition of groups by more than a few, and
 * without the flags `i` and `u` (Node 20). Ours
 * are compiled with `g` and `m`, so it covers case-sensitive ones; of those with `^` or `$` only where the
 * text has no `\r`, U+2028 or U+2029, since their other form has lookarounds. Everything else is stopped by
 * {@link runWithDeadline}.
 */
export function enableLinearFallback(): void {
  if (linearFallback) return;
  linearFallback = true;
  v8.setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
}
