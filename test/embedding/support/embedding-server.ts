import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Answer {
  data: { index?: unknown; embedding?: unknown }[];
}

/** What a server does instead of answering properly. */
export type Fault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | { readonly change: (answer: Answer) => unknown }
  | { readonly raw: string }
  | 'drop'
  | 'cut'
  | 'stall'
  | 'endless';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: { input: string[]; query?: string; documents?: string[] } & Record<string, unknown>;
}

/** A real server that embeds by counting words, and can be told to misbehave. */
export class EmbeddingServer {
  /** For the next requests, one each; null: no fault. */
  faults: (Fault | null)[] = [];
  /** For every request that has no fault of its own. */
  rule: (received: Received) => Fault | null = () => null;
  /** An answer takes so long. */
  delayMs = 0;
  readonly received: Received[] = [];
  concurrentMax = 0;
  private concurrent = 0;
  private readonly stalled = new Set<ServerResponse>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<EmbeddingServer> {
    const server = createServer();
    const self = new EmbeddingServer(server);
    server.on('request', (request, response) => {
      self.concurrentMax = Math.max(self.concurrentMax, ++self.concurrent);
      response.on('close', () => self.concurrent--);
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(parts).toString()) as Received['body'];
        const received = { path: request.url ?? '', headers: request.headers, body };
        self.received.push(received);
        if (self.delayMs === 0) self.answer(received, response);
        else setTimeout(() => self.answer(received, response), self.delayMs);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return self;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  reset(): void {
    this.faults = [];
    this.rule = () => null;
    this.delayMs = 0;
    this.received.length = 0;
    this.concurrentMax = 0;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(received: Received, response: ServerResponse): void {
    const fault = this.faults.shift() ?? this.rule(received);
    if (fault === 'stall') {
      this.stalled.add(response);
    } else if (fault === 'drop') {
      response.destroy();
    } else if (fault === 'endless') {
      const part = Buffer.alloc(1024 * 1024, ' ');
      const more = (): void => {
        while (!response.destroyed && response.write(part));
      };
      response.on('drain', more);
      more();
    } else if (fault !== null && typeof fault === 'object' && 'status' in fault) {
      response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
    } else {
      const answer = {
        data: (received.body.input ?? []).map((text, index) => ({ index, embedding: wordCounts(text) })),
      };
      const text =
        fault !== null && typeof fault === 'object' && 'raw' in fault
          ? fault.raw
          : JSON.stringify(fault !== null && typeof fault === 'object' ? fault.change(answer) : answer);
      if (fault === 'cut') {
        response.writeHead(200, { 'content-length': text.length });
        response.write(text.slice(0, text.length / 2), () => response.destroy());
      } else response.writeHead(200, { 'content-type': 'application/json' }).end(text);
    }
  }
}

export const serverDimension = 32;

function wordCounts(text: string): number[] {
  const counts = new Array<number>(serverDimension).fill(0);
  for (const word of text.match(/[\p{L}\p{S}]+/gu) ?? []) {
    let hash = 7;
    for (let i = 0; i < word.length; i++) hash = (hash * 31 + word.charCodeAt(i)) >>> 0;
    counts[hash % serverDimension]! += 0.1;
    counts[(hash >>> 8) % serverDimension]! -= 0.05;
  }
  return counts;
}
