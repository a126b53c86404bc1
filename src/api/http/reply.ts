import type { ServerResponse } from 'node:http';
import { CoppiceError, type ErrorCode } from '../../base/index.js';
import { errorStatus } from '../error-status.js';
import { answerLimits, answerTooLarge, type HeldAnswer } from './answer-memory.js';

export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export function toWireError(error: CoppiceError): WireError {
  return { ...error.toJSON(), ...(Object.keys(error.data).length === 0 ? {} : { data: error.data }) };
}

const jsonType = 'application/json; charset=utf-8';

/** Sends what is small. */
export function sendJson(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': jsonType, 'content-length': bytes.length });
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
  const timer = setTimeout(() => response.destroy(), answerLimits.stalledMs).unref();
  response.on('close', () => clearTimeout(timer));
}

/** Lets others work while an answer waits for its client. */
export type WaitAside = <T>(wait: () => Promise<T>) => Promise<T>;

/** The bytes of an answer on their way to a client that may be slow, or have stopped reading: see `AnswerMemory`. */
class Outlet {
  private sentBytes = 0;

  constructor(
    readonly response: ServerResponse,
    readonly held: HeldAnswer,
    private readonly aside: WaitAside,
  ) {}

  /** Sends what is held already. */
  send(bytes: Buffer): void {
    const { response, held } = this;
    if (response.destroyed || bytes.length === 0) return;
    if (response.write(bytes)) held.took(bytes.length);
    else this.sentBytes += bytes.length;
  }

  /** Waits while the client is behind. ABORTED when it goes. */
  async taken(): Promise<void> {
    const { response, held } = this;
    if (response.destroyed) throw gone();
    if (!response.writableNeedDrain) return;
    await this.aside(() => held.waiting(this.drained()));
    held.took(this.sentBytes);
    this.sentBytes = 0;
  }

  private drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { response } = this;
      const settle = (): void => {
        response.off('drain', settle).off('close', settle);
        if (response.destroyed) reject(gone());
        else resolve();
      };
      response.on('drain', settle).on('close', settle);
    });
  }
}

/** What is given to the connection at a time. */
const pieceBytes = 64 * 1024;
const itemsOfPart = 1000;

/** One JSON document, made whole before it is sent, so that what fails is an ordinary error. TOO_LARGE beyond a bound. */
export class JsonReply {
  private readonly outlet: Outlet;
  private readonly parts: Buffer[] = [];

  constructor(
    response: ServerResponse,
    private readonly held: HeldAnswer,
    aside: WaitAside,
  ) {
    this.outlet = new Outlet(response, held, aside);
  }

  /** Elements of the answer's list. */
  items(values: readonly unknown[]): Promise<void> {
    for (let at = 0; at < values.length; at += itemsOfPart) {
      const separator = this.parts.length === 0 ? '' : ',';
      const texts = values.slice(at, at + itemsOfPart).map((value) => JSON.stringify(value));
      this.add(separator + texts.join(','));
    }
    return Promise.resolve();
  }

  /** The rest of the answer; `list` is the name of its list. */
  async end(rest: object, list?: string): Promise<void> {
    const { response } = this.outlet;
    const items = this.parts.splice(0);
    if (list === undefined) this.add(stringify(rest));
    else {
      const head = stringify(rest).slice(0, -1);
      this.add(`${head}${head === '{' ? '' : ','}${JSON.stringify(list)}:[`);
      for (const part of items) this.parts.push(part);
      this.add(']}');
    }
    if (response.destroyed) return;
    const length = this.parts.reduce((sum, part) => sum + part.length, 0);
    response.writeHead(200, { 'content-type': jsonType, 'content-length': length });
    if (length <= pieceBytes) return endWithin(response, Buffer.concat(this.parts));
    let last: Buffer = Buffer.alloc(0);
    for (const part of this.parts) {
      for (let at = 0; at < part.length; at += pieceBytes) {
        this.outlet.send(last);
        await this.outlet.taken();
        last = part.subarray(at, at + pieceBytes);
      }
    }
    endWithin(response, last);
  }

  private add(text: string): void {
    const bytes = Buffer.from(text);
    this.held.add(bytes.length, true);
    this.parts.push(bytes);
  }
}

function stringify(value: object): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) throw answerTooLarge(answerLimits.answerBytes); // longer than a string can be
    throw error;
  }
}

/** Lines are sent once there are so many characters of them; fewer when nothing follows at once. */
const batchChars = 32 * 1024;
/** Items that are written at once as one line. */
const itemsOfLine = 64;

/**
 * Newline-delimited JSON. The head goes out with the first line, so that what fails before is an ordinary error. Waits
 * for a slow client, and gives one up that has stopped reading.
 */
export class NdjsonReply {
  private readonly outlet: Outlet;
  private batch = '';
  private soon: NodeJS.Immediate | undefined;

  constructor(
    private readonly response: ServerResponse,
    private readonly held: HeldAnswer,
    aside: WaitAside,
    /** The client reads lines of several items, which are written and read in half the time. */
    private readonly isGrouped: boolean,
  ) {
    this.outlet = new Outlet(response, held, aside);
  }

  /** Sends items, a line each or several; waits while the client is behind. */
  async items(values: readonly unknown[]): Promise<void> {
    const step = this.isGrouped ? itemsOfLine : 1;
    for (let at = 0; at < values.length; at += step) {
      const line = this.isGrouped ? { items: values.slice(at, at + step) } : { item: values[at] };
      this.batch += `${JSON.stringify(line)}\n`;
      if (this.batch.length >= batchChars) {
        this.flush();
        await this.outlet.taken();
      }
    }
    if (this.batch !== '') this.soon ??= setImmediate(() => this.flushAtLast());
  }

  /** A line that need not arrive: progress. Dropped when the client is behind. */
  hint(value: object): void {
    if (this.response.destroyed || this.response.writableNeedDrain) return;
    this.start();
    this.response.write(`${JSON.stringify(value)}\n`);
  }

  /** The last line. */
  end(last: object): Promise<void> {
    clearImmediate(this.soon);
    const bytes = Buffer.from(`${this.batch}${JSON.stringify(last)}\n`);
    this.batch = '';
    this.start();
    if (!this.response.destroyed) endWithin(this.response, bytes);
    return Promise.resolve();
  }

  get started(): boolean {
    return this.response.headersSent;
  }

  private flush(): void {
    clearImmediate(this.soon);
    this.soon = undefined;
    const bytes = Buffer.from(this.batch);
    this.batch = '';
    this.held.add(bytes.length, false);
    this.start();
    this.outlet.send(bytes);
  }

  /** What is left when no more has come: too little to be refused. */
  private flushAtLast(): void {
    this.soon = undefined;
    if (this.response.destroyed) return;
    const { batch } = this;
    this.batch = '';
    this.start();
    this.response.write(batch);
  }

  private start(): void {
    if (this.response.headersSent || this.response.destroyed) return;
    this.response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8' });
  }
}

const gone = (): CoppiceError => new CoppiceError('ABORTED', 'the client went away');
