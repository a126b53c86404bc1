import { unzipSync } from 'fflate';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { packVsix } from '../../.config/vscode.mjs';
import { commandOf, patternOf, type Asked } from '../../src/vscode/asked.js';
import { documentOfUri, uriOfDocument } from '../../src/vscode/documents.js';
import { messageOf, revChoices, rowsOf } from '../../src/vscode/rows.js';
import { told } from './support/vscode.js';

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
      folder: 'file:///r',
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
    expect(atRev!.target).toEqual({ rev: 'v1', path: hit.path, folder: 'file:///r', range: range(4) });
  });

  test('lines by their file', () => {
    const line = (path: string, at: number) => {
      return {
        uri: `file:///r/${path}`,
        folder: 'file:///r',
        path,
        text: `  line ${at}`,
        line: at,
        range: range(at - 1),
      };
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
});

const asks = vi.hoisted(() => [] as object[]);
vi.mock('vscode-languageclient/node', () => ({
  LanguageClient: class {
    start = (): Promise<void> => Promise.resolve();
    sendRequest = (_: string, { command, arguments: [argument] }: { command: string; arguments: object[] }): object => {
      asks.push({ command, ...argument });
      const hit = {
        uri: 'file:///r/a.ts',
        path: 'a.ts',
        symbol: 'f',
        text: 'f()\n',
        matches: [],
        startLine: 1,
        endLine: 1,
      };
      return { hits: [{ ...hit, range: range(0) }], repositories: [] };
    };
  },
}));

test('in VS Code (a double of it) every command that is named is there, and a search fills the view', async () => {
  const { activate } = await import('../../src/vscode/extension.js');
  await activate({ subscriptions: [] } as never);
  const { contributes } = JSON.parse(readFileSync('src/vscode/manifest.json', 'utf8')) as {
    contributes: { commands: { command: string }[] };
  };
  expect([...told.commands.keys()]).toEqual(expect.arrayContaining(contributes.commands.map(({ command }) => command)));
  told.input = 'retry';
  await told.commands.get('coppice.searchRanked')!();
  told.input = 'dependencies';
  await told.commands.get('coppice.searchInDependencies')!();
  expect(asks).toEqual([
    { command: 'coppice.search', query: 'retry', limit: 50 },
    { command: 'coppice.search', query: 'retry', limit: 50, deps: ['*'] },
  ]);
  expect(told.view.message).toBe('1 result for retry (dependencies)');
  const [row] = told.provider!.getChildren();
  const item = told.provider!.getTreeItem(row) as { label: string; command: { command: string; arguments: unknown[] } };
  expect(item.label).toBe('f');
  await told.commands.get(item.command.command)!(...item.command.arguments);
  expect(told.opened).toEqual(['file:///r/a.ts']);
  expect(told.errors).toEqual([]);
});
