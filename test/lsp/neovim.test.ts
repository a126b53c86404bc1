import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleProgram } from '../support/bundle.js';
import { makeFolder, makeRepository } from '../support/git.js';

// A real Neovim, with its own client. The oldest and the one that the manual tells of differ: 0.7 is what Debian has.
const version = /^NVIM v(\d+)\.(\d+)/.exec(spawnSync('nvim', ['--version'], { encoding: 'utf8' }).stdout ?? '');
const [major = 0, minor = 0] = version?.slice(1).map(Number) ?? [];
if (version === null)
  console.warn('skipped: no nvim on the PATH, so that the language server is not tried with a real Neovim');

const script = fileURLToPath(new URL('support/neovim.lua', import.meta.url));
const manual = readFileSync(new URL('../../src/manual/editors.md', import.meta.url), 'utf8');

let program: string;
beforeAll(async () => void (program = await bundleProgram('lsp/support/lsp-process.ts')));
afterAll(() => rmSync(program));

interface Answer {
  readonly client: string;
  readonly hover: string | null;
  readonly definition: string;
  readonly references: readonly string[];
  readonly outline: readonly string[];
  readonly symbols: readonly string[];
  readonly typed?: readonly string[];
}

interface Said {
  readonly error?: string;
  readonly answers: readonly Answer[];
  /** What the server had logged or shown. */
  readonly logged: readonly string[];
  readonly ended: boolean;
}

function askNeovim(folder: string, questions: readonly object[], init: string): Said {
  // A command of that name on the PATH, as the manual has it.
  const bin = makeFolder();
  const command = `#!/bin/sh\nexec '${process.execPath}' '${program}' '${makeFolder()}'\n`;
  writeFileSync(join(bin, 'coppice'), command, { mode: 0o755 });
  const output = execFileSync('nvim', ['--headless', '--clean', '-u', init, '-c', `luafile ${script}`], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 120_000,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      QUESTIONS: JSON.stringify(questions),
      XDG_STATE_HOME: makeFolder(),
      XDG_DATA_HOME: makeFolder(),
    },
  });
  return JSON.parse(output.trim().split('\n').at(-1)!) as Said;
}

const sample = {
  'src/session.ts': [
    '/** What is held for a visitor. */',
    'export class Session {',
    '  /** Ends it — for good. */',
    '  close(): void {}',
    '}',
    '',
  ].join('\n'),
  'src/use.ts': [
    "import { Session } from './session.js';",
    '',
    'export function leave(session: Session): void {',
    "  console.log('→ 𝒳', session.close());",
    '}',
    '',
  ].join('\n'),
};
const questions = [
  {
    file: 'src/use.ts',
    line: 4,
    word: 'close',
    symbols: 'sesn',
    typed: { text: 'export function justTyped(): void {}', symbols: 'justTyped' },
  },
];

test.skipIf(version === null)(
  'Neovim goes to definitions, lists references and shows what is typed, with the lines of the manual where it knows them',
  () => {
    const repository = makeRepository();
    repository.commit(sample);
    const init = join(makeFolder(), 'init.lua');
    // Before 0.11 a client is begun otherwise.
    writeFileSync(init, major > 0 || minor >= 11 ? /```lua\n([^]*?)```/.exec(manual)![1]! : '');
    const { error, answers, logged, ended } = askNeovim(repository.path, questions, init);
    expect(error).toBe(undefined);
    const [answer] = answers;
    expect(answer).toMatchObject({
      client: 'coppice',
      definition: 'src/session.ts:4:3',
      outline: ['[Class] Session', '[Method] close'],
      typed: ['justTyped'],
    });
    expect(answer!.hover).toContain('Ends it — for good.');
    // Columns are bytes in Neovim; what stands before is of four and three bytes a character.
    expect([...answer!.references].sort()).toEqual(['src/session.ts:4:3', 'src/use.ts:4:35']);
    expect(answer!.symbols[0]).toBe('Session');
    expect(logged).toEqual([]);
    expect(ended).toBe(true);
  },
);
