import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import v8 from 'node:v8';
import vm from 'node:vm';
import { CoppiceError, systemErrorCode } from '../base/index.js';
import { patternTimeout } from './deadline.js';

const slot = Symbol.for('coppice.guarded');
type Slot = { [slot]?: (() => void) | undefined };

let script: vm.Script | undefined;

/**
 * Runs `fn`, which must be synchronous, and stops it with PATTERN_TIMEOUT once `deadlineMs` have passed, even inside one
 * call of a regular expression. Anything `fn` had begun is left as it is, so it should only fill what is dropped
 * with it. Call it only where `canRunWithDeadline`. Costs about 0.08 ms a call (a thread that watches the clock; measured), so put it around many
 * chunks, not around one, and leave it out where `Pattern.canBacktrack` is false.
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
    throw patternTimeout(deadlineMs, error);
  } finally {
    if (outer === undefined) delete holder[slot];
    else holder[slot] = outer;
  }
  return result!.value;
}

/** What watches the clock opens some files; where it cannot, Node ends the process. There are to be more than enough. */
const filesWanted = 12;

/** Whether `runWithDeadline` may be called: not while this process can open no more files. */
export function canRunWithDeadline(): boolean {
  const files: number[] = [];
  try {
    while (files.length < filesWanted) files.push(openSync(devNull, 'r'));
    return true;
  } catch {
    return false;
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** It was stopped by `runWithDeadline`. */
export const isGuardTimeout = (error: unknown): boolean =>
  error instanceof CoppiceError && error.code === 'PATTERN_TIMEOUT' && error.data['deadlineMs'] !== undefined;

let linearFallback = false;

/**
 * Makes V8 go over to its linear-time engine when a regular expression backtracks too often (50,000 times). It is
 * for the process, and holds for expressions first used after the call, so call it before any search.
 *
 * It covers patterns without look-arounds, backreferences and counted repetition of groups by more than a few; those with `^` or `$` only
 * where the text has no `\r`, U+2028 or U+2029, and those that can match characters of two units only where it has none, since their
 * other forms have look-arounds or the flag `u`. What it does not cover is stopped by the deadline of `scanTexts`.
 */
export function enableLinearFallback(): void {
  if (linearFallback) return;
  linearFallback = true;
  v8.setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
}
