import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http';
import { collectBatches, systemErrorCode, throwIfAborted, type Batches } from '../../base/index.js';
import type { CoppiceError } from '../../base/index.js';
import {
  aborted,
  acceptOf,
  errorOfBody,
  failureOf,
  isNdjson,
  ndjsonBatches,
  unreachable,
  wasConnected,
  type ClientCall,
} from './wire-answer.js';

/** Where a daemon listens. */
export type DaemonAddress =
  | { readonly socketPath: string }
  /** `http://127.0.0.1:PORT`. */
  | { readonly url: string; readonly token: string };

const idleSocketsMax = 8;

/** Asks a daemon operations. Connections are kept and used again. */
export class HttpClient {
  private readonly agent = new Agent({ keepAlive: true, maxFreeSockets: idleSocketsMax });
  private readonly target: RequestOptions;

  constructor(address: DaemonAddress) {
    if ('socketPath' in address) this.target = { socketPath: address.socketPath };
    else {
      const { hostname, port } = new URL(address.url);
      this.target = { hostname, port, headers: { authorization: `Bearer ${address.token}` } };
    }
  }

  /**
   * The result of an operation; `list` names the part of it that may come in pieces. Errors of the operation are thrown as
   * they were there; DAEMON_UNREACHABLE when no answer came, with `data.sent` telling whether it may have been carried out.
   */
  async ask(operation: string, body: object, list: string | undefined, call: ClientCall): Promise<unknown> {
    const streamed = call.onProgress !== undefined || call.onNote !== undefined;
    const response = await this.send(operation, body, streamed, call.signal);
    if (!isNdjson(response.headers['content-type'])) return JSON.parse(await textOf(response, call.signal));
    const { items, rest } = await collectBatches(this.batchesOf(response, call));
    return list === undefined ? rest : { ...rest, [list]: items };
  }

  /** The items of an operation in batches as they come, then the rest of its answer; leaving the loop cancels it. */
  async *batches(operation: string, body: object, call: ClientCall): Batches<unknown, object> {
    return yield* this.batchesOf(await this.send(operation, body, true, call.signal), call);
  }

  close(): void {
    this.agent.destroy();
  }

  private send(
    operation: string,
    body: object,
    streamed: boolean,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    const { agent, target } = this;
    const bytes = Buffer.from(JSON.stringify(body));
    const headers = {
      ...target.headers,
      'content-type': 'application/json',
      'content-length': bytes.length,
      accept: acceptOf(streamed),
    };
    return new Promise((resolve, reject) => {
      throwIfAborted(signal);
      const asked = request({ ...target, agent, method: 'POST', path: `/v1/${operation}`, headers }, (response) => {
        if (response.statusCode === 200) resolve(response);
        else errorOf(response, signal).then(reject, reject);
      });
      const onAbort = (): void => void asked.destroy();
      signal?.addEventListener('abort', onAbort, { once: true });
      asked.on('close', () => signal?.removeEventListener('abort', onAbort));
      asked.on('error', (error) => {
        if (signal?.aborted) reject(aborted(signal));
        // A connection that was kept may have been closed by the daemon just before: then nothing was carried out.
        else if (asked.reusedSocket && systemErrorCode(error) === 'ECONNRESET')
          this.send(operation, body, streamed, signal).then(resolve, reject);
        else reject(unreachable(error.message, wasConnected(systemErrorCode(error)), error));
      });
      asked.end(bytes);
    });
  }

  private batchesOf(response: IncomingMessage, call: ClientCall): Batches<unknown, object> {
    response.setEncoding('utf8');
    return ndjsonBatches(response as AsyncIterable<string>, call);
  }
}

async function textOf(response: IncomingMessage, signal: AbortSignal | undefined): Promise<string> {
  const parts: Buffer[] = [];
  try {
    for await (const part of response as AsyncIterable<Buffer>) parts.push(part);
  } catch (error) {
    throw failureOf(error, signal);
  }
  return Buffer.concat(parts).toString('utf8');
}

async function errorOf(response: IncomingMessage, signal: AbortSignal | undefined): Promise<CoppiceError> {
  return errorOfBody(response.statusCode, await textOf(response, signal));
}
