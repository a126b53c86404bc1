/** The process: lock, socket, watcher, housekeeping; and how a client finds or starts it. */
export { attachEngines, connectEngines } from './connect-engines.js';
export type { ConnectOptions } from './connect-engines.js';
export { findDaemon } from './find-daemon.js';
export type { Descriptor } from './descriptor.js';
export { placesOf } from './places.js';
export { startDaemon, ensureDaemon } from './start-daemon.js';
