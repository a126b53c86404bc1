import type { Engine } from '../../../engine/index.js';

type Method = (...args: readonly unknown[]) => unknown;

/**
 * An engine of several repositories whose answers have paths from the view, which begin with the repository: what an agent is shown is
 * then what it can ask for, and no two files have one name.
 */
export function withViewPaths(engine: Engine): Engine {
  return new Proxy(engine, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const answer = (value as Method).apply(target, args);
        return answer instanceof Promise ? answer.then(placed) : answer;
      };
    },
  });
}

/** The same answer, in which each place that tells its repository has its path from the view. */
function placed(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(placed);
  if (typeof answer !== 'object' || answer === null || Object.getPrototypeOf(answer) !== Object.prototype)
    return answer;
  const members = Object.entries(answer).map(([name, value]) => [name, placed(value)] as const);
  const made = Object.fromEntries(members) as Record<string, unknown>;
  const { repo, path } = made;
  return typeof repo === 'string' && typeof path === 'string' ? { ...made, path: `${repo}/${path}` } : made;
}
