import { pathToFileURL } from 'node:url';
import { PositionEncodingKind, TextDocumentSyncKind, WorkspaceFolder } from 'vscode-languageserver/node';
import type { ServerCapabilities } from 'vscode-languageserver/node';
import type { ClientAbilities } from './messages/client.js';
import { commands } from './answers/commands.js';
import { guarded, isObject, listOf, readMembers, text } from './answers/read-members.js';

export const serverCapabilities: ServerCapabilities = {
  positionEncoding: PositionEncodingKind.UTF16,
  textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
  workspaceSymbolProvider: { workDoneProgress: true },
  definitionProvider: { workDoneProgress: true },
  referencesProvider: { workDoneProgress: true },
  implementationProvider: { workDoneProgress: true },
  hoverProvider: { workDoneProgress: true },
  documentSymbolProvider: { label: 'Coppice', workDoneProgress: true },
  executeCommandProvider: { commands: [...commands.keys()], workDoneProgress: true },
  workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
};

/** What a client says of itself: which folders it has open, by URI, and what it can do. */
export function readInitializeParams(params: unknown): { folders: string[]; abilities: ClientAbilities } {
  const read = readMembers(
    'initialize',
    params,
    {},
    {
      workspaceFolders: listOf('workspace folders', (value) => WorkspaceFolder.is(value)),
      rootUri: text,
      rootPath: text,
      capabilities: guarded('an object', isObject),
    },
  );
  const { workspaceFolders, rootUri, rootPath, capabilities } = read;
  const older = rootUri ?? (rootPath === undefined ? undefined : pathToFileURL(rootPath).href);
  const folders = workspaceFolders?.map(({ uri }) => uri) ?? (older === undefined ? [] : [older]);
  return {
    folders,
    abilities: {
      progress: memberAt(capabilities, 'window', 'workDoneProgress') === true,
      nestedSymbols:
        memberAt(capabilities, 'textDocument', 'documentSymbol', 'hierarchicalDocumentSymbolSupport') === true,
    },
  };
}

function memberAt(value: unknown, ...names: string[]): unknown {
  return names.reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
}
