import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandNames } from '../../src/cli/command-table.js';
import { openEngine, type Engine } from '../../src/engine/index.js';
import { makeFolder, makeRepository } from '../support/git.js';
import { runCli } from './fakes.js';

let engine: Engine;

beforeAll(async () => {
  const repo = makeRepository({ name: 'completed' });
  repo.commit({ 'a.ts': 'export const a = 1;\n' });
  repo.tag('v1.0');
  repo.branch('feature/login');
  engine = await openEngine({ repo: repo.path, store: join(makeFolder(), 'store') });
  await engine.fork('try', { from: 'v1.0' });
});
afterAll(() => engine.close());

async function candidates(...words: string[]): Promise<string[]> {
  const bound: Partial<Engine> = { revs: (options) => engine.revs(options) };
  const { stdout, stderr } = await runCli(['completion', 'words', '--', ...words], { engine: bound });
  expect(stderr).toBe('');
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t')[0]!);
}

describe('what can stand at the cursor', () => {
  test('commands, flags, and where a value or a file is wanted', async () => {
    expect(await candidates('')).toEqual(commandNames);
    expect(await candidates('se')).toEqual(['search', 'serve'].filter((name) => commandNames.includes(name)));
    expect(await candidates('--repo', '/x', 'ref')).toEqual(['references']);
    expect(await candidates('grep', '--fix')).toEqual(['--fixed-strings']);
    expect(await candidates('grep', '-')).toContain('-F');
    expect(await candidates('grep', 'foo', '')).toEqual([':files']);
    expect(await candidates('grep', '')).toEqual([]);
    expect(await candidates('show', '')).toEqual([':files']);
    expect(await candidates('help', 'quer')).toEqual(['queries']);
    expect(await candidates('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(await candidates('nonsense', '')).toEqual([]);
  });

  test('revs, ranges, forks, languages, kinds, choices', async () => {
    expect(await candidates('grep', '--rev', '')).toEqual(
      expect.arrayContaining(['HEAD', '@worktree', 'main', 'v1.0', 'feature/login', 'try']),
    );
    expect(await candidates('grep', '--rev', 'fea')).toEqual(['feature/login']);
    expect(await candidates('search', '--rev=v1.0..fe')).toEqual(['--rev=v1.0..feature/login']);
    expect(await candidates('index', 'v')).toEqual(['v1.0']);
    expect(await candidates('drop', '')).toEqual(['try']);
    expect(await candidates('apply', '')).toEqual(['try']);
    expect(await candidates('grep', '-t', 'typ')).toEqual(['typescript']);
    expect(await candidates('symbols', '--kind', 'me')).toEqual(['method']);
    expect(await candidates('search', '--mode', 'l')).toEqual(['lexical']);
  });
});

test('scripts of three shells; that of bash is tried', async () => {
  for (const shell of ['zsh', 'fish'])
    expect((await runCli(['completion', shell])).stdout).toContain('completion words --');
  expect((await runCli(['completion', 'tcsh'])).stderr).toContain('bash, zsh or fish');
  const { stdout: script } = await runCli(['completion', 'bash']);
  const ask = (line: string, answer: string): string => {
    const setUp = `coppice() { printf '%s' "$ANSWER"; }\n${script}\n`;
    const tried = `COMP_LINE="$LINE" COMP_POINT=\${#LINE} _coppice\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { ...process.env, LINE: line, ANSWER: answer };
    return spawnSync('bash', ['-c', setUp + tried], { encoding: 'utf8', env }).stdout;
  };
  expect(ask('coppice grep --rev ma', 'main\tbranch\nmaster\tbranch\n')).toBe('main\nmaster\n');
  expect(ask('coppice grep --rev=ma', '--rev=main\tbranch\n')).toBe('main\n');
  expect(ask('coppice show fork:t', 'fork:try\tfork\n')).toBe('try\n');
});
