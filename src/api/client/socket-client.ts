import { connect, type Socket } from 'node:net';
import { collectBatches, systemErrorCode, throwIfAborted, type Batches } from '../../base/index.js';
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
import type { Transport } from './remote-engine.js';

/** A connection to a daemon's socket, or null when nobody accepts one there. */
export function connectSocket(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', () => resolve(null));
  });
}

/**
 * Asks the daemon of this machine, for a command that asks once and ends: a connection for each request, the first of which is
 * there already, and of HTTP what that takes (1.0: an answer ends where its connection does). Node's own client costs a one-shot
 * command a tenth of its time.
 */
export class SocketClient implements Transport {
  constructor(
    private readonly path: string,
    private spare: Socket | null,
  ) {}

  /** As `HttpClient.ask`. */
  async ask(operation: string, body: object, list: string | undefined, call: ClientCall): Promise<unknown> {
    const streamed = call.onProgress !== undefined || call.onNote !== undefined;
    const answer = await this.send(operation, body, streamed, call.signal);
    if (!isNdjson(answer.type)) return answer.json();
    const { items, rest } = await collectBatches(answer.batches(call));
    return list === undefined ? rest : { ...rest, [list]: items };
  }

  /** As `HttpClient.batches`. */
  async *batches(operation: string, body: object, call: ClientCall): Batches<unknown, object> {
    return yield* (await this.send(operation, body, true, call.signal)).batches(call);
  }

  close(): void {
    this.spare?.destroy();
    this.spare = null;
  }

  private async send(
    operation: string,
    body: object,
    streamed: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    throwIfAborted(signal);
    const socket = this.spare ?? connect(this.path);
    this.spare = null;
    const onAbort = (): void => void socket.destroy(aborted(signal!));
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('close', () => signal?.removeEventListener('abort', onAbort));
    const bytes = Buffer.from(JSON.stringify(body));
    const head = [
      `POST /v1/${operation} HTTP/1.0`,
      `accept: ${acceptOf(streamed)}`,
      'content-type: application/json',
      `content-length: ${bytes.length}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    socket.write(bytes);
    const answer = new Answer(socket, signal);
    await answer.begin();
    if (answer.status !== 200) throw errorOfBody(answer.status, await answer.text());
    return answer;
  }
}

const headEnd = '\r\n\r\n';

class Answer {
  status = 0;
  type = '';
  private length: number | undefined;
  /** What came of the body with the head. */
  private first = '';
  private readonly pieces: AsyncIterator<string, undefined>;

  constructor(
    socket: Socket,
    private readonly signal: AbortSignal | undefined,
  ) {
    socket.setEncoding('utf8');
    this.pieces = (socket as AsyncIterable<string>)[Symbol.asyncIterator]() as AsyncIterator<string, undefined>;
  }

  /** Reads the head. */
  async begin(): Promise<void> {
    let text = '';
    try {
      for (let end = -1; end < 0; end = text.indexOf(headEnd)) {
        const next = await this.pieces.next();
        if (next.done === true) throw unreachable('the connection was closed', true);
        text += next.value;
      }
    } catch (error) {
      if (this.signal?.aborted || !(error instanceof Error)) throw failureOf(error, this.signal);
      throw unreachable(error.message, wasConnected(systemErrorCode(error)), error);
    }
    const end = text.indexOf(headEnd);
    this.first = text.slice(end + headEnd.length);
    const [statusLine, ...fields] = text.slice(0, end).split('\r\n');
    this.status = Number(/^HTTP\/1\.\d (\d{3})/.exec(statusLine!)?.[1] ?? 0);
    for (const field of fields) {
      const [name, value] = [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 1)];
      if (name === 'content-type') this.type = value.trim();
      else if (name === 'content-length') this.length = Number(value);
    }
  }

  async text(): Promise<string> {
    let text = '';
    for await (const piece of this.body()) text += piece;
    return text;
  }

  /** A document; DAEMON_UNREACHABLE when it is not whole. */
  async json(): Promise<unknown> {
    const text = await this.text();
    if (this.length !== undefined && Buffer.byteLength(text) < this.length) {
      throw unreachable('the answer ended before it was whole', true);
    }
    return JSON.parse(text);
  }

  batches(call: ClientCall): Batches<unknown, object> {
    return ndjsonBatches(this.body(), call);
  }

  private async *body(): AsyncGenerator<string, void, undefined> {
    try {
      if (this.first !== '') yield this.first;
      for (;;) {
        const next = await this.pieces.next();
        if (next.done === true) return;
        yield next.value;
      }
    } catch (error) {
      throw failureOf(error, this.signal);
    } finally {
      await this.pieces.return?.();
    }
  }
}
