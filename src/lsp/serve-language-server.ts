import type { Readable, Writable } from 'node:stream';
import { createMessageConnection, StreamMessageWriter } from 'vscode-languageserver/node';
import type { MessageConnection, ResponseMessage } from 'vscode-languageserver/node';
import type { CoppiceError } from '../base/index.js';
import type { Engines } from '../engine/index.js';
import { Client } from './messages/client.js';
import { LanguageServer } from './language-server.js';
import { MessageReader } from './messages/message-reader.js';

const progressDelayMsDefault = 500;

export interface LanguageServerOptions {
  /** Called when the client introduces itself; the engines are closed with the server. Notes go to the client's log. */
  readonly openEngines: (onNote: (note: string) => void) => Promise<Engines>;
  /** The client's messages; standard input. */
  readonly input: Readable;
  /** Nothing but the protocol; standard output. */
  readonly output: Writable;
  /** Told to the client. */
  readonly version: string;
  /** How long a request may take before progress is shown, in milliseconds. Default 500. */
  readonly progressDelayMs?: number;
}

/**
 * Serves one client until it says `exit` or either stream ends. Resolves, when all is released, with whether the client
 * had asked to shut down before: if not, the process should end with 1. Rejects with USAGE when what arrives is not
 * the protocol.
 */
export async function serveLanguageServer(options: LanguageServerOptions): Promise<boolean> {
  const { input, output, openEngines, version, progressDelayMs = progressDelayMsDefault } = options;
  let connection: MessageConnection | null = null;
  const client = new Client(() => connection!);
  const server = new LanguageServer({ client, openEngines, version, progressDelayMs });

  const broken = await new Promise<CoppiceError | null>((end) => {
    const writer = new StreamMessageWriter(output);
    const reader = new MessageReader(input, {
      onInvalid: ({ code, message }, id) => {
        const answer: ResponseMessage = { jsonrpc: '2.0', id, error: { code, message } };
        writer.write(answer).catch(() => client.markGone());
        client.error(message);
      },
      onBroken: end,
    });
    connection = createMessageConnection(reader, writer, {
      error: (message) => client.error(message),
      warn: (message) => client.warn(message),
      info: (message) => client.log(message),
      log: (message) => client.log(message),
    });
    connection.onRequest((method, params, token) => server.request(method, params, token));
    connection.onNotification((method, params) => (method === 'exit' ? end(null) : server.notify(method, params)));
    const lost = (): void => {
      client.markGone();
      end(null);
    };
    connection.onClose(lost);
    connection.onError(lost); // of the output: the reader tells of the input itself
    connection.listen();
  });

  if (broken !== null) client.error(broken.message);
  await server.close();
  await client.flushed();
  connection!.dispose();
  input.pause(); // a standard input that is read keeps the process alive
  if (broken !== null) throw broken;
  return server.hadShutdown;
}
