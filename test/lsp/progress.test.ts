import { describe, expect, test } from 'vitest';
import { CancellationTokenSource, WorkDoneProgress, WorkspaceSymbolRequest } from 'vscode-languageserver/node';
import type { WorkDoneProgressBegin, WorkDoneProgressEnd, WorkDoneProgressReport } from 'vscode-languageserver/node';
import { makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';
import { Editor, failure } from './support/editor.js';

type Step = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

const files = (count: number): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`src/f${i}.ts`, `export function name${i}() {\n  return ${i};\n}\n`]),
  );

function repositoryOf(count: number): TestRepository {
  const repository = makeRepository();
  repository.commit(files(count));
  return repository;
}

/** A client that lets the server show progress, and keeps what is shown. */
class WatchingEditor extends Editor {
  readonly steps: Step[] = [];
  readonly created: (string | number)[] = [];
  onStep: (step: Step) => void = () => {};

  async watch(repository: TestRepository): Promise<void> {
    this.connection.onRequest('window/workDoneProgress/create', ({ token }: { token: string }) => {
      this.created.push(token);
      this.listenTo(token);
      return null;
    });
    await this.initialize([repository.path], { capabilities: { window: { workDoneProgress: true } } });
  }

  listenTo(token: string): void {
    this.connection.onProgress(WorkDoneProgress.type, token, (step) => {
      this.steps.push(step);
      this.onStep(step);
    });
  }

  kinds(): string[] {
    return this.steps.map(({ kind }) => kind);
  }
}

describe('progress', () => {
  test('of a first query is shown while it indexes, and not of a second', async () => {
    const editor = new WatchingEditor({ progressDelayMs: 0 });
    await editor.watch(repositoryOf(300));
    const found = await editor.request<unknown[]>('workspace/symbol', { query: 'name7' });
    expect(found.length).toBeGreaterThan(0);
    expect(editor.created).toHaveLength(1);
    expect(editor.kinds()[0]).toBe('begin');
    expect(editor.kinds().at(-1)).toBe('end');
    expect(editor.steps[0]).toMatchObject({ title: 'Coppice', cancellable: true });
    const reports = editor.steps.filter((step) => step.kind === 'report');
    expect(reports.length).toBeGreaterThan(0);
    expect(reports.at(-1)!.message).toMatch(/^(indexing|reading git|merging)/);
    await editor.request('workspace/symbol', { query: 'name7' });
    expect(editor.created).toHaveLength(1);
  });

  test('of a quick query is not shown', async () => {
    const editor = new WatchingEditor({ progressDelayMs: 60_000 });
    await editor.watch(repositoryOf(3));
    await editor.request('workspace/symbol', { query: 'name' });
    expect(editor.created).toEqual([]);
  });

  test('is shown under the token of the request if it has one', async () => {
    const editor = new WatchingEditor({ progressDelayMs: 60_000 });
    await editor.watch(repositoryOf(50));
    editor.listenTo('mine');
    await editor.request('workspace/symbol', { query: 'name', workDoneToken: 'mine' });
    expect(editor.created).toEqual([]);
    expect(editor.kinds()[0]).toBe('begin');
    expect(editor.kinds().at(-1)).toBe('end');
  });

  test('a client that refuses to show it gets its answer', async () => {
    const editor = new Editor({ progressDelayMs: 0 });
    editor.connection.onRequest('window/workDoneProgress/create', () => {
      throw new Error('no');
    });
    await editor.initialize([repositoryOf(50).path], { capabilities: { window: { workDoneProgress: true } } });
    expect(await editor.request('workspace/symbol', { query: 'name7' })).not.toEqual([]);
  });
});

describe('cancellation', () => {
  const cancelled = { code: -32800 };

  test('ends a request that indexes, and the next one works', async () => {
    const editor = new WatchingEditor({ progressDelayMs: 0 });
    await editor.watch(repositoryOf(1500));
    const source = new CancellationTokenSource();
    editor.onStep = () => source.cancel();
    const request = editor.connection.sendRequest(WorkspaceSymbolRequest.type, { query: 'name' }, source.token);
    expect(await failure(request)).toMatchObject(cancelled);
    expect(editor.kinds().at(-1)).toBe('end');
    editor.onStep = () => {};
    expect(await editor.request('workspace/symbol', { query: 'name1499' })).not.toEqual([]);
  });

  test("by the button of the server's own progress", async () => {
    const editor = new WatchingEditor({ progressDelayMs: 0 });
    await editor.watch(repositoryOf(1500));
    editor.onStep = () => {
      const [token] = editor.created;
      void editor.connection.sendNotification('window/workDoneProgress/cancel', { token: token! });
    };
    expect(await failure(editor.request('workspace/symbol', { query: 'name' }))).toMatchObject(cancelled);
  });

  test('a request cancelled as soon as it was sent is answered with an error', async () => {
    const editor = new Editor();
    await editor.initialize([repositoryOf(3).path]);
    const source = new CancellationTokenSource();
    source.cancel();
    const request = editor.connection.sendRequest(WorkspaceSymbolRequest.type, { query: 'name' }, source.token);
    expect(await failure(request)).toMatchObject(cancelled);
  });

  test('shutdown ends what runs', async () => {
    const editor = new WatchingEditor({ progressDelayMs: 0 });
    await editor.watch(repositoryOf(1500));
    const shutdown = new Promise((resolve) => {
      editor.onStep = ({ kind }) => kind === 'begin' && resolve(editor.request('shutdown'));
    });
    expect(await failure(editor.request('workspace/symbol', { query: 'name' }))).toMatchObject(cancelled);
    expect(await shutdown).toBeNull();
  });
});
