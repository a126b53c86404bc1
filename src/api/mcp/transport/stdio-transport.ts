import type { Readable, Writable } from 'node:stream';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  ErrorCode,
  JSONRPCMessageSchema,
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';

/** A message of the client has so many bytes at most; one that puts a file into a fork may be large. */
const lineBytesMax = 16 * 1024 * 1024;
/** Once the client has closed its end, answers that are under way have so long. */
const farewellMs = 10_000;

const newline = 0x0a;

/**
 * JSON-RPC messages, one a line, on standard input and output. Unlike the SDK's transport it answers what is no message with an
 * error, survives one that is too long, reads no faster than the client takes answers, and ends when the client is gone.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
  private settleClosed!: () => void;
  private isClosed = false;
  private parts: Buffer[] = [];
  private bytes = 0;
  /** The line is too long: the rest of it is passed over. */
  private skipping = false;
  private readonly unanswered = new Set<RequestId>();
  private farewell: NodeJS.Timeout | undefined;

  constructor(
    private readonly input: Readable,
    private readonly output: Writable,
  ) {
    this.closed = new Promise((resolve) => (this.settleClosed = resolve));
  }

  start(): Promise<void> {
    this.input.on('data', this.take).on('end', this.end).on('close', this.end).on('error', this.end);
    this.output.on('drain', this.resume).on('error', this.gone).on('close', this.gone);
    return Promise.resolve();
  }

  send(message: JSONRPCMessage): Promise<void> {
    this.write(message);
    if ('id' in message && !('method' in message)) this.answered(message.id);
    return Promise.resolve();
  }

  close(): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    this.isClosed = true;
    clearTimeout(this.farewell);
    this.input.off('data', this.take).off('end', this.end).off('close', this.end).off('error', this.end).pause();
    this.output.off('drain', this.resume).off('close', this.gone);
    this.parts = [];
    this.onclose?.();
    this.settleClosed();
    return Promise.resolve();
  }

  private readonly take = (chunk: Buffer): void => {
    for (let from = 0; from < chunk.length;) {
      const end = chunk.indexOf(newline, from);
      this.extend(chunk.subarray(from, end < 0 ? chunk.length : end));
      if (end < 0) break;
      this.endLine();
      from = end + 1;
    }
    if (this.output.writableNeedDrain) this.input.pause();
  };

  private extend(part: Buffer): void {
    if (this.skipping) return;
    this.bytes += part.length;
    if (this.bytes <= lineBytesMax) {
      this.parts.push(part);
      return;
    }
    this.skipping = true;
    this.parts = [];
    this.refuse(ErrorCode.InvalidRequest, `a message has at most ${lineBytesMax} bytes`);
  }

  private endLine(): void {
    const line = Buffer.concat(this.parts).toString('utf8').trim();
    const { skipping } = this;
    this.parts = [];
    this.bytes = 0;
    this.skipping = false;
    if (!skipping && line !== '') this.receive(line);
  }

  private receive(line: string): void {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      this.refuse(
        ErrorCode.ParseError,
        `a message is JSON on one line: ${error instanceof Error ? error.message : ''}`,
      );
      return;
    }
    const { success, data: message } = JSONRPCMessageSchema.safeParse(value);
    if (!success) {
      this.refuse(ErrorCode.InvalidRequest, 'this is no JSON-RPC 2.0 message', idOf(value));
      return;
    }
    if (isJSONRPCRequest(message)) this.unanswered.add(message.id);
    this.onmessage?.(message);
    // What is cancelled is not answered.
    if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
      this.answered(message.params?.['requestId']);
    }
  }

  private refuse(code: ErrorCode, message: string, id: RequestId | null = null): void {
    this.write({ jsonrpc: '2.0', id, error: { code, message } });
  }

  private write(message: object): void {
    if (!this.isClosed && this.output.writable) this.output.write(`${JSON.stringify(message)}\n`);
  }

  private answered(id: unknown): void {
    this.unanswered.delete(id as RequestId);
    if (this.farewell !== undefined && this.unanswered.size === 0) void this.close();
  }

  private readonly resume = (): void => {
    if (!this.isClosed) this.input.resume();
  };

  private readonly end = (): void => {
    if (this.unanswered.size === 0) void this.close();
    else this.farewell ??= setTimeout(this.gone, farewellMs);
  };

  private readonly gone = (): void => {
    void this.close();
  };
}

function idOf(value: unknown): RequestId | null {
  const id: unknown = typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
  return typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id)) ? id : null;
}
