import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { sleep } from '../../src/base/index.js';
import { openEngines } from '../../src/engine/index.js';
import type { Engine, EnginesOptions, LocalEngines, OverlayFile } from '../../src/engine/index.js';
import { makeFolder, makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';
import { fakeWatch } from './support/fake-monitor.js';

const opened: LocalEngines[] = [];
afterEach(async () => {
  for (const engines of opened.splice(0)) await engines.close();
});

async function open(repository: TestRepository, options: EnginesOptions = {}): Promise<Engine> {
  const engines = await openEngines({ store: join(makeFolder(), 'store'), workers: 0, ...options });
  opened.push(engines);
  return engines.open(repository.path);
}

const linesOf = async (engine: Engine, rev: string): Promise<string[]> =>
  (await engine.grep('.', { rev })).lines.map(({ path, text }) => `${path}:${text}`);

const buffer = (path: string, text: string | null): OverlayFile => ({
  path,
  content: text === null ? null : Buffer.from(text),
});

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: { code: string }) => error.code,
  );

function sample(options: { bare?: boolean } = {}): TestRepository {
  const repository = makeRepository(options);
  repository.commit({ 'a.txt': 'a\n', 'dir/b.txt': 'b\n', 'run.sh': { executable: 'echo run\n' } });
  return repository;
}

test('buffers lie over the work tree, which shows through as it changes', async () => {
  const repository = sample();
  const { monitors, watch } = fakeWatch();
  const engine = await open(repository, { watch });
  const info = await engine.putOverlay('editor.1', [
    buffer('a.txt', 'unsaved a\n'),
    buffer('dir/b.txt', null),
    buffer('new/c.txt', 'unsaved c\n'),
    buffer('run.sh', 'echo edited\n'),
  ]);
  expect(info).toMatchObject({ overlay: 'overlay:editor.1', files: 4 });
  const expected = ['a.txt:unsaved a', 'new/c.txt:unsaved c', 'run.sh:echo edited'];
  expect(await linesOf(engine, info.overlay)).toEqual(expected);
  const { rev, freshness } = await engine.grep('x', { rev: info.overlay });
  expect({ kind: rev.kind, commit: rev.commit, freshness }).toEqual({
    kind: 'overlay',
    commit: null,
    freshness: 'live',
  });
  expect((await engine.show(info.overlay, 'new/c.txt')).content.toString()).toBe('unsaved c\n');
  expect((await engine.search('unsaved', { rev: info.overlay })).hits).toHaveLength(2);
  expect((await engine.compare('@worktree', info.overlay)).files).toEqual([
    { path: 'a.txt', change: 'modified' },
    { path: 'dir/b.txt', change: 'removed' },
    { path: 'new/c.txt', change: 'added' },
    { path: 'run.sh', change: 'modified' },
  ]);
  repository.write('d.txt', 'saved d\n');
  expect(await linesOf(engine, info.overlay)).toEqual(expected); // nobody said that it changed
  monitors[0]!.value = 2;
  expect(await linesOf(engine, info.overlay)).toEqual(['a.txt:unsaved a', 'd.txt:saved d', ...expected.slice(1)]);
  await engine.putOverlay('editor.1', [buffer('a.txt', 'again\n')]);
  expect(await linesOf(engine, info.overlay)).toEqual([
    'a.txt:again',
    'd.txt:saved d',
    'dir/b.txt:b',
    'run.sh:echo run',
  ]);
  expect(await linesOf(engine, '@worktree')).toContain('a.txt:a');
});

test('buffers that equal the files change nothing', async () => {
  const repository = sample();
  const engine = await open(repository);
  await engine.putOverlay('same', [buffer('a.txt', 'a\n'), buffer('run.sh', 'echo run\n'), buffer('none', null)]);
  expect(await engine.resolve('overlay:same')).toMatchObject({
    commit: repository.revParse('HEAD'),
    tree: repository.revParse('HEAD^{tree}'),
  });
});

test('in a bare repository they lie over HEAD', async () => {
  const engine = await open(sample({ bare: true }));
  await engine.putOverlay('x', [buffer('a.txt', 'unsaved\n'), buffer('dir', null)]);
  expect(await linesOf(engine, 'overlay:x')).toEqual(['a.txt:unsaved', 'dir/b.txt:b', 'run.sh:echo run']);
  expect((await engine.grep('x', { rev: 'overlay:x' })).freshness).toBe('exact');
});

