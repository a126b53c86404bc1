import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Hit, LineMatch } from '../../src/engine/index.js';
import { runCli } from '../cli/fakes.js';
import { borrowedEngine } from '../cli/support/borrowed-engine.js';
import { Editor, uriOf } from '../lsp/support/editor.js';
import { git, makeFolder } from '../support/git.js';
import { call, connect } from './mcp/support.js';
import { post, serve, type Served } from './support/served.js';

/** The same files, as a folder without git and as a repository, asked in every way that there is. */
const files: Readonly<Record<string, string>> = {
  '.gitignore': '*.log\n/build/\n!keep.log\n',
  'src/retry.ts': 'export function retryLater(times: number): void {\n  // backoff\n}\n',
  'src/pool.py': 'class Pool:\n    def backoff(self):\n        return 1\n',
  'src/.gitignore': 'made.*\n',
  'src/made.ts': 'export const made = backoff;\n',
  'src/keep.log': 'backoff is kept\n',
  'debug.log': 'backoff\n',
  'build/out.js': 'backoff();\n',
  'docs/notes.md': '# Backoff\n\nEach try waits longer.\n',
  'a b/ü.txt': 'backoff in a name with more than ASCII\n',
  'bin.dat': 'backoff\0\n',
};

let served: Served;
let plain: string;
let tracked: string;

function fill(root: string, contents: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(contents)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

beforeAll(async () => {
  served = await serve();
  plain = join(makeFolder(), 'project');
  tracked = join(makeFolder(), 'project');
  fill(plain, files);
  cpSync(plain, tracked, { recursive: true });
  git(tracked, ['init', '-q']);
  git(tracked, ['add', '-A']);
  git(tracked, ['commit', '-qm', 'all']);
});
afterAll(() => served.close());

/** What says nothing of history, of the clock or of where it lies. */
function comparable(value: unknown): unknown {
  const left = new Set(['commit', 'firstSeen', 'tookMs', 'tree', 'path_', 'root', 'uri', 'oid']);
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => (left.has(key) ? undefined : inner))
      .replaceAll(plain, 'ROOT')
      .replaceAll(tracked, 'ROOT')
      .replace(/overlay:[\w-]+/g, 'overlay:ID')
      .replace(/\([0-9a-f]{10}, live\)/g, '(live)'), // an agent is told the commit where there is one
  );
}

async function expectSame(ask: (root: string) => Promise<unknown>): Promise<unknown> {
  const answer = comparable(await ask(plain));
  expect(answer).toEqual(comparable(await ask(tracked)));
  return answer;
}

/** The oracle for lines: git, where there is no repository. */
function gitGrep(pattern: string): string {
  const { stdout } = spawnSync('git', ['grep', '--no-index', '--exclude-standard', '-nIi', '-e', pattern], {
    cwd: plain,
    env: {
      ...process.env,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.quotePath',
      GIT_CONFIG_VALUE_0: 'false',
      GIT_CEILING_DIRECTORIES: dirname(plain),
    },
  });
  return stdout.toString();
}

describe('a folder without git answers as the same folder as a repository', () => {
  const kinds = ['as it is', 'after a change'] as const;
  test.each(kinds)('%s', async (kind) => {
    if (kind === 'after a change') {
      const changes = { 'src/retry.ts': 'export const retryLater = 2; // no more\n', 'new/x.ts': 'let backoff = 1;\n' };
      for (const root of [plain, tracked]) fill(root, changes);
    }
    const lines = gitGrep('backoff');
    expect(lines).not.toBe('');

    // HTTP
    const http = (operation: string, parameters: object) => async (repo: string) => {
      const { status, text } = await post(served, operation, { repo, ...parameters });
      return {
        status,
        items: text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as unknown),
      };
    };
    const found = (await expectSame(http('grep', { pattern: 'backoff', ignoreCase: true }))) as {
      status: number;
      items: { lines: LineMatch[] }[];
    };
    const shown = found.items.flatMap(({ lines: own }) => own ?? []);
    expect(shown.map(({ path, line, text }) => `${path}:${line}:${text}\n`).join('')).toBe(lines);
    const ranked = (await expectSame(http('search', { query: 'retry later', weak: true }))) as {
      items: { hits: Hit[] }[];
    };
    expect(ranked.items[0]!.hits[0]!.path).toBe('src/retry.ts');
    await expectSame(http('symbols', { name: 'retryLater' }));
    await expectSame(http('show', { path: 'src/retry.ts' }));
    await expectSame(http('files', {}));

    // The command line
    const coppice =
      (cwd: string, ...words: string[]) =>
      async (root: string) => {
        const outcome = await runCli(words, {
          engine: borrowedEngine(served.engines.open(join(root, cwd))),
          cwd: join(root, cwd),
        });
        return { code: outcome.code, stdout: outcome.stdout };
      };
    const printed = (await expectSame(coppice('', 'grep', '-n', '-i', 'backoff'))) as { stdout: string };
    expect(printed.stdout).toBe(lines);
    await expectSame(coppice('src', 'grep', '-n', 'backoff'));
    await expectSame(coppice('', 'grep', '-c', 'backoff', '--', '*.py', ':!docs'));
    await expectSame(coppice('', 'search', 'backoff'));
    await expectSame(coppice('', 'symbols', 'Pool'));

    // MCP
    const tool = (name: string, args: Record<string, unknown>) => async (root: string) =>
      call(await connect(served.engines, root), name, args);
    const told = (await expectSame(tool('grep', { pattern: 'backoff' }))) as { text: string };
    expect(told.text).toContain('src/pool.py');
    await expectSame(tool('search', { query: 'pool' }));
    await expectSame(tool('symbols', { name: 'Pool' }));
    await expectSame(tool('read', { path: 'src/pool.py' }));

    // An editor, where a buffer that is not saved lies over a file
    await expectSame(async (root) => {
      const editor = new Editor();
      await editor.initialize([root]);
      await editor.open(`${uriOf(root)}/src/retry.ts`, 'export function unsaved(): void {} // backoff in a buffer\n');
      return [
        await editor.command('coppice.grep', { pattern: 'backoff' }),
        await editor.command('coppice.search', { query: 'unsaved' }),
        await editor.request('workspace/symbol', { query: 'Pool' }),
      ];
    });
  });

  test('what has history says that there is none; a place that is none has a code', async () => {
    const code = async (operation: string, body: object): Promise<unknown> =>
      (await post(served, operation, body)).text.replace(/^.*"code":"([A-Z_]+)".*$/s, '$1');
    expect(await code('grep', { repo: plain, pattern: 'x', rev: 'v1' })).toBe('REV_NOT_FOUND');
    expect(await code('grep', { repo: `${plain}/none`, pattern: 'x' })).toBe('NOT_A_REPOSITORY');
    expect(await code('grep', { repo: `folder:${plain}/none`, pattern: 'x' })).toBe('NOT_A_REPOSITORY');
  });
});
