import { defineCommand } from '../command.js';
import { faultText } from '../report-error.js';
import { readVersion } from '../version.js';

export const command = defineCommand({
  name: 'mcp',
  summary: 'an MCP server on standard input and output, for coding agents',
  description:
    'Agents start it themselves: give them the command line, or let `coppice install AGENT` do it. It answers through\n' +
    'the daemon, which it starts if need be. Tools name the repository they are about, by path or name. Without, it is\n' +
    'that of --repo, else the folder that the agent has open (its roots), else the one that this is started in.',
  args: [],
  flags: {
    structured: { type: 'boolean', help: 'answers as data too (structuredContent), with output schemas' },
  },
  examples: [
    { command: 'coppice mcp', does: 'what to tell the agent to run' },
    { command: 'coppice mcp --repo ~/src/app', does: 'for one repository' },
  ],
  async run(context, { flags }) {
    context.surviveFaults((fault) => context.tell(`a fault that nobody expected: ${faultText(fault)}\n`));
    const { createMcpServer, serveMcpStdio } = await import('../../api/index.js');
    const engines = await context.engines();
    const defaultRepo = context.where;
    const server = await createMcpServer({
      engines,
      defaultRepo,
      isRepoNamed: context.isRepoNamed,
      withData: flags.structured === true,
      version: readVersion(),
    });
    await serveMcpStdio(server, context.signal);
    return 0;
  },
});
