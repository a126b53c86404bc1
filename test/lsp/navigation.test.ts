import { expect, test } from 'vitest';
import type { Hover, Location } from 'vscode-languageserver/node';
import { nameAt } from '../../src/lsp/answers/navigation.js';
import { makeRepository } from '../support/git.js';
import { Editor, uriOf } from './support/editor.js';

const store = `/** Opens it. Twice is once. */
export function open(name: string): void {}

export interface Shape {
  area(): number;
}
`;
const use = `import { open } from './store.js';
// open is not called here
export class Square implements Shape {
  area(): number {
    open('open');
    return 1;
  }
}
export class Circle implements Shape {
  area() {
    return 3;
  }
  shape: Shape | null = null;
}
`;

test('definition, references, implementation and hover, in the buffer as it is now', async () => {
  const repository = makeRepository();
  repository.commit({
    'src/store.ts': store,
    'src/use.ts': 'export {};\n',
    'other/open.py': 'def open():\n    pass\n',
  });
  const editor = new Editor();
  await editor.initialize([repository.path]);
  const uri = `${uriOf(repository.path)}/src/use.ts`;
  await editor.connection.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'typescript', version: 1, text: use },
  });
  const at = (line: number, character: number): object => ({ textDocument: { uri }, position: { line, character } });
  const shown = (places: Location[]): string[] =>
    places.map(
      ({ uri, range }) => `${uri.split('/').slice(-2).join('/')}:${range.start.line}:${range.start.character}`,
    );

  expect(shown(await editor.request('textDocument/definition', at(4, 5)))).toEqual([
    'src/store.ts:1:16',
    'other/open.py:0:4',
  ]);
  expect(shown(await editor.request('textDocument/definition', at(2, 33)))).toEqual(['src/store.ts:3:17']);
  const context = { includeDeclaration: true };
  expect(shown(await editor.request('textDocument/references', { ...at(4, 5), context }))).toEqual([
    'other/open.py:0:4',
    'src/store.ts:1:16',
    'src/use.ts:0:9',
    'src/use.ts:4:4',
  ]);
  expect(
    shown(await editor.request('textDocument/references', { ...at(4, 5), context: { includeDeclaration: false } })),
  ).toEqual(['src/use.ts:0:9', 'src/use.ts:4:4']);
  expect(shown(await editor.request('textDocument/implementation', at(2, 33)))).toEqual([
    'src/use.ts:2:31',
    'src/use.ts:8:31',
  ]);
  const hover: Hover = await editor.request('textDocument/hover', at(4, 5));
  expect((hover.contents as { value: string }).value).toBe(
    '```typescript\nexport function open(name: string): void\n```\n\nOpens it.\n\nfunction · src/store.ts:2, and 1 more of that name',
  );
  expect(hover.range).toEqual({ start: { line: 4, character: 4 }, end: { line: 4, character: 8 } });
  // On no name, and in a file that is not searched.
  expect(await editor.request('textDocument/hover', at(7, 0))).toBeNull();
  expect(await editor.request('textDocument/definition', at(7, 0))).toEqual([]);
});

test('the name under the cursor, with the type or module before it', () => {
  const names = (line: string): string[] =>
    [...line]
      .map((_, character) => nameAt(line, character)?.qualified ?? '-')
      .filter((name, i, all) => name !== all[i - 1]);
  expect(names('a.open(x)')).toEqual(['a', 'open', 'x']);
  expect(names('Session.open;')).toEqual(['Session', 'Session.open']);
  expect(names('fs::read(1)')).toEqual(['fs', '-', 'fs.read', '-']);
  expect(names('x.nil? && a!==b')).toContain('nil?');
  expect(names('a!==b')).toEqual(['a', '-', 'b']);
});
