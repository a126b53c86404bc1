import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ChatReceived {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: { model: string; messages: { role: string; content: string }[] } & Record<string, unknown>;
  /** Of the user's message. */
  readonly user: string;
}

/** What a server does instead of answering with a text. */
export type ChatFault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | { readonly raw: string }
  | 'drop'
  | 'stall'
  | 'endless'
  | 'cut';

/** A real server with a made-up model: what it says is a function of what it is asked. */
export class ChatServer {
  /** For the next requests, one each. */
  faults: ChatFault[] = [];
  model: (received: ChatReceived, number: number) => string | ChatFault = () => 'yes';
  delayMs: (number: number) => number = () => 0;
  readonly received: ChatReceived[] = [];
  concurrentMax = 0;
  private concurrent = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ChatServer> {
    const server = createServer();
    const self = new ChatServer(server);
    server.on('request', (request, response) => {
      self.concurrentMax = Math.max(self.concurrentMax, ++self.concurrent);
      response.on('close', () => self.concurrent--);
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const body = JSON.parse(text) as ChatReceived['body'];
        const user = body.messages?.find(({ role }) => role === 'user')?.content ?? '';
        const received = { path: request.url ?? '', headers: request.headers, text, body, user };
        const number = self.received.push(received) - 1;
        setTimeout(() => self.answer(received, number, response), self.delayMs(number));
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
    this.model = () => 'yes';
    this.delayMs = () => 0;
    this.received.length = 0;
    this.concurrentMax = 0;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(received: ChatReceived, number: number, response: ServerResponse): void {
    const said = this.faults.shift() ?? this.model(received, number);
    if (said === 'stall') return;
    if (said === 'drop') {
      response.destroy();
    } else if (said === 'endless') {
      const part = Buffer.alloc(1024 * 1024, ' ');
      const more = (): void => {
        while (!response.destroyed && response.write(part));
      };
      response.on('drain', more);
      more();
    } else if (typeof said === 'object' && 'status' in said) {
      response.writeHead(said.status, said.headers).end(said.body ?? '');
    } else if (typeof said === 'object') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(said.raw);
    } else {
      const answer = JSON.stringify({
        choices: [{ index: 0, message: { role: 'assistant', content: said === 'cut' ? 'a text' : said } }],
        usage: { prompt_tokens: 100, completion_tokens: 7 },
      });
      if (said === 'cut') {
        response.writeHead(200, { 'content-length': answer.length });
        response.write(answer.slice(0, answer.length / 2), () => response.destroy());
      } else response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    }
  }
}
