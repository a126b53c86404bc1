import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';
import { Editor, uriOf } from './support/editor.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const methods = [
  'initialize',
  'initialized',
  'workspace/symbol',
  'workspace/executeCommand',
  'workspace/didChangeWorkspaceFolders',
  'workspace/didChangeConfiguration',
  'textDocument/documentSymbol',
  'textDocument/didOpen',
  'textDocument/didChange',
  'textDocument/didClose',
  'textDocument/didSave',
  'textDocument/hover',
  'window/workDoneProgress/cancel',
  '$/cancelRequest',
  '$/progress',
  '$/setTrace',
  '$/logTrace',
];

const junk = fc.jsonValue({ maxDepth: 3 });

/** Parameters that are right but for some members. */
function nearlyRight(uri: string): fc.Arbitrary<object> {
  const or = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 9, arbitrary }, { weight: 1, arbitrary: junk });
  const position = or(fc.record({ line: or(fc.integer()), character: or(fc.nat(50)) }));
  const uris = or(fc.constantFrom(uri, `${uri}/a.ts`, `${uri}/new.ts`, 'untitled:1', 'file:///%', 'file://host/x'));
  const change = or(
    fc.record(
      {
        text: or(fc.string()),
        range: or(fc.record({ start: position, end: position })),
        rangeLength: or(fc.integer()),
      },
      { requiredKeys: [] },
    ),
  );
  const command = fc.constantFrom('coppice.search', 'coppice.grep', 'coppice.symbols', 'coppice.revs');
  const argument = fc.record(
    {
      query: or(fc.string()),
      pattern: or(fc.string()),
      name: or(fc.string()),
      rev: or(fc.constantFrom('HEAD', '@worktree', 'nope', 'overlay:x')),
      limit: or(fc.integer()),
      folder: uris,
    },
    { requiredKeys: [] },
  );
  return fc.record(
    {
      query: or(fc.string()),
      textDocument: or(
        fc.record({ uri: uris, languageId: or(fc.string()), version: or(fc.integer()), text: or(fc.string()) }),
      ),
      contentChanges: or(fc.array(change, { maxLength: 3 })),
      event: or(
        fc.record({ added: or(fc.array(junk, { maxLength: 2 })), removed: or(fc.array(junk, { maxLength: 2 })) }),
      ),
      command: or(command),
      arguments: or(fc.array(or(argument), { maxLength: 2 })),
      token: or(fc.string()),
      id: or(fc.nat(100)),
      workDoneToken: or(fc.string()),
      value: junk,
    },
    { requiredKeys: ['query', 'textDocument', 'contentChanges', 'command', 'arguments'] },
  );
}

function messages(uri: string): fc.Arbitrary<string | Uint8Array> {
  const message = fc.record(
    {
      jsonrpc: fc.constant('2.0'),
      // Not the client library's own numbers.
      id: fc.oneof(
        fc.string().map((text) => `fuzz-${text}`),
        fc.integer({ min: 1e6 }),
        junk,
      ),
      method: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...methods) }, { weight: 1, arbitrary: junk }),
      params: fc.oneof({ weight: 4, arbitrary: nearlyRight(uri) }, { weight: 1, arbitrary: junk }),
      result: junk,
      error: junk,
    },
    { requiredKeys: ['jsonrpc', 'method', 'params'] },
  );
  return fc.oneof(
    { weight: 8, arbitrary: message.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: junk.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 1, arbitrary: fc.uint8Array() },
  );
}

function sample(): TestRepository {
  const repository = makeRepository();
  repository.commit({ 'a.ts': 'export function alpha() {}\n' });
  return repository;
}

async function isAlive(editor: Editor): Promise<void> {
  const found = await editor.request('workspace/symbol', { query: 'alpha' });
  expect(found).toMatchObject([{ name: 'alpha' }]);
}

test('after thousands of malformed messages a request is answered, and memory has not grown', async () => {
  const repository = sample();
  const editor = new Editor();
  await editor.initialize([repository.path]);
  const arbitrary = messages(uriOf(repository.path));
  const sendMany = async (seed: number): Promise<void> => {
    for (const body of fc.sample(arbitrary, { numRuns: 1000, seed })) {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body;
      editor.sendRaw(Buffer.concat([Buffer.from(`Content-Length: ${bytes.length}\r\n\r\n`), bytes]));
    }
    for (const name of ['a.ts', 'new.ts', '']) await editor.close(`${uriOf(repository.path)}/${name}`);
    await isAlive(editor);
    editor.logged.length = 0;
  };
  const heapBytes = (): number => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  await sendMany(1);
  const before = heapBytes();
  for (let seed = 2; seed <= 5; seed++) await sendMany(seed);
  const grown = heapBytes() - before;
  expect(grown).toBeLessThan(4 * 2 ** 20);
});

test('huge and deep messages do no harm', async () => {
  const editor = new Editor();
  await editor.initialize([sample().path]);
  const long = 'x'.repeat(4 << 20);
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  editor.sendBody(`{"jsonrpc":"2.0","id":"a","method":${JSON.stringify(long)}}`);
  editor.sendBody(`{"jsonrpc":"2.0","id":"b","method":"workspace/symbol","params":{"query":${JSON.stringify(long)}}}`);
  editor.sendBody(`{"jsonrpc":"2.0","id":"c","method":"workspace/symbol","params":${deep}}`);
  editor.sendBody(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":${deep}}}`);
  editor.sendBody(`{"jsonrpc":"2.0","id":"d","result":${deep}}`);
  await isAlive(editor);
});

test('whatever bytes arrive, the server ends when the stream does, and says so when they were no protocol', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string().map((text) => Buffer.from(`Content-Length: ${text}\r\n\r\n`)),
    fc.tuple(fc.nat(30), fc.string()).map(([length, text]) => Buffer.from(`Content-Length: ${length}\r\n\r\n${text}`)),
    fc.constantFrom(...['Content-Length: 2\r\n\r\n{}', '\r\n\r\n', '\n', '{}'].map((text) => Buffer.from(text))),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { maxLength: 5 }), async (chunks) => {
      const editor = new Editor();
      for (const chunk of chunks) editor.sendRaw(chunk);
      editor.toServer.end();
      const outcome = await editor.served.catch((error: unknown) => error);
      if (outcome === false) return;
      expect(outcome).toMatchObject({ code: 'USAGE' });
      const told = (): string => editor.logged.join('\n');
      await expect.poll(told, { interval: 1 }).toContain('not the Language Server Protocol');
    }),
    { numRuns: 300 },
  );
});
