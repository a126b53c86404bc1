import {
  DocumentSymbolRequest,
  ExecuteCommandRequest,
  TextDocumentIdentifier,
  WorkspaceSymbolRequest,
} from 'vscode-languageserver/node';
import { CoppiceError } from '../base/index.js';
import type { Client } from './client.js';
import { commands } from './commands.js';
import type { CommandContext } from './commands.js';
import { documentSymbols, flatten } from './document-symbols.js';
import { guarded, readMembers, text } from './read-members.js';
import { workspaceSymbols } from './workspace-symbols.js';

export interface RequestContext extends CommandContext {
  readonly client: Client;
}

type RequestHandler = (params: unknown, context: RequestContext) => Promise<unknown>;

/** What a client can ask once it is initialized, by method. */
export const requestHandlers: ReadonlyMap<string, RequestHandler> = new Map<string, RequestHandler>([
  [
    WorkspaceSymbolRequest.method,
    async (params, { workspace, client, options }) => {
      const { query } = readMembers(WorkspaceSymbolRequest.method, params, { query: text }, {});
      const { symbols, failures } = await workspaceSymbols(await workspace.repositories(), query, options);
      for (const { repository, error } of failures) client.warn(`${repository.shownRoot}: ${(error as Error).message}`);
      return symbols;
    },
  ],
  [
    DocumentSymbolRequest.method,
    async (params, { workspace, client, options }) => {
      const document = guarded('a document', (value) => TextDocumentIdentifier.is(value));
      const { textDocument } = readMembers(DocumentSymbolRequest.method, params, { textDocument: document }, {});
      const located = await workspace.locate(textDocument.uri);
      if (located === null) return [];
      try {
        const symbols = await documentSymbols(located.repository, located.path, options);
        return client.abilities.nestedSymbols ? symbols : flatten(textDocument.uri, symbols);
      } catch (error) {
        // A file that git ignores is not searched, as one of no repository.
        if (error instanceof CoppiceError && error.code === 'PATH_NOT_FOUND') return [];
        throw error;
      }
    },
  ],
  [
    ExecuteCommandRequest.method,
    async (params, context) => {
      const list = guarded('a list', (value: unknown): value is unknown[] => Array.isArray(value));
      const read = readMembers(ExecuteCommandRequest.method, params, { command: text }, { arguments: list });
      const command = commands.get(read.command);
      if (command === undefined) {
        throw new CoppiceError('USAGE', `unknown command ${read.command}`, {
          hint: `commands: ${[...commands.keys()].join(', ')}`,
        });
      }
      return command.run(read.arguments ?? [], context);
    },
  ],
]);
