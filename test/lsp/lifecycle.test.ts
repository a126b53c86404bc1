import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import { makeFolder, makeRepository } from '../support/git.js';
import { Editor, failure, uriOf } from './support/editor.js';

const code = { invalidRequest: -32600, unknownMethod: -32601, invalidParams: -32602, notInitialized: -32002 };

function sample() {
  const repository = makeRepository();
  repository.commit({ 'src/a.ts': 'export function alpha() {}\n' });
  return repository;
}

const symbolNames = async (editor: Editor, query: string): Promise<string[]> =>
  (await editor.request<{ name: string }[]>('workspace/symbol', { query })).map(({ name }) => name);

describe('initialize', () => {
  test('tells what the server can do', async () => {
    const result = await new Editor().initialize([]);
    expect(result).toMatchObject({
      serverInfo: { name: 'coppice', version: '1.2.3' },
      capabilities: {
        positionEncoding: 'utf-16',
        textDocumentSync: { openClose: true, change: 2 },
        executeCommandProvider: {
          commands: [
            'coppice.search',
            'coppice.grep',
            'coppice.symbols',
            'coppice.log',
            'coppice.show',
            'coppice.revs',
          ],
        },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    });
  });

  test.each([
    ['rootUri', (path: string) => ({ workspaceFolders: null, rootUri: uriOf(path) })],
    ['rootPath', (path: string) => ({ workspaceFolders: null, rootPath: path })],
    [
      'workspaceFolders before rootUri',
      (path: string) => ({ workspaceFolders: [{ uri: uriOf(path), name: '' }], rootUri: 'file:///' }),
    ],
  ])('takes the folder from %s', async (_, params) => {
    const editor = new Editor();
    await editor.initialize([], params(sample().path));
    expect(await symbolNames(editor, 'alpha')).toEqual(['alpha']);
  });

  test('is asked once, and may be tried again when it failed', async () => {
    let attempts = 0;
    const editor = new Editor({
      wrap: (engines) => {
        if (attempts++ === 0) throw new CoppiceError('STORE_LOCKED', 'the store is in use', { hint: 'wait' });
        return engines;
      },
    });
    const error = await failure(editor.initialize([]));
    expect(error).toMatchObject({
      message: 'the store is in use (wait)',
      data: { code: 'STORE_LOCKED', hint: 'wait' },
    });
    await editor.initialize([]);
    expect(await failure(editor.initialize([]))).toMatchObject({ code: code.invalidRequest });
  });

  test('refuses what is malformed and says why', async () => {
    const error = await failure(new Editor().initialize([], { workspaceFolders: 5 as never }));
    expect(error).toMatchObject({ code: code.invalidParams, data: { code: 'USAGE', parameter: 'workspaceFolders' } });
  });
});

describe('the order of requests', () => {
  test('before initialize only initialize is answered', async () => {
    const editor = new Editor();
    expect(await failure(editor.request('workspace/symbol', { query: 'x' }))).toMatchObject({
      code: code.notInitialized,
    });
    expect(await failure(editor.request('shutdown'))).toMatchObject({ code: code.notInitialized });
    await editor.open('file:///x', 'lost');
    await editor.initialize([]);
    expect(await symbolNames(editor, 'x')).toEqual([]);
  });

  test('after shutdown nothing is answered, and exit ends the server well', async () => {
    const editor = new Editor();
    await editor.initialize([sample().path]);
    await symbolNames(editor, 'alpha');
    expect(await editor.request('shutdown')).toBeNull();
    expect(await failure(editor.request('workspace/symbol', { query: 'x' }))).toMatchObject({
      code: code.invalidRequest,
    });
    expect(await failure(editor.request('initialize', {}))).toMatchObject({ code: code.invalidRequest });
    await editor.connection.sendNotification('exit');
    expect(await editor.served).toBe(true);
  });

  test('exit without shutdown, and a closed stream, end it too', async () => {
    const exited = new Editor();
    await exited.initialize([]);
    await exited.connection.sendNotification('exit');
    expect(await exited.served).toBe(false);
    const left = new Editor();
    await left.initialize([]);
    left.toServer.end();
    expect(await left.served).toBe(false);
    const deaf = new Editor();
    await deaf.initialize([]);
    deaf.fromServer.destroy();
    expect(await deaf.served).toBe(false);
  });

  test('a client that shuts it down and leaves without waiting has shut it down', async () => {
    const editor = new Editor();
    await editor.initialize([]);
    editor.sendBody('{"jsonrpc":"2.0","id":"last","method":"shutdown"}');
    editor.toServer.end();
    expect(await editor.served).toBe(true);
  });

  test('closes the engines, even when the client leaves while they open', async () => {
    const closed: string[] = [];
    for (const leaveEarly of [false, true]) {
      const editor = new Editor({
        wrap: (engines) => {
          if (leaveEarly) editor.toServer.end();
          const close = engines.close.bind(engines);
          return Object.assign(engines, { close: () => close().then(() => void closed.push(`early: ${leaveEarly}`)) });
        },
      });
      await editor.initialize([]).catch(() => {});
      editor.toServer.end();
      await editor.served;
    }
    expect(closed).toEqual(['early: false', 'early: true']);
  });
});

describe('methods and parameters', () => {
  test('an unknown method is refused, an unknown notification ignored', async () => {
    const editor = new Editor();
    await editor.initialize([]);
    for (const method of ['textDocument/rename', '$/unknown', 'constructor', '__proto__', '']) {
      expect(await failure(editor.request(method, {}))).toMatchObject({ code: code.unknownMethod });
      await editor.connection.sendNotification(method, {});
    }
    expect(await symbolNames(editor, 'x')).toEqual([]);
    expect(editor.logged).toEqual([]);
  });

  test.each([
    ['workspace/symbol', undefined],
    ['workspace/symbol', []],
    ['workspace/symbol', {}],
    ['workspace/symbol', { query: 5 }],
    ['textDocument/documentSymbol', {}],
    ['textDocument/documentSymbol', { textDocument: 'file:///x' }],
    ['workspace/executeCommand', { arguments: [] }],
    ['workspace/executeCommand', { command: 'rm' }],
    ['workspace/executeCommand', { command: 'coppice.search', arguments: {} }],
  ])('%s with %j is a parameter error', async (method, params) => {
    const editor = new Editor();
    await editor.initialize([]);
    expect(await failure(editor.request(method, params))).toMatchObject({
      code: code.invalidParams,
      data: { code: 'USAGE' },
    });
  });

  test('malformed notifications change nothing and are logged', async () => {
    const repository = sample();
    const editor = new Editor();
    await editor.initialize([repository.path]);
    for (const method of ['didOpen', 'didChange', 'didClose']) {
      await editor.connection.sendNotification(`textDocument/${method}`, { textDocument: { uri: 5 } });
    }
    await editor.connection.sendNotification('workspace/didChangeWorkspaceFolders', { event: { added: [{}] } });
    await editor.connection.sendNotification('window/workDoneProgress/cancel', { token: {} });
    expect(await symbolNames(editor, 'alpha')).toEqual(['alpha']);
    expect(editor.logged.filter((line) => line.includes('must be'))).toHaveLength(4);
  });
});

describe('workspace folders', () => {
  test('several folders of one repository are searched once', async () => {
    const repository = sample();
    const editor = new Editor();
    await editor.initialize([repository.path, join(repository.path, 'src')]);
    expect(await symbolNames(editor, 'alpha')).toEqual(['alpha']);
  });

  test('a folder outside of any repository is searched as it lies, one that is no file is skipped with a note', async () => {
    const repository = sample();
    const outside = makeFolder();
    writeFileSync(join(outside, 'b.py'), 'def alphaOutside(): pass\n');
    const editor = new Editor();
    await editor.initialize([], {
      workspaceFolders: [uriOf(outside), 'vscode-remote://host/x', uriOf(repository.path)].map((uri) => ({
        uri,
        name: '',
      })),
    });
    expect(await symbolNames(editor, 'alpha')).toEqual(['alpha', 'alphaOutside']);
    const notes = editor.logged.filter((line) => line.includes('no folder of this machine'));
    expect(notes.map((line) => line.split(' ')[0])).toEqual(['vscode-remote://host/x']);
  });

  test('can be added and removed', async () => {
    const [one, two] = [sample(), makeRepository({ name: 'other' })];
    two.commit({ 'b.py': 'def alphabet(): pass\n' });
    const editor = new Editor();
    await editor.initialize([one.path]);
    const change = (added: string[], removed: string[]): Promise<void> => {
      const list = (paths: string[]) => paths.map((path) => ({ uri: uriOf(path), name: '' }));
      const event = { added: list(added), removed: list(removed) };
      return editor.connection.sendNotification('workspace/didChangeWorkspaceFolders', { event });
    };
    expect(await symbolNames(editor, 'alpha')).toEqual(['alpha']);
    await change([two.path], []);
    expect(await symbolNames(editor, 'alpha')).toEqual(['alpha', 'alphabet']);
    await change([], [one.path]);
    expect(await symbolNames(editor, 'alpha')).toEqual(['alphabet']);
    await change([one.path], [two.path]);
    expect(await symbolNames(editor, 'alpha')).toEqual(['alpha']);
  });

  test('results of a folder behind a symbolic link are named as the client knows it', async () => {
    const repository = sample();
    const link = join(makeFolder(), 'my link');
    symlinkSync(repository.path, link);
    const editor = new Editor();
    await editor.initialize([link]);
    const [symbol] = await editor.request<{ location: { uri: string } }[]>('workspace/symbol', { query: 'alpha' });
    expect(symbol?.location.uri).toBe(`${uriOf(link)}/src/a.ts`);
  });

  test('one repository that cannot be searched does not hide the others', async () => {
    const repository = sample();
    const broken = makeFolder();
    const gone = makeRepository({ name: 'gone' });
    gone.git('config', 'core.repositoryformatversion', '99');
    const editor = new Editor();
    await editor.initialize([gone.path, repository.path, broken]);
    expect(await symbolNames(editor, 'alpha')).toEqual(['alpha']);
    expect(editor.logged.join('\n')).toContain(gone.path);
    const alone = new Editor();
    await alone.initialize([gone.path]);
    const error = await failure(alone.request('workspace/symbol', { query: 'alpha' }));
    expect(error.data).toHaveProperty('code');
  });
});
