/** The API boundary: open, index, fork, search, gc; plain data in and out; no transport. */
export type * from './types.js';
export { allowsFeedback, chatSettings, rankingDefaults, saveRanking } from './settings-file.js';
export { openEngine, openEngines, openPublisher, publishedAt, shrinkStore } from './engines.js';
export type { CollectOptions, PublishOptions, Publisher } from './remotes/publisher.js';
export type { PushResult } from './remotes/pushing/publication.js';
export type { PullResult } from './remotes/pull.js';
export type { RemoteGcResult } from './remotes/collect-remote.js';
