/** The whole command line, for what `main.ts` cannot do alone. */
export { main } from './cli/index.js';
