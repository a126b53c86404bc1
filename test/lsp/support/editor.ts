import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import {
  createProtocolConnection,
  ExecuteCommandRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import type { InitializeParams, LogMessageParams, ProtocolConnection } from 'vscode-languageserver/node';
import { onTestFinished } from 'vitest';
import { openEngines } from '../../../src/engine/index.js';
import type { Engines, EnginesOptions } from '../../../src/engine/index.js';
import { serveLanguageServer } from '../../../src/lsp/index.js';
import type { LanguageServerOptions } from '../../../src/lsp/index.js';
import { makeFolder } from '../../support/git.js';

export const uriOf = (path: string): string => pathToFileURL(path).href;

export interface EditorOptions extends Partial<LanguageServerOptions> {
  readonly engines?: EnginesOptions;
  /** Stands between the server and its engines. */
  readonly wrap?: (engines: Engines) => Engines;
}

/** A client that talks to a server in this process, over streams as between two processes. */
export class Editor {
  readonly toServer = new PassThrough();
  readonly fromServer = new PassThrough();
  readonly connection: ProtocolConnection;
  readonly logged: string[] = [];
  /** What `serveLanguageServer` gave. */
  readonly served: Promise<boolean>;
  private version = 1;

  constructor({ engines, wrap = (opened) => opened, ...options }: EditorOptions = {}) {
    const store = makeFolder();
    this.served = serveLanguageServer({
      openEngines: async (onNote) => wrap(await openEngines({ store, workers: 0, onNote, ...engines })),
      input: this.toServer,
      output: this.fromServer,
      version: '1.2.3',
      ...options,
    });
    this.served.catch(() => {}); // a test that cares waits for it
    this.connection = createProtocolConnection(
      new StreamMessageReader(this.fromServer),
      new StreamMessageWriter(this.toServer),
    );
    this.connection.onNotification(
      'window/logMessage',
      ({ message }: LogMessageParams) => void this.logged.push(message),
    );
    this.connection.listen();
    onTestFinished(async () => {
      this.toServer.end();
      await this.served.catch(() => {});
      this.connection.dispose();
    });
  }

  /** Opens folders, by path. */
  async initialize(folders: readonly string[], params: Partial<InitializeParams> = {}): Promise<unknown> {
    const result = await this.connection.sendRequest('initialize', {
      processId: null,
      rootUri: null,
      capabilities: { textDocument: { documentSymbol: { hierarchicalDocumentSymbolSupport: true } } },
      workspaceFolders: folders.map((folder) => ({ uri: uriOf(folder), name: folder })),
      ...params,
    });
    await this.connection.sendNotification('initialized', {});
    return result;
  }

  request<T>(method: string, params?: unknown): Promise<T> {
    return this.connection.sendRequest(method, params);
  }

  command<T>(command: string, argument?: unknown): Promise<T> {
    const params = { command, ...(argument === undefined ? {} : { arguments: [argument] }) };
    return this.connection.sendRequest(ExecuteCommandRequest.type, params) as Promise<T>;
  }

  open(uri: string, text: string): Promise<void> {
    const textDocument = { uri, languageId: 'plaintext', version: this.version++, text };
    return this.connection.sendNotification('textDocument/didOpen', { textDocument });
  }

  /** Changes: `{ text }` for all of it, with a range for a part. */
  change(uri: string, ...contentChanges: readonly object[]): Promise<void> {
    const textDocument = { uri, version: this.version++ };
    return this.connection.sendNotification('textDocument/didChange', { textDocument, contentChanges });
  }

  close(uri: string): Promise<void> {
    return this.connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
  }

  /** Bytes as they are, past the client library. */
  sendRaw(bytes: string | Uint8Array): void {
    this.toServer.write(bytes);
  }

  sendBody(body: string): void {
    this.sendRaw(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }
}

/** The error that a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Error & { code?: number; data?: unknown }> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('value' in outcome) throw new Error(`did not fail but gave ${JSON.stringify(outcome.value)}`);
  return outcome.error as Error;
}
