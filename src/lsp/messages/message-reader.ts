import type { Readable } from 'node:stream';
import { AbstractMessageReader, Disposable, ErrorCodes, Message, ResponseError } from 'vscode-languageserver/node';
import type { DataCallback, NotificationMessage } from 'vscode-languageserver/node';
import { CoppiceError } from '../../base/index.js';

/** A header has two fields of some twenty characters. */
const headerBytesMax = 4096;
/** Longer messages are skipped. Editors do not open as large a file as text. */
const messageBytesMax = 64 * 1024 * 1024;

const notTheProtocol = (detail: string): CoppiceError =>
  new CoppiceError('USAGE', `what arrived is not the Language Server Protocol: ${detail}`, {
    hint: 'editors start `coppice lsp` and talk to it on standard input; there is nothing to type',
  });

/** A notification in place of a message that could not be read, so that nobody knows what it said. */
export const lostMessageMethod = '$/lostMessage';

export interface MessageReaderEvents {
  /** A message that is no valid JSON-RPC, to be answered with the error. */
  onInvalid(error: ResponseError<void>, id: string | number | null): void;
  /** Where messages begin is lost; nothing more is read. */
  onBroken(error: CoppiceError): void;
}

/**
 * Reads JSON-RPC messages, each a header with its length and then JSON. Unlike the library's reader it bounds what it
 * keeps, stops at the first header that is none instead of waiting for one for ever, and passes on only what is
 * a message, so that every other request gets an answer. What befalls the stream comes as a notification after the messages
 * before it: `lostMessageMethod`, and `exit` at its end.
 */
export class MessageReader extends AbstractMessageReader {
  private callback: DataCallback = () => {};
  private chunks: Buffer[] = [];
  private bytes = 0;
  /** Bytes that are still to come of a message too long to be read. */
  private skipped = 0;
  /** Length of the message whose header has been read. */
  private expected: number | null = null;
  private stopped = false;

  constructor(
    private readonly input: Readable,
    private readonly events: MessageReaderEvents,
  ) {
    super();
  }

  listen(callback: DataCallback): Disposable {
    this.callback = callback;
    const onData = (chunk: Buffer | string): void => this.onData(Buffer.from(chunk as string));
    const onEnd = (): void => this.stop();
    const listeners = { data: onData, end: onEnd, close: onEnd, error: onEnd };
    for (const [event, listener] of Object.entries(listeners)) this.input.on(event, listener);
    return Disposable.create(() => {
      for (const [event, listener] of Object.entries(listeners)) this.input.off(event, listener);
    });
  }

  private stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.chunks = [];
    this.tell('exit');
  }

  private onData(chunk: Buffer): void {
    if (this.stopped) return;
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    try {
      while (this.readNext()) {
        // What came may hold many messages.
      }
    } catch (error) {
      if (!(error instanceof CoppiceError)) throw error;
      this.stopped = true;
      this.chunks = [];
      this.events.onBroken(error);
    }
  }

  /** Reads the next header or message; false when it has not come as a whole. */
  private readNext(): boolean {
    if (this.skipped > 0) {
      const bytes = Math.min(this.skipped, this.bytes);
      this.take(bytes);
      this.skipped -= bytes;
      return this.skipped === 0;
    }
    if (this.expected === null) {
      this.expected = this.readHeader();
      if (this.expected === null) return false;
      if (this.expected > messageBytesMax) {
        this.skipped = this.expected;
        this.expected = null;
        this.refuse(ErrorCodes.InvalidRequest, `a message of more than ${messageBytesMax} bytes was skipped`);
        return true;
      }
    }
    if (this.bytes < this.expected) return false;
    const body = this.take(this.expected);
    this.expected = null;
    this.deliver(body);
    return true;
  }

  /** The length that the next header tells, or null when it has not come as a whole. Throws when it is no header. */
  private readHeader(): number | null {
    const start = this.peek();
    let length: number | undefined;
    for (let at = 0; ;) {
      const end = start.indexOf('\n', at);
      if ((end < 0 ? start.length : end) > headerBytesMax) throw notTheProtocol('a header without an end');
      if (end < 0) return null;
      const line = start.toString('latin1', at, end);
      at = end + 1;
      if (line === '\r') {
        if (length === undefined) throw notTheProtocol('a header without Content-Length');
        this.take(at);
        return length;
      }
      const [, name, value] = /^([A-Za-z][A-Za-z-]*):[ \t]*([^\r]*)\r$/.exec(line) ?? [];
      if (name === undefined) throw notTheProtocol(`${JSON.stringify(line.slice(0, 80))} in place of a header`);
      if (name.toLowerCase() !== 'content-length') continue;
      if (!/^\d{1,15}$/.test(value!.trim())) throw notTheProtocol(`Content-Length: ${value!.slice(0, 80)}`);
      length = Number(value);
    }
  }

  private deliver(body: Buffer): void {
    let message: unknown;
    try {
      message = JSON.parse(body.toString('utf8'));
    } catch (error) {
      this.refuse(ErrorCodes.ParseError, `a message is not JSON: ${(error as Error).message}`);
      return;
    }
    const id = idOf(message);
    if (isMessage(message)) this.callback(message);
    else {
      const error = new ResponseError<void>(
        ErrorCodes.InvalidRequest,
        'not a JSON-RPC request, response or notification',
      );
      this.events.onInvalid(error, id);
    }
  }

  private refuse(code: number, reason: string): void {
    this.tell(lostMessageMethod);
    this.events.onInvalid(new ResponseError<void>(code, reason), null);
  }

  private tell(method: string): void {
    const message: NotificationMessage = { jsonrpc: '2.0', method };
    this.callback(message);
  }

  /** All bytes that are waiting, in one piece. */
  private peek(): Buffer {
    if (this.chunks.length !== 1) this.chunks = [Buffer.concat(this.chunks)];
    return this.chunks[0]!;
  }

  private take(count: number): Buffer {
    const all = this.peek();
    this.chunks = [all.subarray(count)];
    this.bytes -= count;
    return all.subarray(0, count);
  }
}

function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false;
  const message = value as Message & { params?: unknown };
  const { params } = message;
  if (params !== undefined && typeof params !== 'object') return false;
  // The library reads the id without looking whether there is one.
  if (Message.isNotification(message)) return message.method !== '$/cancelRequest' || idOf(params) !== null;
  return Message.isRequest(message) || Message.isResponse(message);
}

function idOf(value: unknown): string | number | null {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}
