import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { expect, test, vi } from 'vitest';
import { progressNotifier, type ProgressNotice } from '../../../src/api/mcp/transport/progress-notifier.js';
import type { Progress } from '../../../src/engine/types.js';
import { call, connect, makeEngines, makeProject, makeSlowRepository, watchSearches } from './support.js';

async function connectToSlow(): Promise<{ client: Client; outcomes: string[] }> {
  const { engines, outcomes } = watchSearches(await makeEngines());
  return { client: await connect(engines, makeSlowRepository().path), outcomes };
}

test('whoever asks for progress is told while a rev is indexed, in numbers that grow', async () => {
  const { client } = await connectToSlow();
  const told: { progress: number; total?: number | undefined; message?: string | undefined }[] = [];
  const params = { name: 'search', arguments: { query: 'handler', rev: 'HEAD' } };
  await client.callTool(params, undefined, { onprogress: (progress) => told.push(progress) });
  expect(told.length).toBeGreaterThan(1);
  told.forEach(({ progress, total }, i) => {
    expect(progress).toBeGreaterThan(told[i - 1]?.progress ?? 0);
    expect(total).toBeGreaterThanOrEqual(progress);
  });
  expect(told.at(-1)!.message).toMatch(/^indexing HEAD: \d+ of 400 files$/);
});

test('a call that is cancelled ends in the engine too, and the next one is answered', async () => {
  const { client, outcomes } = await connectToSlow();
  const cancel = new AbortController();
  const params = { name: 'search', arguments: { query: 'handler', rev: 'HEAD' } };
  const asked = client.callTool(params, undefined, { signal: cancel.signal, onprogress: () => cancel.abort() });
  await expect(asked).rejects.toThrow();
  await vi.waitFor(() => expect(outcomes).toEqual(['ABORTED']), { timeout: 10_000 });
  expect((await call(client, 'search', { query: 'handler', limit: 1 })).isError).toBe(false);
});

test('a client that goes away ends what it asked for', async () => {
  const { client, outcomes } = await connectToSlow();
  const params = { name: 'search', arguments: { query: 'handler', rev: 'HEAD' } };
  const asked = client.callTool(params, undefined, { onprogress: () => void client.close() });
  await expect(asked).rejects.toThrow();
  await vi.waitFor(() => expect(outcomes).toEqual(['ABORTED']), { timeout: 10_000 });
});

test('nobody is told who did not ask', async () => {
  const client = await connect(await makeEngines(), makeProject().path);
  const errors: Error[] = [];
  client.onerror = (error) => errors.push(error);
  await call(client, 'search', { query: 'retry' });
  expect(errors).toEqual([]);
});

test('progress grows through all phases, each of which counts from 0', async () => {
  const told: ProgressNotice[] = [];
  const notify = progressNotifier((notice) => told.push(notice));
  const step = (phase: Progress['phase'], done: number, total: number): Promise<void> => {
    notify({ phase, done, total, unit: 'files', bytes: 0, what: 'main' });
    return new Promise((resolve) => setTimeout(resolve, 210));
  };
  await step('git', 5, 0);
  await step('git', 10, 0);
  await step('index', 1, 3);
  await step('index', 3, 3);
  expect(told).toEqual([
    { progress: 5, message: 'reading git objects main: 5 files' },
    { progress: 10, message: 'reading git objects main: 10 files' },
    { progress: 11, total: 13, message: 'indexing main: 1 of 3 files' },
    { progress: 13, total: 13, message: 'indexing main: 3 of 3 files' },
  ]);
});
