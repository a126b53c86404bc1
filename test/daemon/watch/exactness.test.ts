import { spawn } from 'node:child_process';
import { lstatSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { randomFrom } from '../../crash/support/random.js';
import { bundleProgram } from '../../support/bundle.js';
import { makeFolder, makeRepository } from '../../support/git.js';
import { RandomEdits } from './support/random-edits.js';
import { placeOf, untilExact, watchPlace } from './support/watched.js';

const rounds = Number(process.env['COPPICE_ROUNDS'] ?? 300);
const seed = Number(process.env['COPPICE_SEED'] ?? 4);
/** How long another process edits. */
const editorMs = rounds * 8;

let editor = '';
beforeAll(async () => {
  editor = await bundleProgram('daemon/watch/support/editor.ts');
});

/** Every file's path and content. */
function stateOf(folder: string): string {
  const lines: string[] = [];
  const visit = (path: string): void => {
    for (const name of readdirSync(path).sort()) {
      const entry = join(path, name);
      const stats = lstatSync(entry);
      if (name === '.git') continue;
      if (stats.isDirectory()) visit(entry);
      else lines.push(`${entry} ${readFileSync(entry, 'utf8')}`);
    }
  };
  try {
    visit(folder);
    return lines.join('\n');
  } catch {
    return 'changed while it was looked at';
  }
}

test('a change right after an answer is in the next answer, wherever it is', async () => {
  const repo = makeRepository();
  repo.commit({ 'a/b/a': 'x' });
  const monitor = watchPlace({ ...(await placeOf(repo.path)), ignoredFolders: async () => (await pause(1), []) });
  await untilExact(monitor);
  const random = randomFrom(seed);
  const edits = new RandomEdits(repo.path, random);
  let unknown = 0;
  for (let round = 0; round < rounds; round++) {
    const moved = Array.from({ length: random(3) }, () => edits.moveFolders());
    if (random(3) === 0) await pause(random(3));
    const before = await monitor.generation();
    const edit = edits.touchFile();
    const after = await monitor.generation();
    if (before === null || after === null) unknown++;
    else expect(after, `round ${round}: ${moved.join(', ')}; then ${edit}`).toBeGreaterThan(before);
  }
  expect(unknown).toBeLessThan(rounds / 10);
});

test('a change between two questions is in the second answer, though the first is still under way', async () => {
  const repo = makeRepository();
  repo.commit({ 'a/b': 'x' });
  const monitor = watchPlace(await placeOf(repo.path));
  await untilExact(monitor);
  for (let round = 0; round < 20; round++) {
    const answers: Promise<number | null>[] = [];
    for (let i = 0; i < 3; i++) {
      answers.push(monitor.generation());
      repo.write('a/b', `${i}`);
    }
    answers.push(monitor.generation());
    const [first, ...others] = await Promise.all(answers);
    for (const other of others) expect(other).toBeGreaterThan(first!);
  }
});

test('while another process edits, equal numbers mean equal files', async () => {
  const repo = makeRepository();
  repo.commit({ 'a/b/a': 'x' });
  const monitor = watchPlace({ ...(await placeOf(repo.path)), ignoredFolders: async () => (await pause(1), []) });
  await untilExact(monitor);
  const marker = join(makeFolder(), 'marker');
  writeFileSync(marker, '00000000');
  const child = spawn(process.execPath, [editor, repo.path, String(seed), String(editorMs), marker], {
    stdio: 'inherit',
  });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const random = randomFrom(seed + 1);
  const states = new Map<number, Set<string>>();
  let [asked, unknown, checked] = [0, 0, 0];
  while (child.exitCode === null) {
    const phase = readFileSync(marker, 'utf8');
    const generation = await monitor.generation();
    asked++;
    if (generation === null) unknown++;
    else {
      const seen = states.get(generation) ?? new Set();
      const known = seen.size > 0;
      states.set(generation, seen.add(stateOf(repo.path)));
      const isQuiet = Number(phase) % 2 === 0 && readFileSync(marker, 'utf8') === phase;
      if (known && isQuiet) {
        checked++;
        expect([...seen], `generation ${generation}`).toHaveLength(1);
      }
    }
    await pause(random(4));
  }
  expect(await ended).toBe(0);
  expect(checked).toBeGreaterThan(rounds / 30);
  expect(unknown).toBeLessThan(asked / 10);
});
