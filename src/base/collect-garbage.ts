import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects garbage now. V8 does it when memory is asked for, which a process that rests does not: what it let go of, buffers and WebAssembly's
 * memory above all, would stay the process's.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What is held by what goes in the first goes in the second.
  collect();
  collect();
}
