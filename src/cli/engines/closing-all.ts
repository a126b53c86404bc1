import { resolve } from 'node:path';
import { together } from '../../model/index.js';
import type { Where } from '../../model/index.js';
import type { Engine, EngineOptions, Engines } from '../../engine/index.js';

/** What a command looks at, as it is said to who stands elsewhere. */
export const placeOf = (repo: EngineOptions['repo']): Where =>
  repo === undefined ? resolve('.') : typeof repo === 'string' ? repo : together(repo);

/** The engine of what a command looks at, with which the connection ends. */
export function closingAll(engines: Engines, repo: EngineOptions['repo']): Engine {
  const engine = engines.open(placeOf(repo));
  return Object.assign(engine, { close: () => engines.close() });
}
