import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEngine, openEngines } from '../../src/engine/index.js';
import type { Engine, GrepOptions } from '../../src/engine/index.js';
import { makeFolder, makeRepository, type TestRepository } from '../support/git.js';

/** More than are indexed while one waits. */
const fileCount = 300;

const bytes = (...parts: (string | number)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part))));

/** A work tree with all that git grep, or we, look at in a way of its own. */
function sample(): TestRepository {
  const repository = makeRepository();
  const files: Record<string, string | Uint8Array | { symlink: string } | { executable: string }> = {
    '.gitignore': 'ignored*\n',
    '.gitattributes': '*.dat -diff\n*.bin binary\n',
    'crlf.txt': 'one needle\r\ntwo\r\n',
    'latin.txt': bytes('caf', 0xe9, ' needle\n', 0xff, '\n'),
    'binary.bin': bytes('needle\0\n'),
    'late-nul.txt': bytes('needle\n'.repeat(1200), 0, '\nneedle after\n'),
    'text.dat': 'needle in a file without a diff\n',
    'no-newline': 'needle at the end',
    empty: '',
    'run.sh': { executable: 'echo needle Kelvin \u212a straße\n' },
    link: { symlink: 'crlf.txt' },
    'dir.a/needle': 'sort me\n',
    'dir/needle': 'needle MUTEX_lock foo.bar\n',
    'dir-b/x': 'needle\n',
    'ünï/ö.txt': 'nädel needle\n',
    'ignored-but-tracked.txt': 'needle kept\n',
    'gone.txt': 'needle gone\n',
    'becomes-link/inner.txt': 'needle inner\n',
    'modified.txt': 'old\n',
  };
  for (let i = 0; Object.keys(files).length < fileCount; i++)
    files[`many/${i % 7}/f${i}.ts`] = `const value${i} = ${i};\n${i % 10 === 0 ? 'needle(value);\n' : ''}export {};\n`;
  repository.commit(files);
  repository.git('reset', '-q', '--hard');
  const at = (path: string): string => join(repository.path, path);
  rmSync(at('gone.txt'));
  writeFileSync(at('modified.txt'), 'new needle\n');
  writeFileSync(at('untracked.txt'), 'needle untracked\n');
  writeFileSync(at('ignored.txt'), 'needle ignored\n');
  rmSync(at('becomes-link'), { recursive: true });
  mkdirSync(at('elsewhere'));
  writeFileSync(at('elsewhere/inner.txt'), 'needle moved\n');
  symlinkSync('elsewhere', at('becomes-link'));
  mkdirSync(at('nested'));
  const nested = makeRepository();
  nested.commit({ 'x.txt': 'needle of another repository\n' });
  repository.git('clone', '-q', nested.path, at('nested/repo'));
  return repository;
}

let repository: TestRepository;
let reader: Engine;
let indexed: Engine;

beforeAll(async () => {
  repository = sample();
  const repo = repository.path;
  reader = await openEngine({ repo, store: join(makeFolder(), 'read'), workers: 0, firstUse: 'read' });
  indexed = await openEngine({ repo, store: join(makeFolder(), 'indexed'), workers: 0 });
});
afterAll(async () => {
  await reader.close();
  await indexed.close();
});

async function expectEqual(pattern: string, options: GrepOptions): Promise<number> {
  const read = await reader.grep(pattern, options);
  const found = await indexed.grep(pattern, options);
  expect(read.index).toBe('none');
  expect(found.index).toBeUndefined();
  const { lines, truncated, unmatched, unsearched } = found;
  expect({ ...read, rev: 0, tookMs: 0, freshness: 0, index: 0 }).toEqual({
    ...{ lines, truncated, unmatched, unsearched },
    ...{ rev: 0, tookMs: 0, freshness: 0, index: 0 },
  });
  const { context: _, before: __, after: ___, ...counted } = options;
  expect((await reader.grepCounts(pattern, counted)).files).toEqual((await indexed.grepCounts(pattern, counted)).files);
  return lines.length;
}

test('a repository that was never indexed is read: the same lines, counts and hints', async () => {
  expect(await expectEqual('needle', {})).toBeGreaterThan(1200);
  expect(await expectEqual('needle', { rev: 'HEAD' })).toBeGreaterThan(1200);
}, 30_000);

