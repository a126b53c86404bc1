/** Here is a job: do it on a thread that can neither stop nor change this one. Only starter of worker threads. */
export { createJobPool } from './job-pool.js';
export type { JobOptions, JobPool, JobPoolOptions } from './job-pool.js';
export { serveJobs } from './serve-jobs.js';
export type { JobAnswer } from './serve-jobs.js';
export { ThreadLostError, isThreadLost } from './thread-lost.js';
export type { ThreadLoss } from './thread-lost.js';
export { threadScript } from './thread-script.js';
