import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface ChatStub {
  /** For `endpoint` in settings. */
  readonly endpoint: string;
  /** Bodies that came, in order. */
  readonly bodies: readonly string[];
  close(): void;
}

/** A chat server that answers what a function of the user's message says. */
export async function startChatStub(answer: (user: string) => string): Promise<ChatStub> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      bodies.push(body);
      const { messages } = JSON.parse(body) as { messages: { role: string; content: string }[] };
      const content = answer(messages.find(({ role }) => role === 'user')!.content);
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ choices: [{ message: { role: 'assistant', content } }] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/v1`,
    bodies,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Has what opens a store describe chunks with a stub. */
export function describeWith(store: string, { endpoint }: ChatStub): void {
  mkdirSync(store, { recursive: true });
  writeFileSync(join(store, 'config.json'), JSON.stringify({ chat: { endpoint, model: 'stub' } }));
}
