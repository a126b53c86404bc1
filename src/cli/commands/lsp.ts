import { defineCommand } from '../command.js';
import { faultText } from '../report-error.js';
import { readVersion } from '../version.js';

export const command = defineCommand({
  name: 'lsp',
  summary: 'a language server on standard input and output, for editors',
  description:
    'Editors start it themselves. It knows symbols of the workspace and of documents, and searches through\n' +
    'workspace/executeCommand (coppice.search, coppice.grep, coppice.symbols, coppice.revs), unsaved changes included.',
  args: [],
  flags: { stdio: { type: 'boolean', help: 'accepted because editors say it: it is the only way' } },
  examples: [{ command: 'coppice lsp', does: 'what to tell the editor to run' }],
  async run(context) {
    context.surviveFaults((fault) => context.tell(`a fault that nobody expected: ${faultText(fault)}\n`));
    const { serveLanguageServer } = await import('../../lsp/index.js');
    const ended = await serveLanguageServer({
      openEngines: (onNote) => context.engines(onNote),
      input: process.stdin,
      output: process.stdout,
      version: readVersion(),
    });
    return ended ? 0 : 1; // as the protocol wants it
  },
});
