import { expect, test } from 'vitest';
import { SymbolKind } from 'vscode-languageserver/node';
import type { SymbolInformation } from 'vscode-languageserver/node';
import { symbolKinds } from '../../src/model/index.js';
import { protocolSymbolKinds } from '../../src/lsp/answers/symbol-kinds.js';
import { makeRepository } from '../support/git.js';
import { Editor, uriOf } from './support/editor.js';

const find = (editor: Editor, query: string): Promise<SymbolInformation[]> =>
  editor.request('workspace/symbol', { query });

test('definitions have their kind, container and the range of their name', async () => {
  const repository = makeRepository();
  repository.commit({
    'my src/é.ts': '// 😀\nexport class Builder {\n  /* 😀 */ finish(): void {}\n}\n',
    'lib.go': 'package lib\n\ntype Finisher struct{}\n',
  });
  const editor = new Editor();
  await editor.initialize([repository.path]);
  expect(await find(editor, 'finish')).toEqual([
    {
      name: 'finish',
      kind: SymbolKind.Method,
      containerName: 'Builder',
      location: {
        uri: `${uriOf(repository.path)}/my%20src/%C3%A9.ts`,
        range: { start: { line: 2, character: 11 }, end: { line: 2, character: 17 } },
      },
    },
    {
      name: 'Finisher',
      kind: SymbolKind.Struct,
      location: {
        uri: `${uriOf(repository.path)}/lib.go`,
        range: { start: { line: 2, character: 5 }, end: { line: 2, character: 13 } },
      },
    },
  ]);
});

test('what is on disk counts, committed or not', async () => {
  const repository = makeRepository();
  repository.commit({
    'a.ts': 'export const first = 1;\n',
    'b.ts': 'export const second = 2;\n',
    '.gitignore': 'out\n',
  });
  const editor = new Editor();
  await editor.initialize([repository.path]);
  repository.write('a.ts', 'export const changed = 1;\n');
  repository.write('c.ts', 'export const untracked = 1;\n');
  repository.write('out/d.ts', 'export const ignored = 1;\n');
  repository.remove('b.ts');
  const names = async (query: string) => (await find(editor, query)).map(({ name }) => name);
  expect(await names('first')).toEqual([]);
  expect(await names('second')).toEqual([]);
  expect(await names('changed')).toEqual(['changed']);
  expect(await names('untracked')).toEqual(['untracked']);
  expect(await names('ignored')).toEqual([]);
});

test('a repository without commits is searched too', async () => {
  const repository = makeRepository();
  repository.write('a.ts', 'export const early = 1;\n');
  const editor = new Editor();
  await editor.initialize([repository.path]);
  expect((await find(editor, 'early')).map(({ name }) => name)).toEqual(['early']);
});

test('an empty query has no answers; of many, the best 200 of all repositories come', async () => {
  const [many, few] = [makeRepository({ name: 'many' }), makeRepository({ name: 'few' })];
  const lines = Array.from({ length: 300 }, (_, i) => `export const widget${i} = ${i};\n`);
  many.commit({ 'many.ts': lines.join('') });
  few.commit({ 'few.ts': 'export class widget {}\n' });
  const editor = new Editor();
  await editor.initialize([many.path, few.path]);
  expect(await find(editor, '')).toEqual([]);
  expect(await find(editor, '  ')).toEqual([]);
  const found = await find(editor, 'widget');
  expect(found).toHaveLength(200);
  expect(found[0]).toMatchObject({ name: 'widget', location: { uri: `${uriOf(few.path)}/few.ts` } });
});

test('every kind of ours is one of the protocol', () => {
  for (const kind of symbolKinds) {
    expect(protocolSymbolKinds[kind]).toBeGreaterThanOrEqual(SymbolKind.File);
    expect(protocolSymbolKinds[kind]).toBeLessThanOrEqual(SymbolKind.TypeParameter);
  }
});
