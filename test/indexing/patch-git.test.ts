import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CoppiceError } from '../../src/base/index.js';
import { applyFilePatch, parsePatch } from '../../src/indexing/patches/patch.js';

const runs = Number(process.env['COPPICE_FUZZ_RUNS'] ?? 60);
let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'coppice-patch-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const git = (cwd: string, ...args: string[]): Buffer =>
  execFileSync('git', ['-c', 'core.autocrlf=false', '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
    cwd,
    maxBuffer: 1 << 26,
  });

// Few distinct lines, so that hunks find places which they were not made for.
const anyLine = fc.constantFrom(
  'a',
  'b',
  'c',
  '',
  ' ',
  'x\r',
  '\\ No newline at end of file',
  '--- a',
  '+++ b',
  '@@ -1 +1 @@',
  'é',
  '\xe9',
  '\t',
);
const anyLines = fc.array(anyLine, { maxLength: 25 });
const anyContent = fc
  .tuple(anyLines, fc.boolean())
  .map(([lines, ends]) => lines.join('\n') + (ends && lines.length > 0 ? '\n' : ''));
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Replaces some lines of a content. */
const anyEdit = fc.array(
  fc.record({ at: fc.nat(24), remove: fc.nat(2), insert: fc.array(anyLine, { maxLength: 2 }) }),
  { minLength: 1, maxLength: 4 },
);
type Edit = typeof anyEdit extends fc.Arbitrary<infer T> ? T : never;
function edited(content: string, edits: Edit): string {
  const lines = content.split('\n');
  for (const { at, remove, insert } of edits) lines.splice(Math.min(at, lines.length), remove, ...insert);
  return lines.join('\n');
}

test('what git diff writes turns the old file into the new one', () => {
  fc.assert(
    fc.property(anyContent, anyEdit, fc.constantFrom(1, 3, 10), (old, edits, context) => {
      const now = edited(old, edits);
      if (old === now) return;
      writeFileSync(join(folder, 'old'), bytes(old));
      writeFileSync(join(folder, 'new'), bytes(now));
      const unified = `-U${context}`; // -U0 is not applied by default: without context a place is a guess
      const diff = spawnSync('git', ['diff', '--no-index', '--text', unified, 'old', 'new'], { cwd: folder }).stdout;
      const [patch, ...others] = parsePatch(diff);
      expect(others).toEqual([]);
      expect(Buffer.from(applyFilePatch(bytes(old), patch!)!).toString('latin1')).toBe(now);
    }),
    { numRuns: runs },
  );
}, 60_000);

test('on another file than it was made for, a patch applies where git applies it, or not at all', () => {
  let applied = 0;
  const work = join(folder, 'work');
  mkdirSync(work);
  fc.assert(
    fc.property(anyContent, anyEdit, anyEdit, fc.constantFrom(0, 1, 2, 3), (old, edits, drift, context) => {
      writeFileSync(join(folder, 'old'), bytes(old));
      writeFileSync(join(folder, 'new'), bytes(edited(old, edits)));
      const raw = spawnSync('git', ['diff', '--no-index', '--text', `-U${context}`, 'old', 'new'], {
        cwd: folder,
      }).stdout.toString('latin1');
      if (raw === '') return;
      const diff = bytes(raw.replaceAll('a/old', 'a/f').replaceAll('b/new', 'b/f'));
      const base = edited(old, drift);
      writeFileSync(join(work, 'f'), bytes(base));
      const result = spawnSync('git', ['apply', '-'], {
        cwd: work,
        input: diff,
        env: { ...process.env, GIT_CEILING_DIRECTORIES: folder },
      });
      const theirs = result.status === 0 ? readFileSync(join(work, 'f')).toString('latin1') : undefined;
      let ours: string | undefined;
      try {
        ours = Buffer.from(applyFilePatch(bytes(base), parsePatch(diff)[0]!)!).toString('latin1');
        applied++;
      } catch (error) {
        expect((error as CoppiceError).code).toBe('PATCH_CONFLICT');
      }
      // Git takes a last line without newline for the beginning of any line, and joins two lines then; we refuse.
      if (ours === undefined && /^ [^\n]*\n\\ No newline/m.test(raw)) return;
      expect(ours).toBe(theirs);
    }),
    { numRuns: runs * 2 },
  );
  expect(applied).toBeGreaterThan(runs / 8);
}, 60_000);

