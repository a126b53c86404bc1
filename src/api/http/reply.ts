import type { ServerResponse } from 'node:http';
import { CoppiceError, type ErrorCode } from '../../base/index.js';
import { errorStatus } from '../error-status.js';

/** A client that takes nothing for so long is gone. */
const stalledMsMax = 30_000;

export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export function toWireError(error: CoppiceError): WireError {
  return { ...error.toJSON(), ...(Object.keys(error.data).length === 0 ? {} : { data: error.data }) };
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length });
  endWithin(response, bytes);
}

/** Sends a failure; the connection is closed where the rest of the request has not been read. */
export function sendError(response: ServerResponse, error: CoppiceError): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (!response.req.complete) response.setHeader('connection', 'close');
  if (error.code === 'UNAUTHORIZED') response.setHeader('www-authenticate', 'Bearer');
  if (error.kind === 'busy') response.setHeader('retry-after', '1');
  sendJson(response, errorStatus(error), { error: toWireError(error) });
}

function endWithin(response: ServerResponse, bytes: Buffer): void {
  response.end(bytes);
  // Node 24 takes the socket off a request whose connection is gone.
  const { socket } = response.req as { readonly socket: { readonly destroyed: boolean } | null };
  if (response.writableFinished || socket === null || socket.destroyed) return;
  const timer = setTimeout(() => response.destroy(), stalledMsMax).unref();
  response.on('close', () => clearTimeout(timer));
}

/** Lines are sent once there are so many bytes of them. */
const batchBytes = 32 * 1024;

/**
 * Newline-delimited JSON. The head goes out with the first line, so that what fails before is an ordinary error. Waits
 * for a slow client, and gives one up that has stopped reading.
 */
export class NdjsonReply {
  private batch: string[] = [];
  private batchLength = 0;

  constructor(private readonly response: ServerResponse) {}

  /** Puts a line into the batch; waits only when that is full and the client behind. */
  async line(value: object): Promise<void> {
    const text = `${JSON.stringify(value)}\n`;
    this.batch.push(text);
    this.batchLength += text.length;
    if (this.batchLength >= batchBytes) await this.flush();
  }

  /** Sends what is there. */
  async flush(): Promise<void> {
    const { response } = this;
    if (this.batch.length === 0) return;
    this.start();
    const text = this.batch.join('');
    this.batch = [];
    this.batchLength = 0;
    if (response.destroyed) throw gone();
    if (!response.write(text)) await this.drained();
  }

  /** A line that need not arrive: progress. Dropped when the client is behind. */
  hint(value: object): void {
    if (this.response.destroyed || this.response.writableNeedDrain) return;
    this.start();
    this.response.write(`${JSON.stringify(value)}\n`);
  }

  async end(last?: object): Promise<void> {
    if (last !== undefined) await this.line(last);
    await this.flush();
    this.start();
    endWithin(this.response, Buffer.alloc(0));
  }

  get started(): boolean {
    return this.response.headersSent;
  }

  private start(): void {
    if (this.response.headersSent) return;
    this.response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8' });
  }

  private drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { response } = this;
      const timer = setTimeout(() => response.destroy(), stalledMsMax).unref();
      const settle = (): void => {
        clearTimeout(timer);
        response.off('drain', settle).off('close', settle);
        if (response.destroyed) reject(gone());
        else resolve();
      };
      response.on('drain', settle).on('close', settle);
    });
  }
}

const gone = (): CoppiceError => new CoppiceError('ABORTED', 'the client went away');
