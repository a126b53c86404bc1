import { CoppiceError } from '../../src/base/index.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApplyStep, Engine } from '../../src/engine/index.js';
import { commit, runCli } from './fakes.js';

const folder = mkdtempSync(join(tmpdir(), 'coppice-cli-'));
beforeAll(() => writeFileSync(join(folder, 'edit.patch'), 'a patch'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('forks', () => {
  const createdMs = Date.UTC(2026, 0, 2, 3, 4);
  const info = { name: 'try', rev: 'main', commit: null, tree: 'c'.repeat(40), createdMs, expiresMs: null };

  test('fork, forks, drop', async () => {
    const engine: Partial<Engine> = {
      fork: (name, options) => Promise.resolve({ ...info, name, rev: options!.from!, commit, tookMs: 0.85 }),
      forks: () => Promise.resolve([info]),
      drop: () => Promise.resolve(),
      resolve: () => Promise.reject(new CoppiceError('REV_NOT_FOUND', 'no such rev')),
    };
    expect((await runCli(['fork', 'try', '--from', 'main'], { engine })).stdout).toBe(
      'forked try from main (0123456789) in 0.8 ms\n',
    );
    const forked = JSON.parse((await runCli(['fork', 'try', '--json'], { engine })).stdout) as object;
    expect(forked).toEqual({ name: 'try', rev: 'HEAD', commit, tookMs: 0.85 });
    expect((await runCli(['forks'], { engine })).stdout).toBe('try  from main  edited  2026-01-02 03:04 UTC\n');
    expect(JSON.parse((await runCli(['forks', '--json'], { engine })).stdout)).toEqual({ forks: [info] });
    expect((await runCli(['drop', 'try'], { engine })).stdout).toBe('dropped try\n');
    expect(JSON.parse((await runCli(['drop', 'try', '--json'], { engine })).stdout)).toEqual({
      name: 'try',
      dropped: true,
    });
    const none = await runCli(['forks'], { engine: { forks: () => Promise.resolve([]) } });
    expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'coppice: no forks yet; coppice fork NAME makes one\n' });
  });

  test('apply takes its steps in the order given', async () => {
    let seen: readonly ApplyStep[] = [];
    const engine: Partial<Engine> = {
      apply: (_, steps) => {
        seen = steps;
        return Promise.resolve({ ...info, changedFiles: 2, newChunks: 1, tookMs: 12 });
      },
    };
    const words = [
      'apply',
      'try',
      '--rm',
      'a',
      '--put',
      'b=c=-',
      '--put',
      'd=-',
      '--patch',
      'edit.patch',
      '--commit',
      'v1',
    ];
    const failed = await runCli(words, { engine, cwd: folder, stdin: 'text' });
    expect(failed.stderr).toBe(
      "coppice: error[USAGE]: cannot read 'c=-': ENOENT: no such file or directory\nhint: name a file that can be read\n",
    );
    words.splice(4, 2);
    const { code, stdout } = await runCli(words, { engine, cwd: folder, stdin: 'text' });
    expect([code, stdout]).toEqual([0, 'try: 2 files changed, 1 new chunk in 12 ms\n']);
    expect(seen).toEqual([
      { kind: 'remove', path: 'a' },
      { kind: 'put', path: 'd', content: Buffer.from('text') },
      { kind: 'patch', patch: Buffer.from('a patch') },
      { kind: 'commit', rev: 'v1' },
    ]);
    const wrong = [
      ['apply', 'try'],
      ['apply', 'try', '--put', 'a'],
      ['apply', 'try', '--put', 'a=-', '--patch', '-'],
      ['apply', 'try', '--commit', 'a..b'],
    ];
    const said = await Promise.all(wrong.map(async (line) => (await runCli(line, { engine })).stderr));
    expect(said.join('')).toMatchInlineSnapshot(`
      "coppice: error[USAGE]: coppice apply needs a step to take
      hint: give --commit REV, --patch FILE, --put PATH=FILE or --rm PATH
      coppice: error[USAGE]: --put needs PATH=FILE, not 'a'
      hint: PATH=- reads standard input
      coppice: error[USAGE]: standard input can be read only once
      hint: give - to one step and files to the others
      coppice: error[USAGE]: coppice apply takes one rev, not the range 'a..b'
      hint: coppice grep PATTERN --rev A..B tells what changed between two revs
      "
    `);
  });
});
