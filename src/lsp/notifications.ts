import {
  DidChangeTextDocumentNotification,
  DidChangeWorkspaceFoldersNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  Range,
  TextDocumentIdentifier,
  TextDocumentItem,
  VersionedTextDocumentIdentifier,
  WorkspaceFolder,
} from 'vscode-languageserver/node';
import type { TextDocumentContentChangeEvent } from 'vscode-languageserver/node';
import { lostMessageMethod } from './messages/message-reader.js';
import type { OpenDocuments } from './documents/open-documents.js';
import { guarded, isObject, listOf, readMembers } from './answers/read-members.js';
import type { Workspace } from './workspace/workspace.js';

export interface NotificationContext {
  readonly workspace: Workspace;
  readonly documents: OpenDocuments;
}

type NotificationHandler = (params: unknown, context: NotificationContext) => void;

const folders = listOf('workspace folders', (value) => WorkspaceFolder.is(value));
const document = guarded('a document', (value) => TextDocumentIdentifier.is(value));

/** What a client tells us, by method. USAGE when it is malformed. Other notifications concern us not. */
export const notificationHandlers: ReadonlyMap<string, NotificationHandler> = new Map<string, NotificationHandler>([
  [
    DidOpenTextDocumentNotification.method,
    (params, { documents }) => {
      const item = guarded('a document with its text', (value) => TextDocumentItem.is(value));
      const { textDocument } = keepingSync(documents, () =>
        readMembers(DidOpenTextDocumentNotification.method, params, { textDocument: item }, {}),
      );
      documents.open(textDocument);
    },
  ],
  [
    DidChangeTextDocumentNotification.method,
    (params, { documents }) => {
      const versioned = guarded('a document and its version', (value) => VersionedTextDocumentIdentifier.is(value));
      const { textDocument, contentChanges } = keepingSync(documents, () =>
        readMembers(
          DidChangeTextDocumentNotification.method,
          params,
          { textDocument: versioned, contentChanges: listOf('changes', isChange) },
          {},
        ),
      );
      documents.change(textDocument.uri, contentChanges, textDocument.version);
    },
  ],
  [
    DidCloseTextDocumentNotification.method,
    (params, { documents }) => {
      const { textDocument } = keepingSync(documents, () =>
        readMembers(DidCloseTextDocumentNotification.method, params, { textDocument: document }, {}),
      );
      documents.close(textDocument.uri);
    },
  ],
  [lostMessageMethod, (_, { documents }) => documents.forgetAll()],
  [
    DidChangeWorkspaceFoldersNotification.method,
    (params, { workspace }) => {
      const { event } = readMembers(
        DidChangeWorkspaceFoldersNotification.method,
        params,
        { event: guarded('an object', isObject) },
        {},
      );
      const { added = [], removed = [] } = readMembers(
        `${DidChangeWorkspaceFoldersNotification.method}: event`,
        event,
        {},
        { added: folders, removed: folders },
      );
      workspace.change(added, removed);
    },
  ],
]);

/** A change that cannot be read is a change that is missing from a buffer. */
function keepingSync<T>(documents: OpenDocuments, read: () => T): T {
  try {
    return read();
  } catch (error) {
    documents.forgetAll();
    throw error;
  }
}

function isChange(value: unknown): value is TextDocumentContentChangeEvent {
  if (!isObject(value) || typeof value['text'] !== 'string') return false;
  return value['range'] === undefined || Range.is(value['range']);
}
