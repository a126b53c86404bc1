import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createProtocolConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node';
import type { ProtocolConnection } from 'vscode-languageserver/node';
import { bundleProgram } from '../support/bundle.js';
import { makeFolder, makeRepository } from '../support/git.js';
import { uriOf } from './support/editor.js';

let program: string;
beforeAll(async () => void (program = await bundleProgram('lsp/support/lsp-process.ts')));
afterAll(() => rmSync(program));

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  /** Exit code, and what it wrote outside of the protocol. */
  readonly ended: Promise<{ code: number | null; stderr: string }>;
}

function start(): Running {
  const child = spawn(process.execPath, [program, makeFolder()]);
  onTestFinished(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stderr })),
  );
  return { child, ended };
}

function connect(child: ChildProcessWithoutNullStreams): ProtocolConnection {
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  connection.listen();
  return connection;
}

const initializeParams = (folder: string) => ({
  processId: process.pid,
  rootUri: uriOf(folder),
  capabilities: {},
  workspaceFolders: null,
});

test('a process answers over standard streams and ends as the protocol says', async () => {
  const repository = makeRepository();
  repository.commit({ 'a.py': 'def alpha(): pass\n' });
  const { child, ended } = start();
  const connection = connect(child);
  await connection.sendRequest('initialize', initializeParams(repository.path));
  const found = await connection.sendRequest('workspace/symbol', { query: 'alpha' });
  expect(found).toMatchObject([{ name: 'alpha', location: { uri: `${uriOf(repository.path)}/a.py` } }]);
  await connection.sendRequest('shutdown');
  await connection.sendNotification('exit');
  expect(await ended).toEqual({ code: 0, stderr: '' });
});

test('a client that is gone ends it', async () => {
  const repository = makeRepository();
  repository.commit({ 'a.py': 'def alpha(): pass\n' });
  const { child, ended } = start();
  const connection = connect(child);
  await connection.sendRequest('initialize', initializeParams(repository.path));
  child.stdin.destroy();
  child.stdout.destroy();
  expect(await ended).toEqual({ code: 1, stderr: '' });
});

test('what a person types is answered with what it is for', async () => {
  const { child, ended } = start();
  child.stdin.write('help\n'); // and standard input stays open
  const { code, stderr } = await ended;
  expect(code).toBe(2);
  expect(stderr).toContain('not the Language Server Protocol');
});
