import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Whoever does not answer is left out for so long. */
const restMs = 500;

/** One name for several servers, by turns: as plain as a balancer can be. A server that is gone costs whoever asked it a failure. */
export class Balancer {
  private readonly server: Server;
  private readonly restsUntil = new Map<string, number>();
  private turn = 0;

  private constructor(private readonly targets: readonly string[]) {
    this.server = createServer((request, response) => {
      const target = this.next();
      const { hostname, port } = new URL(target);
      const { method, url } = request;
      const headers = { ...request.headers, host: `${hostname}:${port}` };
      const onward = forward({ hostname, port, method, path: url, headers, agent: false }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.on('error', () => response.destroy());
        answer.on('aborted', () => response.destroy());
        answer.pipe(response);
      });
      onward.on('error', () => {
        this.restsUntil.set(target, performance.now() + restMs);
        if (response.headersSent) response.destroy();
        else response.writeHead(502).end();
      });
      request.pipe(onward);
    });
  }

  static async start(targets: readonly string[]): Promise<Balancer> {
    const balancer = new Balancer(targets);
    await new Promise<void>((resolve) => balancer.server.listen(0, '127.0.0.1', resolve));
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private next(): string {
    for (let tries = 0; tries < this.targets.length; tries++) {
      const target = this.targets[this.turn++ % this.targets.length]!;
      if ((this.restsUntil.get(target) ?? 0) <= performance.now()) return target;
    }
    return this.targets[this.turn++ % this.targets.length]!;
  }
}

/** Asks once, and once more where that failed. Null: both did. */
export async function askTwice(
  url: string,
  operation: string,
  body: object,
  token: string,
): Promise<{ readonly text: string; readonly retried: boolean } | null> {
  for (const retried of [false, true]) {
    try {
      const response = await fetch(`${url}/v1/${operation}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      if (response.ok) return { text, retried };
    } catch {
      // the connection ended in between
    }
  }
  return null;
}
