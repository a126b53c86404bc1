/** The process: lock, socket, watcher, housekeeping; and how a client finds or starts it. */
export { readUsers } from './users.js';
export { attachEngines, connectEngines, openHttp } from './client/connect-engines.js';
export type { AttachOptions, ConnectOptions } from './client/connect-engines.js';
export { answersAlike, findDaemon, runningDaemon, storePathOf, tokenFileOf } from './client/find-daemon.js';
export type { Descriptor } from './client/descriptor.js';
export { describeDaemon, runDaemon, stopDaemon } from './run-daemon.js';
export type { RunningDaemon, ServeOptions } from './run-daemon.js';
export { ensureDaemon, startDaemon } from './client/start-daemon.js';
export type { StartOptions } from './client/start-daemon.js';
