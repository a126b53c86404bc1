/** The command line: one file per command, derived parser and help. The only place that prints or exits. */
export { main } from './main.js';
export { runBundle, scriptOf } from './load-bundle.js';
export { startQuickly } from './quick-start.js';
