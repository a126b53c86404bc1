import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { yieldToEventLoop } from '../../src/base/index.js';
import type { CoppiceError } from '../../src/base/index.js';
import { MessageReader, lostMessageMethod } from '../../src/lsp/messages/message-reader.js';

class Reading {
  readonly input = new PassThrough();
  readonly messages: unknown[] = [];
  readonly invalid: [code: number, id: string | number | null][] = [];
  broken: CoppiceError | null = null;

  constructor() {
    const reader = new MessageReader(this.input, {
      onInvalid: ({ code }, id) => void this.invalid.push([code, id]),
      onBroken: (error) => void (this.broken = error),
    });
    reader.listen((message) => void this.messages.push(message));
  }

  async feed(...chunks: readonly (string | Uint8Array)[]): Promise<this> {
    for (const chunk of chunks) this.input.write(chunk);
    await yieldToEventLoop();
    return this;
  }
}

const framed = (body: string): string => `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const request = (id: number | string, method = 'x'): object => ({ jsonrpc: '2.0', id, method });

describe('framing', () => {
  test('however messages are cut into pieces, they arrive whole and in order', async () => {
    const pieces = fc.array(fc.nat(40), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary' })), pieces, async (methods, sizes) => {
        const messages = methods.map((method, i) => request(i, method));
        const bytes = Buffer.from(messages.map((message) => framed(JSON.stringify(message))).join(''));
        const chunks: Buffer[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = (sizes[i] ?? bytes.length) + 1;
          chunks.push(bytes.subarray(at, (at += size)));
        }
        expect((await new Reading().feed(...chunks)).messages).toEqual(messages);
      }),
      { numRuns: 100 },
    );
  });

  test('takes other header fields, names in any case, and the length in bytes', async () => {
    const body = JSON.stringify(request(1, 'é'));
    const header = `content-type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-LENGTH:${Buffer.byteLength(body)} \r\n`;
    const reading = await new Reading().feed(`${header}\r\n${body}${framed(body)}`);
    expect(reading.messages).toEqual([request(1, 'é'), request(1, 'é')]);
  });

  test.each([
    ['hello\n', '"hello" in place of a header'],
    ['GET / HTTP/1.1\r\n', 'in place of a header'],
    ['{"jsonrpc":"2.0"}\r\n', 'in place of a header'],
    ['Content-Length: 5\n\n', 'in place of a header'],
    ['Content-Type: x\r\n\r\n', 'without Content-Length'],
    ['\r\n', 'without Content-Length'],
    ['Content-Length: -1\r\n\r\n', 'Content-Length: -1'],
    ['Content-Length: 1e9\r\n\r\n', 'Content-Length: 1e9'],
    ['Content-Length: 9999999999999999\r\n\r\n', 'Content-Length: 9'],
    ['Content-Length: \r\n\r\n', 'Content-Length'],
    ['x'.repeat(5000), 'a header without an end'],
    ['Content-Length: 5\r\n' + 'A: b\r\n'.repeat(1000), 'a header without an end'],
  ])('after %j it reads nothing more', async (bytes, message) => {
    const reading = await new Reading().feed(bytes, framed(JSON.stringify(request(1))));
    expect(reading.broken?.code).toBe('USAGE');
    expect(reading.broken?.message).toContain(message);
    expect(reading.messages).toEqual([]);
  });

  test('a message that is too long is skipped, and the next one read', async () => {
    const piece = Buffer.alloc(1 << 20, 'x');
    const reading = new Reading();
    const length = 65 * piece.length + 3;
    await reading.feed(`Content-Length: ${length}\r\n\r\n`);
    for (let i = 0; i < 65; i++) await reading.feed(piece);
    await reading.feed('xxx' + framed(JSON.stringify(request(1))));
    expect(reading.invalid).toEqual([[-32600, null]]);
    expect(reading.messages).toEqual([{ jsonrpc: '2.0', method: lostMessageMethod }, request(1)]);
  });

  test('at the end of the input, exit comes after what was whole', async () => {
    const reading = new Reading();
    reading.input.end(`${framed(JSON.stringify(request(1)))}Content-Length: 10\r\n\r\n{`);
    await new Promise((resolve) => reading.input.once('close', resolve));
    expect(reading.messages).toEqual([request(1), { jsonrpc: '2.0', method: 'exit' }]);
  });
});

describe('messages', () => {
  test.each(['', '{', 'nul', '{"a":}', '\ufeff{}', '[1', '"\\ud8'])('%j is no JSON', async (body) => {
    const reading = await new Reading().feed(framed(body), framed(JSON.stringify(request(1))));
    expect(reading.invalid).toEqual([[-32700, null]]);
    expect(reading.messages).toEqual([{ jsonrpc: '2.0', method: lostMessageMethod }, request(1)]);
  });

  test.each([
    ['null', null],
    ['5', null],
    ['[]', null],
    ['[{"jsonrpc":"2.0","id":1,"method":"x"}]', null],
    ['{}', null],
    ['{"id":7}', 7],
    ['{"id":"a","method":5}', 'a'],
    ['{"id":null,"method":"x"}', null],
    ['{"id":{},"method":"x"}', null],
    ['{"id":1,"method":"x","params":5}', 1],
    ['{"id":1,"method":"x","params":"y"}', 1],
    ['{"method":"$/cancelRequest"}', null],
    ['{"method":"$/cancelRequest","params":null}', null],
    ['{"method":"$/cancelRequest","params":{"id":{}}}', null],
  ])('%s is no message', async (body, id) => {
    const reading = await new Reading().feed(framed(body), framed(JSON.stringify(request(1))));
    expect(reading.invalid).toEqual([[-32600, id]]);
    expect(reading.messages).toEqual([request(1)]);
  });

  test.each([
    '{"id":1,"method":"shutdown","params":null}',
    '{"id":"s","method":"x","params":[1]}',
    '{"method":"exit"}',
    '{"method":"$/cancelRequest","params":{"id":3}}',
    '{"id":1,"result":null}',
    '{"id":1,"error":{"code":1,"message":"m"}}',
  ])('%s is passed on', async (body) => {
    const reading = await new Reading().feed(framed(body));
    expect(reading.messages).toEqual([JSON.parse(body)]);
    expect(reading.invalid).toEqual([]);
  });
});
