import { describe, expect, test } from 'vitest';
import { SymbolKind } from 'vscode-languageserver/node';
import type { DocumentSymbol, SymbolInformation } from 'vscode-languageserver/node';
import { makeFolder, makeRepository } from '../support/git.js';
import { Editor, uriOf } from './support/editor.js';

const outline = (editor: Editor, uri: string): Promise<DocumentSymbol[]> =>
  editor.request('textDocument/documentSymbol', { textDocument: { uri } });

/** `[name, [children…]]`, for reading. */
type Tree = [string, Tree[]];
const treeOf = (symbols: readonly DocumentSymbol[]): Tree[] =>
  symbols.map(({ name, children }) => [name, treeOf(children ?? [])]);

const source = `export class Outer {
  first(): void {}
  second = () => {
    return 1;
  };
}

export function after() {}
`;

describe('of a file', () => {
  test('definitions are nested by scope, with the lines from their first to their last', async () => {
    const repository = makeRepository();
    repository.commit({ 'a.ts': source });
    const editor = new Editor();
    await editor.initialize([repository.path]);
    const symbols = await outline(editor, uriOf(`${repository.path}/a.ts`));
    expect(treeOf(symbols)).toEqual([
      [
        'Outer',
        [
          ['first', []],
          ['second', []],
        ],
      ],
      ['after', []],
    ]);
    const [outer, after] = symbols;
    expect(outer).toMatchObject({
      kind: SymbolKind.Class,
      range: { start: { line: 0, character: 0 }, end: { line: 5, character: 1 } },
      selectionRange: { start: { line: 0, character: 13 }, end: { line: 0, character: 18 } },
    });
    expect(outer!.children![0]).toMatchObject({
      kind: SymbolKind.Method,
      range: { start: { line: 1, character: 2 }, end: { line: 1, character: 18 } },
      selectionRange: { start: { line: 1, character: 2 }, end: { line: 1, character: 7 } },
    });
    expect(after).toMatchObject({ kind: SymbolKind.Function, selectionRange: { start: { line: 7, character: 16 } } });
  });

  test('a method that stands far from its type is still one of it, and ranges do not cover what is between', async () => {
    const repository = makeRepository();
    repository.commit({
      'a.go':
        'package a\n\ntype B struct{}\n\nfunc (b *B) One() {}\n\nfunc between() {}\n\nfunc (b *B) Two() {}\n\nfunc (c *C) Lone() {}\n',
    });
    const editor = new Editor();
    await editor.initialize([repository.path]);
    const symbols = await outline(editor, uriOf(`${repository.path}/a.go`));
    expect(treeOf(symbols).filter(([name]) => name !== 'a')).toEqual([
      [
        'B',
        [
          ['One', []],
          ['Two', []],
        ],
      ],
      ['between', []],
      ['Lone', []],
    ]);
    expect(symbols.find(({ name }) => name === 'B')!.range.end.line).toBe(2);
    expect(symbols.find(({ name }) => name === 'Lone')!.detail).toBe('C');
  });

  test('a client without nested symbols gets a list', async () => {
    const repository = makeRepository();
    repository.commit({ 'a.ts': source });
    const editor = new Editor();
    await editor.initialize([repository.path], { capabilities: {} });
    const uri = uriOf(`${repository.path}/a.ts`);
    const symbols = await editor.request<SymbolInformation[]>('textDocument/documentSymbol', { textDocument: { uri } });
    expect(symbols.map(({ name, containerName }) => [containerName, name])).toEqual([
      [undefined, 'Outer'],
      ['Outer', 'first'],
      ['Outer', 'second'],
      [undefined, 'after'],
    ]);
    expect(symbols[1]!.location).toEqual({
      uri,
      range: { start: { line: 1, character: 2 }, end: { line: 1, character: 7 } },
    });
  });
});

test('of a buffer: as it is now, saved or not', async () => {
  const repository = makeRepository();
  repository.commit({ 'a b/é.ts': 'export const one = 1;\n' });
  const editor = new Editor();
  await editor.initialize([repository.path]);
  const uri = uriOf(`${repository.path}/a b/é.ts`);
  const names = async (of = uri) => (await outline(editor, of)).map(({ name }) => name);
  await editor.open(uri, 'export const one = 1;\n');
  expect(await names()).toEqual(['one']);
  await editor.change(uri, {
    range: { start: { line: 0, character: 13 }, end: { line: 0, character: 16 } },
    text: 'two',
  });
  expect(await names()).toEqual(['two']);
  await editor.change(
    uri,
    { text: 'const three = 3;\n' },
    { range: { start: { line: 1, character: 0 }, end: { line: 1, character: 0 } }, text: 'const four = 4;' },
  );
  expect(await names()).toEqual(['three', 'four']);
  await editor.close(uri);
  expect(await names()).toEqual(['one']);
  const unsaved = uriOf(`${repository.path}/new/file.py`);
  await editor.open(unsaved, 'def fresh(): pass\n');
  expect(await names(unsaved)).toEqual(['fresh']);
});

test.each([
  ['is ignored', '.gitignore'],
  ['is not there', 'none.ts'],
  ['is empty', 'empty.ts'],
])('of a file that %s there is none', async (_, path) => {
  const repository = makeRepository();
  repository.commit({ '.gitignore': '.gitignore\n', 'empty.ts': '' });
  const editor = new Editor();
  await editor.initialize([repository.path]);
  expect(await outline(editor, uriOf(`${repository.path}/${path}`))).toEqual([]);
});

test.each(['untitled:Untitled-1', 'file:///%', `${uriOf(makeFolder())}/a.ts`])('of %s there is none', async (uri) => {
  const repository = makeRepository();
  const editor = new Editor();
  await editor.initialize([repository.path]);
  await editor.open(uri, 'export const one = 1;\n');
  expect(await outline(editor, uri)).toEqual([]);
});
