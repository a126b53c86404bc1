import { unzipSync } from 'fflate';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { packVsix } from '../../.config/vscode.mjs';
import { commandOf, patternOf, type Asked } from '../../src/vscode/asked.js';
import { documentOfUri, uriOfDocument } from '../../src/vscode/documents.js';
import { messageOf, revChoices, rowsOf } from '../../src/vscode/rows.js';

const asked: Asked = { mode: 'ranked', query: 'retry', rev: '', reach: 'own' };
const range = (line: number) => ({ start: { line, character: 2 }, end: { line, character: 7 } });

describe('what is asked', () => {
  test.each<[Partial<Asked>, string, object]>([
    [{}, 'coppice.search', { query: 'retry', limit: 50 }],
    [{ rev: 'v1', reach: 'dependencies' }, 'coppice.search', { query: 'retry', limit: 50, rev: 'v1', deps: ['*'] }],
    [
      { mode: 'exact', reach: 'with dependencies' },
      'coppice.grep',
      { pattern: 'retry', literal: true, ignoreCase: true, maxCount: 50, withDeps: true },
    ],
    [
      { mode: 'history', query: '/Retry\\W/', reach: 'dependencies', rev: 'v1' },
      'coppice.log',
      { pattern: 'Retry\\W', literal: false, ignoreCase: false, maxCount: 50, rev: 'v1' },
    ],
  ])('%o', (change, command, argument) =>
    expect(commandOf({ ...asked, ...change }, 50)).toEqual({ command, argument }),
  );

  test('letters of a class are none of the text', () => {
    expect(patternOf('/a\\Wb/')).toEqual({ pattern: 'a\\Wb', literal: false, ignoreCase: true });
    expect(patternOf('/')).toEqual({ pattern: '/', literal: true, ignoreCase: true });
  });
});

describe('what is shown', () => {
  const repositories = [{ folder: 'file:///r' }];

  test('hits by their symbol, at their first match', () => {
    const hit = {
      uri: 'file:///r/node_modules/left/pad.js',
      path: 'node_modules/left/pad.js',
      package: 'left',
      version: '1.2.0',
      range: range(3),
      symbol: 'leftPad',
      kind: 'function',
      text: '/** Pads. */\n  export function leftPad() {}\n',
      matches: [{ line: 5, range: range(4) }],
      startLine: 4,
      endLine: 5,
    };
    const [row] = rowsOf(asked, { hits: [hit], repositories });
    expect(row).toMatchObject({ label: 'leftPad', detail: 'left 1.2.0 · node_modules/left/pad.js' });
    expect(row!.target).toEqual({ uri: hit.uri, path: hit.path, range: range(4) });
    expect(row!.children.map(({ label }) => label)).toEqual(['export function leftPad() {}']);
    const [atRev] = rowsOf({ ...asked, rev: 'v1' }, { hits: [hit], repositories });
    expect(atRev!.target).toEqual({ rev: 'v1', path: hit.path, range: range(4) });
  });

  test('lines by their file', () => {
    const line = (path: string, at: number) => {
      return { uri: `file:///r/${path}`, path, text: `  line ${at}`, line: at, range: range(at - 1) };
    };
    const rows = rowsOf(
      { ...asked, mode: 'exact' },
      { lines: [line('src/a.ts', 1), line('src/a.ts', 9), line('b.ts', 2)], repositories },
    );
    expect(rows.map(({ label, detail }) => [label, detail])).toEqual([
      ['a.ts', 'src · 2'],
      ['b.ts', '1'],
    ]);
    expect(rows[0]!.children.map(({ label, detail }) => [label, detail])).toEqual([
      ['line 1', '1'],
      ['line 9', '9'],
    ]);
  });

  test('history newest first; a line that went is shown before it went', () => {
    const change = (commit: string, date: string) => {
      return { commit, date, author: 'A <a@b>', subject: `s ${commit}`, paths: ['src/a.ts'] };
    };
    const [row] = rowsOf(
      { ...asked, mode: 'history' },
      {
        lines: [
          {
            line: '  retry()',
            folder: 'file:///r',
            appeared: [change('aaa', '2024-01-01T00:00:00Z')],
            disappeared: [change('bbb', '2025-01-01T00:00:00Z')],
          },
        ],
        repositories,
      },
    );
    expect(row!.children.map(({ label, target }) => [label, target?.rev])).toEqual([
      ['− s bbb', 'bbb^'],
      ['+ s aaa', 'aaa'],
    ]);
  });

  test('what did not answer is told', () => {
    const failed = { folder: 'file:///s', error: { message: 'there is no rev v1' } };
    expect(messageOf({ ...asked, rev: 'v1' }, { hits: [], repositories: [...repositories, failed] })).toBe(
      '0 results for retry at v1 · there is no rev v1',
    );
  });

  test('revs to choose: the disk first, each name once, what was typed last', () => {
    const rev = (name: string, kind: string) => {
      return { rev: name, kind, commit: 'f'.repeat(40), current: name === 'main', indexed: kind !== 'tag' };
    };
    const choices = revChoices(
      [
        rev('HEAD', 'head'),
        rev('@worktree', 'worktree'),
        rev('main', 'branch'),
        rev('main', 'branch'),
        rev('v1', 'tag'),
      ],
      'HEAD~3',
    );
    expect(choices.map(({ rev }) => rev)).toEqual(['', 'HEAD', 'main', 'v1', 'HEAD~3']);
    expect(choices[2]!.description).toBe('branch · checked out · fffffffff');
    expect(choices[3]!.description).toContain('not indexed yet');
  });

  test('a file of a rev is a URI that names both', () => {
    const document = { rev: 'v1^', path: 'src/größe & co?.ts', folder: 'file:///r' };
    expect(documentOfUri(uriOfDocument(document))).toEqual(document);
    expect(documentOfUri({ path: '/a', query: 'nonsense' })).toBeNull();
  });
});