test('a change of a whole tree, with every kind of change and odd names', () => {
  const repo = join(folder, 'repo');
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(repo, path)), { recursive: true });
    writeFileSync(join(repo, path), bytes(content));
  };
  const long = Array.from({ length: 40 }, (_, i) => `line ${i}\n`).join('');
  mkdirSync(repo);
  git(repo, 'init', '-q');
  write('edit me.txt', `${long}end`);
  write('gone.txt', 'a\nb');
  write('empty-gone.txt', '');
  write('run.sh', 'echo\n');
  write('moved/from.txt', long);
  write('source.txt', `copy\n${long}`);
  write('tab\tquote"é.txt', 'x\n');
  write('crlf.txt', 'a\r\nb\r\nc\r\n');
  write('swap-a', `a${long}`);
  git(repo, 'add', '-A');
  git(repo, 'commit', '-qm', '1');
  write('edit me.txt', `first\n${long.replace('line 30', 'LINE 30')}end\n`);
  rmSync(join(repo, 'gone.txt'));
  rmSync(join(repo, 'empty-gone.txt'));
  chmodSync(join(repo, 'run.sh'), 0o755);
  mkdirSync(join(repo, 'to'));
  renameSync(join(repo, 'moved/from.txt'), join(repo, 'to/to there.txt'));
  write('to/to there.txt', long.replace('line 5', 'LINE 5'));
  write('source.txt', `changed\n${long}`);
  write('copied.txt', `copy\n${long}and more\n`);
  write('tab\tquote"é.txt', 'y\n');
  write('crlf.txt', 'a\r\nB\r\nc\r\n');
  write('new/empty', '');
  write('new/ü', 'no newline');
  git(repo, 'add', '-A');
  git(repo, 'commit', '-qm', '2');
  for (const args of [
    ['diff', 'HEAD~', 'HEAD'],
    ['diff', '-M', '-C', 'HEAD~', 'HEAD'],
    ['format-patch', '--stdout', '-1'],
    ['-c', 'core.quotePath=false', 'show'],
  ]) {
    const patches = parsePatch(git(repo, ...args));
    const kinds = new Set(patches.map((patch) => patch.kind));
    expect([...kinds]).toEqual(expect.arrayContaining(['add', 'delete', 'modify']));
    if (args.includes('-C')) expect([...kinds]).toEqual(expect.arrayContaining(['rename', 'copy']));
    const touched = new Set<string>();
    for (const patch of patches) {
      const old = patch.oldPath === null ? null : git(repo, 'show', `HEAD~:${patch.oldPath}`);
      const content = applyFilePatch(old, patch);
      if (patch.newPath === null) {
        expect(content).toBeNull();
        expect(existsSync(join(repo, patch.oldPath!))).toBe(false);
      } else {
        expect(Buffer.from(content!)).toEqual(readFileSync(join(repo, patch.newPath)));
        const isExecutable = (statSync(join(repo, patch.newPath)).mode & 0o100) !== 0;
        if (patch.newMode !== undefined) expect(patch.newMode).toBe(isExecutable ? '100755' : '100644');
      }
      for (const path of [patch.newPath, ...(patch.kind === 'copy' ? [] : [patch.oldPath])])
        if (path !== null) touched.add(path);
    }
    const changed = git(repo, 'diff', '--no-renames', '--name-only', '-z', 'HEAD~', 'HEAD')
      .toString()
      .split('\0')
      .slice(0, -1);
    expect([...touched].sort()).toEqual(changed.sort());
  }
});
