import {
  DefinitionRequest,
  DocumentSymbolRequest,
  ExecuteCommandRequest,
  HoverRequest,
  ImplementationRequest,
  Position,
  ReferencesRequest,
  TextDocumentIdentifier,
  WorkspaceSymbolRequest,
} from 'vscode-languageserver/node';
import { CoppiceError } from '../base/index.js';
import type { Client } from './messages/client.js';
import { commands } from './answers/commands.js';
import type { CommandContext } from './answers/commands.js';
import { documentSymbols, flatten } from './answers/document-symbols.js';
import { definitionsAt, hoverAt, implementationsAt, referencesAt } from './answers/navigation.js';
import type { Cursor } from './answers/navigation.js';
import { guarded, isObject, readMembers, text } from './answers/read-members.js';
import { workspaceSymbols } from './answers/workspace-symbols.js';

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
  atCursor(DefinitionRequest.method, [], (cursor, { options }) => definitionsAt(cursor, options)),
  atCursor(ReferencesRequest.method, [], (cursor, { options }, params) => {
    const context = isObject(params) ? params['context'] : undefined;
    return referencesAt(cursor, !isObject(context) || context['includeDeclaration'] !== false, options);
  }),
  atCursor(ImplementationRequest.method, [], (cursor, { options }) => implementationsAt(cursor, options)),
  atCursor(HoverRequest.method, null, (cursor, { options }) => hoverAt(cursor, options)),
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

/** A request about a place in a document; `otherwise` is the answer in one that is not searched. */
function atCursor(
  method: string,
  otherwise: unknown,
  answer: (cursor: Cursor, context: RequestContext, params: unknown) => Promise<unknown>,
): [string, RequestHandler] {
  return [
    method,
    async (params, context) => {
      const document = guarded('a document', (value) => TextDocumentIdentifier.is(value));
      const place = guarded('a position', (value) => Position.is(value));
      const { textDocument, position } = readMembers(method, params, { textDocument: document, position: place }, {});
      const located = await context.workspace.locate(textDocument.uri);
      if (located === null) return otherwise;
      try {
        return await answer({ ...located, position }, context, params);
      } catch (error) {
        // A file that git ignores, or that is not saved and empty; a line that is just being typed.
        if (error instanceof CoppiceError && ['PATH_NOT_FOUND', 'LINES_OUT_OF_RANGE'].includes(error.code))
          return otherwise;
        throw error;
      }
    },
  ];
}
