import { findAgent } from '../../install/index.js';
import { defineCommand } from '../command.js';
import { changeAgents } from './install.js';

export const command = defineCommand({
  name: 'uninstall',
  summary: 'takes Coppice out of the configuration of a coding agent or editor',
  description: 'As `coppice install AGENT --undo`.',
  args: [{ name: 'AGENT', help: 'which agent', many: true }],
  flags: { 'dry-run': { type: 'boolean', help: 'only show the change' } },
  examples: [{ command: 'coppice uninstall claude', does: 'show the change, and write it' }],
  run: (context, { args, flags }) => changeAgents(context, args.map(findAgent), { ...flags, undo: true }),
});