describe('the package', () => {
  let files: Record<string, Uint8Array>;
  const text = (name: string): string => new TextDecoder().decode(files[name]);
  beforeAll(async () => {
    files = unzipSync(await packVsix());
  });

  test('has what a .vsix must have', () => {
    const manifest = JSON.parse(text('extension/package.json')) as Record<string, never>;
    expect(manifest['main']).toBe('./extension.cjs');
    expect(text('extension.vsixmanifest')).toContain(`Version="${String(manifest['version'])}" Publisher="coppice"`);
    const assets = Array.from(text('extension.vsixmanifest').matchAll(/Path="([^"]+)"/g), ([, path]) => path!);
    expect(assets.filter((path) => !(path in files))).toEqual([]);
    const known = Array.from(
      text('[Content_Types].xml').matchAll(/Extension="(\.\w+)"/g),
      ([, extension]) => extension,
    );
    const own = Object.keys(files).filter((path) => path !== '[Content_Types].xml');
    expect(own.filter((path) => !known.includes(/\.\w+$/.exec(path)![0]))).toEqual([]);
  });

  test('starts in VS Code (a double of it), and registers every command that it names', async () => {
    const registered: string[] = [];
    const anything: unknown = new Proxy(function () {}, {
      get: (_, key) => (key === 'then' ? undefined : key === Symbol.toPrimitive ? () => '' : anything),
      apply: () => anything,
      construct: () => anything as object,
    });
    class Emitter {
      event = vi.fn();
      fire = vi.fn();
      dispose = vi.fn();
    }
    const double = new Proxy(
      {
        EventEmitter: Emitter,
        version: '1.100.0',
        commands: { registerCommand: (name: string) => (registered.push(name), { dispose: vi.fn() }) },
        window: {
          createTreeView: () => ({ dispose: vi.fn() }),
          showErrorMessage: vi.fn(),
          createOutputChannel: () => anything,
        },
        workspace: {
          getConfiguration: () => ({
            get: (_: string, given: unknown) => (given === 'coppice' ? '/nonexistent/coppice' : given),
          }),
          registerTextDocumentContentProvider: () => ({ dispose: vi.fn() }),
        },
      },
      { get: (own, key) => (key in own ? own[key as keyof typeof own] : anything) },
    );
    const loaded = { exports: {} as { activate(context: object): Promise<void> } };
    const require = createRequire(import.meta.url);
    // The bundle, as VS Code loads it.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const run = new Function('module', 'exports', 'require', text('extension/extension.cjs')) as (
      ...given: unknown[]
    ) => void;
    run(loaded, loaded.exports, (name: string): unknown => (name === 'vscode' ? double : require(name)));
    void loaded.exports.activate({ subscriptions: [] }).catch(() => undefined);
    const manifest = JSON.parse(text('extension/package.json')) as { contributes: { commands: { command: string }[] } };
    const named = manifest.contributes.commands.map(({ command }) => command);
    await vi.waitFor(() => expect(registered).toEqual(expect.arrayContaining(named)));
  });
});
