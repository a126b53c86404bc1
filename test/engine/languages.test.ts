import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine } from '../../src/engine/index.js';
import { makeFolder, makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';

const opened: Engine[] = [];
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close();
});

async function open(repository: TestRepository): Promise<Engine> {
  const engine = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
  opened.push(engine);
  return engine;
}

const languagesAt = async (engine: Engine, rev: string): Promise<Record<string, string>> =>
  Object.fromEntries((await engine.files({ rev })).files.map(({ path, language }) => [path, language]));

/** Tells nothing: it may be C or C++. */
const plain = 'struct point { int x; int y; };\nint norm(struct point p);\n';

describe('a header that tells nothing by itself', () => {
  test('is what its folder is, the same however its tree got in', async () => {
    const repository = makeRepository();
    const commits = [
      repository.commit({ 'a/p.h': plain, 'b/q.h': plain, 'top.h': plain }),
      repository.commit({ 'a/p.cc': '#include "p.h"\n' }),
      repository.commit({ 'a/old.c': 'int x;\n' }),
      repository.commit({ 'a/old.c': null, 'b/view.m': '@implementation View\n@end\n', 'main.cpp': 'int main() {}\n' }),
      repository.commit({ 'a/p.cc': null }),
    ];
    const expected = [
      ['c', 'c', 'c'],
      ['cpp', 'c', 'c'],
      ['c', 'c', 'c'],
      ['cpp', 'objc', 'cpp'],
      ['c', 'objc', 'cpp'],
    ];
    const forwards = await open(repository);
    const backwards = await open(repository);
    await forwards.index([commits[4]!], { history: true });
    for (const i of [0, 1, 2, 3, 4]) {
      const languages = await languagesAt(forwards, commits[i]!);
      expect([languages['a/p.h'], languages['b/q.h'], languages['top.h']]).toEqual(expected[i]);
    }
    for (const i of [4, 3, 2, 1, 0]) {
      const fresh = await open(repository);
      const languages = await languagesAt(backwards, commits[i]!);
      expect(languages).toEqual(await languagesAt(fresh, commits[i]!));
      expect(languages).toEqual(await languagesAt(forwards, commits[i]!));
    }
  });

  test('changes with an edit of a fork beside it', async () => {
    const repository = makeRepository();
    repository.commit({ 'a/p.h': plain, 'a/x.txt': 'x\n' });
    const engine = await open(repository);
    await engine.fork('edit', { from: 'HEAD' });
    await engine.apply('edit', [{ kind: 'put', path: 'a/p.cc', content: Buffer.from('int main() {}\n') }]);
    expect((await languagesAt(engine, 'HEAD'))['a/p.h']).toBe('c');
    expect((await languagesAt(engine, 'fork:edit'))['a/p.h']).toBe('cpp');
  });
});

test('what a file holds decides between languages of one extension', async () => {
  const repository = makeRepository();
  const commit = repository.commit({
    'include/shape.h': '#pragma once\nclass SHAPE_EXPORT Shape {\n public:\n  int area() const;\n};\n',
    'include/shape_c.h': '#ifdef __cplusplus\nextern "C" {\n#endif\nint area(void);\n#ifdef __cplusplus\n}\n#endif\n',
    'i18n/app_de.ts': '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n<TS version="2.1"/>\n',
    'src/app.ts': 'export const a = 1;\n',
    'bin/run': '#!/usr/bin/env python3\nprint(1)\n',
  });
  const languages = await languagesAt(await open(repository), commit);
  expect(languages).toEqual({
    'bin/run': 'python',
    'i18n/app_de.ts': 'xml',
    'include/shape.h': 'cpp',
    'include/shape_c.h': 'c',
    'src/app.ts': 'typescript',
  });
});