test('whatever is asked', async () => {
  const patterns = [
    'needle',
    'n.edle',
    'NEEDLE',
    'value1?2',
    'mutex_lock',
    'k',
    'kelvin',
    'STRASSE',
    'straẞe',
    '^$',
    'é',
    'x|needle',
  ];
  const more = [
    'needle(?= foo)',
    '\\bconst\\b.*2',
    'foo.bar',
    '(a|b)c',
    '',
    'zzz',
    'needle$',
    'needle\\r$',
    'ä',
    '(?:ne){1,2}edle',
  ];
  const options = fc.record(
    {
      ignoreCase: fc.boolean(),
      wholeWord: fc.boolean(),
      literal: fc.boolean(),
      invert: fc.boolean(),
      context: fc.nat(2),
      maxCount: fc.integer({ min: 1, max: 40 }),
      rev: fc.constantFrom('@worktree', 'HEAD'),
      folder: fc.constantFrom('many', 'many/3', 'dir', 'elsewhere'),
      pathspecs: fc.subarray(['*.txt', ':!many', 'dir', ':/many/1', 'nowhere', ':(icase)DIR'], { minLength: 1 }),
      paths: fc.subarray(['*.ts', 'nowhere/', '!many/2', 'dir'], { minLength: 1 }),
    },
    { requiredKeys: [] },
  );
  let lines = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...patterns, ...more), options, async (pattern, asked) => {
      lines += await expectEqual(pattern, asked);
    }),
    { numRuns: 25 },
  );
  expect(lines).toBeGreaterThan(30);
}, 60_000);

test('what only the index can tell is asked of it', async () => {
  const repo = repository.path;
  const store = join(makeFolder(), 'store');
  const engine = await openEngine({ repo, store, workers: 0, firstUse: 'read' });
  try {
    expect((await engine.grep('needle')).index).toBe('none');
    // Git is told to take the index for what lies there.
    repository.git('update-index', '--assume-unchanged', 'dir/needle');
    writeFileSync(join(repo, 'dir/needle'), 'needle unseen\n');
    const told = await engine.grep('needle unseen');
    expect([told.index, told.lines.length]).toEqual([undefined, 1]);
  } finally {
    await engine.close();
    repository.git('update-index', '--no-assume-unchanged', 'dir/needle');
    repository.git('checkout', '-q', 'dir/needle');
  }
  // Packages are no files of the repository's own.
  mkdirSync(join(repo, 'node_modules/thing'), { recursive: true });
  writeFileSync(join(repo, 'package.json'), '{"dependencies":{"thing":"1.0.0"}}');
  writeFileSync(join(repo, 'node_modules/thing/package.json'), '{"name":"thing","version":"1.0.0"}');
  writeFileSync(join(repo, 'node_modules/thing/index.js'), 'needle of a package\n');
  const depending = await openEngine({ repo, store: join(makeFolder(), 'store'), workers: 0, firstUse: 'read' });
  try {
    const { lines } = await depending.grep('needle', { deps: [] });
    expect(lines.map(({ path }) => path)).toEqual(['node_modules/thing/index.js']);
    expect((await depending.grepCounts('needle', { deps: ['thing'] })).files.map(({ count }) => count)).toEqual([1]);
  } finally {
    await depending.close();
    rmSync(join(repo, 'node_modules'), { recursive: true });
    rmSync(join(repo, 'package.json'));
  }
  writeFileSync(join(repo, '.coppiceignore'), 'many/\n');
  const other = await openEngine({ repo, store: join(makeFolder(), 'store'), workers: 0, firstUse: 'read' });
  try {
    expect((await other.grep('value')).index).toBeUndefined();
  } finally {
    await other.close();
    rmSync(join(repo, '.coppiceignore'));
  }
}, 30_000);

test.skipIf(process.getuid?.() === 0)('a file that may not be read is no file without the text', async () => {
  chmodSync(join(repository.path, 'dir/needle'), 0);
  const engine = await openEngine({
    repo: repository.path,
    store: join(makeFolder(), 's'),
    workers: 0,
    firstUse: 'read',
  });
  try {
    const { index, lines } = await engine.grep('MUTEX_lock');
    expect([index, lines.length]).toEqual([undefined, 1]);
  } finally {
    await engine.close();
    chmodSync(join(repository.path, 'dir/needle'), 0o644);
  }
});

test('a process that stays makes the index meanwhile; one that waits for nothing writes nothing', async () => {
  const store = join(makeFolder(), 'store');
  const once = await openEngine({ repo: repository.path, store, workers: 0, firstUse: 'read' });
  expect((await once.grep('needle')).index).toBe('none');
  await once.close();
  expect(readdirSync(join(store, 'segments'))).toEqual([]);
  const engines = await openEngines({ store, workers: 0, firstUse: 'read' });
  try {
    const engine = engines.open(repository.path);
    const first = await engine.grep('needle');
    expect(first.index).toBe('being-made');
    await engine.index(['@worktree'], { lasting: false });
    const then = await engine.grep('needle');
    expect(then.index).toBeUndefined();
    expect(then.lines).toEqual(first.lines);
  } finally {
    await engines.close();
  }
}, 30_000);
