import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine, Hit } from '../../src/engine/types.js';
import { makeFolder, makeRepository } from '../support/git.js';

const files: Readonly<Record<string, string>> = {
  'src/auth.ts': '// 使用JWT令牌进行身份验证，过期后刷新。\nexport const verify = 1;\n',
  'src/words.txt': '令箭 箭牌 名牌 牌坊 身体 体份 份量 验收 收证 证明 刷子 子新 新鲜\n'.repeat(40),
  'src/login.ja.ts': '/* ログイン処理でトークンを検証する */\nexport const login = 2;\n',
  'src/session.th.ts': '// ตรวจสอบโทเค็นก่อนเข้าสู่ระบบ\nexport const session = 3;\n',
  'src/guard.ko.ts': '// 사용자 인증을 처리합니다. 값을 돌려준다\nexport const guard = 4;\n',
  'src/token.ru.ts': '// Проверка токенов пользователя\nexport const check = 5;\n',
  'src/menu.fr.ts': "// la carte du Café « À l'Étoile »\nexport const menu = 6;\n",
  'src/wide.ts': '// ＦｕｌｌＷｉｄｔｈ text\nexport const wide = 7;\n',
  'src/arrow.ts': 'const f = (q) => q; // ~>\n',
  'src/rare.ts': '// 𠮷野家\nexport const rare = 8;\n',
};

let engine: Engine;
beforeAll(async () => {
  const repository = makeRepository();
  repository.commit(files);
  engine = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
});
afterAll(() => engine.close());

const search = async (query: string, mode: 'lexical' | 'hybrid' = 'hybrid'): Promise<readonly Hit[]> =>
  (await engine.search(query, { rev: 'HEAD', mode })).hits;

test.each([
  ['令牌', 'src/auth.ts'],
  ['身份验证', 'src/auth.ts'],
  ['"令牌"', 'src/auth.ts'],
  ['"JWT令牌"', 'src/auth.ts'],
  ['令', 'src/auth.ts'],
  ['"期"', 'src/auth.ts'],
  ['トークン', 'src/login.ja.ts'],
  ['ﾄｰｸﾝ', 'src/login.ja.ts'],
  ['検証', 'src/login.ja.ts'],
  ['โทเค็น', 'src/session.th.ts'],
  ['เข้าสู่', 'src/session.th.ts'],
  ['인증', 'src/guard.ko.ts'],
  ['값', 'src/guard.ko.ts'],
  ['токен', 'src/token.ru.ts'],
  ['проверки токена', 'src/token.ru.ts'],
  ['cafe', 'src/menu.fr.ts'],
  ['ETOILE', 'src/menu.fr.ts'],
  ['fullwidth', 'src/wide.ts'],
  ['𠮷', 'src/rare.ts'],
])('%s finds %s first or second', async (query, path) => {
  for (const mode of ['lexical', 'hybrid'] as const) {
    const paths = (await search(query, mode)).slice(0, 2).map((hit) => hit.path);
    expect(paths).toContain(path);
  }
});

test('what a hit marks is what was asked for, in its place', async () => {
  const marked = async (query: string): Promise<string[]> => {
    const [hit] = await search(query);
    const lines = hit!.text.split('\n');
    return hit!.matches.map(({ line, column, length }) =>
      lines[line - hit!.startLine]!.slice(column - 1, column - 1 + length),
    );
  };
  expect(await marked('身份验证')).toEqual(['身份验证']);
  expect(await marked('JWT令牌')).toEqual(['JWT', '令牌']);
  expect(await marked('인증')).toEqual(['인증']);
  expect(await marked('cafe')).toEqual(['Café']);
  expect(await marked('токен')).toEqual(['токенов']);
});

test.each([
  ['=>', ['src/arrow.ts']],
  ['~>', ['src/arrow.ts']],
  ['q', ['src/arrow.ts']],
  ['8', ['src/rare.ts']],
  ['§', []],
])('a query of one character, or without any word, is looked for all the same: %s', async (query, paths) => {
  expect((await search(query, 'lexical')).map((hit) => hit.path)).toEqual(paths);
});

test('a run that is left out is left out as it is typed', async () => {
  const paths = (await search('export -令牌')).map((hit) => hit.path);
  expect(paths).not.toContain('src/auth.ts');
  expect(paths).toContain('src/rare.ts');
});

test('exact search compares bytes', async () => {
  expect((await engine.grep('cafe', { rev: 'HEAD', ignoreCase: true })).lines).toEqual([]);
});
