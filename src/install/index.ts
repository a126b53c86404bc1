/** Here is an agent or editor: what its configuration says of us, and what it says after a change. Only one that writes outside of our own folders. */
export { agentNames, findAgent } from './agents.js';
export type { Agent } from './agents.js';
export { planInstall, planRemoval, writeChange } from './plan.js';
export type { ConfigChange } from './plan.js';