test('what is not searched is left out, and can be shown where it is small enough to be kept', async () => {
  const store = makeFolder();
  writeFileSync(join(store, 'config.json'), '{"maxExactBytes": 3000000}');
  const engine = await open(sample(), { store });
  const large = Buffer.alloc(4 * 1024 * 1024, 'large\n');
  const binary = Buffer.from('bin\0ary');
  await engine.putOverlay('x', [
    { path: 'large.txt', content: large },
    { path: 'binary', content: binary },
  ]);
  const { files } = await engine.files({ rev: 'overlay:x' });
  expect(files.filter(({ skipped }) => skipped !== null)).toEqual([
    { path: 'binary', language: 'text', sizeBytes: binary.length, skipped: 'binary' },
    { path: 'large.txt', language: 'text', sizeBytes: large.length, skipped: 'too-large' },
  ]);
  expect((await engine.grep('large', { rev: 'overlay:x' })).unsearched).toEqual([
    { path: 'large.txt', reason: 'too-large', sizeBytes: large.length },
  ]);
  expect(Buffer.from((await engine.show('overlay:x', 'binary')).content)).toEqual(binary);
  expect(await codeOf(engine.show('overlay:x', 'large.txt'))).toBe('OBJECT_MISSING');
});

test('it expires after its last use, and is not seen by another work tree', async () => {
  const repository = sample();
  const other = join(makeFolder(), 'other');
  repository.git('worktree', 'add', '-q', '--detach', other);
  const engines = await openEngines({ store: join(makeFolder(), 'store'), workers: 0 });
  opened.push(engines);
  const engine = engines.open(repository.path);
  await engine.putOverlay('x', [buffer('a.txt', 'unsaved\n')], { ttlMs: 1500 });
  for (let uses = 0; uses < 5; uses++) {
    await sleep(400);
    expect(await linesOf(engine, 'overlay:x')).toContain('a.txt:unsaved');
  }
  expect(await codeOf(engines.open(other).resolve('overlay:x'))).toBe('OVERLAY_NOT_FOUND');
  await sleep(1600);
  expect(await codeOf(engine.resolve('overlay:x'))).toBe('OVERLAY_NOT_FOUND');
  expect(await codeOf(engine.dropOverlay('x'))).toBe('OVERLAY_NOT_FOUND');
  await engine.putOverlay('x', [buffer('a.txt', 'unsaved\n')]);
  await engine.dropOverlay('x');
  expect(await codeOf(engine.resolve('overlay:x'))).toBe('OVERLAY_NOT_FOUND');
});

test('ids, paths, counts and times are checked', async () => {
  const engine = await open(sample());
  for (const id of ['', 'a/b', 'a b', 'é', '../x', 'a'.repeat(101), 'a\n'])
    expect(await codeOf(engine.putOverlay(id, []))).toBe('USAGE');
  for (const path of ['', '/etc/passwd', '../x', 'a/../../x', '.git/config', 'a\0b', 'a//b'])
    expect(await codeOf(engine.putOverlay('x', [buffer(path, 'x')]))).toBe('PATH_NOT_FOUND');
  const many = Array.from({ length: 501 }, (_, i) => buffer(`f${i}`, 'x'));
  expect(await codeOf(engine.putOverlay('x', many))).toBe('USAGE');
  expect(await codeOf(engine.putOverlay('x', many.slice(1)))).toBe('none');
  expect(await codeOf(engine.putOverlay('x', [], { ttlMs: 0 }))).toBe('USAGE');
  expect(await codeOf(engine.resolve('overlay:'))).toBe('OVERLAY_NOT_FOUND');
});

test('overlays are bounded, each and all together; who needs room is told the limit', async () => {
  const repository = sample();
  const engine = await open(repository);
  const megabytes = (count: number): OverlayFile[] =>
    Array.from({ length: count }, (_, i) => buffer(`big/${i}.txt`, `${'z'.repeat(99)}\n`.repeat(10_486)));
  await expect(engine.putOverlay('x', megabytes(17))).rejects.toMatchObject({
    code: 'TOO_LARGE',
    data: { limitBytes: 16 << 20 },
  });
  const ids: string[] = [];
  let refusal: unknown;
  while (refusal === undefined && ids.length < 80) {
    const id = `o${ids.length}`;
    refusal = await engine.putOverlay(id, megabytes(15), { ttlMs: 24 * 3_600_000 }).then(
      () => void ids.push(id),
      (error: unknown) => error,
    );
  }
  expect(refusal).toMatchObject({ code: 'SERVER_BUSY', data: { limitBytes: 64 << 20 } });
  expect(ids).toHaveLength(4);
  // What takes the place of another needs no room but the difference; what is dropped gives its room back.
  await engine.putOverlay('o0', megabytes(15));
  await engine.dropOverlay('o1');
  await engine.putOverlay('other', megabytes(15));
  await expect(engine.putOverlay('more', megabytes(15))).rejects.toMatchObject({ code: 'SERVER_BUSY' });
  for (const id of ['o0', 'o2', 'o3', 'other']) await engine.dropOverlay(id);
  await engine.putOverlay('more', megabytes(15));
});
