import { operations } from '../../../src/api/index.js';
import type { Engine } from '../../../src/engine/index.js';

/** The operation that a daemon is asked where it has not the method's own name. */
const operationOf: Readonly<Record<string, string>> = {
  grepBatches: 'grep',
  grepCountBatches: 'grepCounts',
  grepRangeBatches: 'grepRange',
};

/**
 * An engine that commands of a test share: none of them closes it, and it refuses the options that a daemon would, so that what works
 * in this process works through one.
 */
export function borrowedEngine(engine: Engine): Engine {
  return new Proxy(engine, {
    get: (target, name) => {
      if (name === 'close') return () => Promise.resolve();
      const member: unknown = target[name as keyof Engine];
      if (typeof member !== 'function') return member;
      const bound = (member as (...args: unknown[]) => unknown).bind(target);
      const operation = operationOf[String(name)] ?? String(name);
      if (!Object.hasOwn(operations, operation)) return bound;
      const { parameters } = operations[operation as keyof typeof operations];
      return (...args: unknown[]): unknown => {
        const options = args.at(-1);
        if (typeof options === 'object' && options !== null && !Array.isArray(options)) {
          for (const key of Object.keys(options)) {
            if (!['signal', 'onProgress'].includes(key) && !Object.hasOwn(parameters, key))
              throw new Error(`a daemon's ${operation} takes no ${key}`);
          }
        }
        return bound(...args);
      };
    },
  });
}
