import type { Engine, Engines } from '../engine/index.js';

/** The engine of one repository, with which the connection ends. */
export function closingAll(engines: Engines, repo: string): Engine {
  const engine = engines.open(repo);
  return Object.assign(engine, { close: () => engines.close() });
}
