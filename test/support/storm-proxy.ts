import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of a request: it goes through, or not, or only half. */
export type Weather =
  | 'fair'
  | 'error-500'
  | 'error-503'
  | 'throttled'
  | 'dropped'
  | 'slow'
  /** Applied, but the answer is lost. */
  | 'answer-lost'
  /** The answer ends in its middle. */
  | 'answer-cut';

/** Stands before an HTTP server, counts, and lets through what the weather lets through. */
export class StormProxy {
  weather: (request: IncomingMessage) => Weather = () => 'fair';
  requests = 0;
  /** Bodies that clients sent. */
  bytesUp = 0;
  bytesDown = 0;
  slowMs = 400;
  private readonly server: Server;

  private constructor(private readonly target: URL) {
    this.server = createServer((request, response) => this.pass(request, response));
  }

  static async start(endpoint: string): Promise<StormProxy> {
    const proxy = new StormProxy(new URL(endpoint));
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  reset(): void {
    this.requests = this.bytesUp = this.bytesDown = 0;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(request: IncomingMessage, response: ServerResponse): void {
    this.requests++;
    const weather = this.weather(request);
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    if (weather === 'dropped') return void request.socket.destroy();
    const failed = { 'error-500': 500, 'error-503': 503, throttled: 429 }[weather as string];
    if (failed !== undefined) {
      request.resume();
      const headers = weather === 'throttled' ? { 'retry-after': '0' } : {};
      request.on('end', () => response.writeHead(failed, headers).end('<Error><Code>SlowDown</Code></Error>'));
      return;
    }
    const send = (): void => {
      const { hostname, port } = this.target;
      const { method, url, headers } = request;
      const onward = forward({ hostname, port, method, path: url, headers }, (answer) => {
        if (weather === 'answer-lost') {
          answer.resume();
          answer.on('end', () => request.socket.destroy());
          return;
        }
        response.writeHead(answer.statusCode!, answer.headers);
        let sent = 0;
        const length = Number(answer.headers['content-length'] ?? 0);
        answer.on('data', (chunk: Buffer) => {
          this.bytesDown += chunk.length;
          if (weather !== 'answer-cut') return void response.write(chunk);
          const left = Math.max(0, (length >> 1) - sent);
          sent += chunk.length;
          response.write(chunk.subarray(0, left));
          if (left < chunk.length) request.socket.destroy();
        });
        answer.on('end', () => response.end());
        answer.on('error', () => request.socket.destroy());
      });
      onward.on('error', () => request.socket.destroy());
      request.on('data', (chunk: Buffer) => {
        this.bytesUp += chunk.length;
        onward.write(chunk);
      });
      request.on('end', () => onward.end());
      request.resume();
    };
    if (weather === 'slow') setTimeout(send, this.slowMs);
    else send();
  }
}

/** A storm: half of what is sent goes wrong in one way or another. */
export function randomWeather(random: (below: number) => number): Weather {
  const storms: readonly Weather[] = [
    'error-503',
    'error-503',
    'error-500',
    'throttled',
    'throttled',
    'slow',
    'slow',
    'dropped',
    'answer-lost',
    'answer-cut',
  ];
  return storms[random(20)] ?? 'fair';
}
