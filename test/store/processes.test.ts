import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import { bundleProgram } from '../support/bundle.js';
import { makeFolder, makeRepository } from '../support/git.js';
import { answersOf } from '../property/support/answers.js';
import type { Answer, Question } from './support/ask.js';
import { askAll, copyStore, makeSampleStore } from './support/sample-store.js';
import type { SampleStore } from './support/sample-store.js';

let program = '';
let sample: SampleStore;
beforeAll(async () => {
  program = await bundleProgram('store/support/ask.ts');
  sample = await makeSampleStore();
});

interface Place {
  readonly store: string;
  readonly repo?: string;
  /** Milliseconds since 1970 at which to begin to ask. */
  readonly at?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Largest file the process may write, in KiB. */
  readonly fileKibMax?: number;
}

/** Asks in a process of its own. */
function ask(place: Place, ...questions: Question[]): Promise<Answer[]> {
  const { store, repo = sample.repository.path, at = 0, env = {}, fileKibMax } = place;
  const args = [program, repo, store, JSON.stringify(questions), String(at)];
  const limited = ['-c', `trap '' XFSZ; ulimit -f ${fileKibMax}; exec "$0" "$@"`, process.execPath, ...args];
  const child = spawn(fileKibMax === undefined ? process.execPath : 'bash', fileKibMax === undefined ? args : limited, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let output = '';
    let errors = '';
    child.stdout.on('data', (text: Buffer) => (output += text.toString()));
    child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code !== 0) reject(new Error(`ended with ${code ?? signal}: ${errors}`));
      else
        resolve(
          output
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line) as Answer),
        );
    });
  });
}

/** Lets other users in, from the top down. */
function openToAll(folder: string): void {
  if (dirname(folder) !== folder) openToAll(dirname(folder));
  if ((statSync(folder).mode & 0o005) !== 0o005) chmodSync(folder, 0o755);
}

function letRead(path: string): void {
  const isFolder = statSync(path).isDirectory();
  chmodSync(path, isFolder ? 0o755 : 0o644);
  if (isFolder) for (const name of readdirSync(path)) letRead(join(path, name));
}

const codes = (answers: readonly Answer[]): (string | null)[] =>
  answers.map((answer) => ('code' in answer ? answer.code : null));
const messages = (answers: readonly Answer[]): string =>
  answers.map((answer) => ('code' in answer ? answer.message : '')).join('\n');
const fork = (name: string): Question => ({ call: 'fork', args: [name] });
const put = (name: string, path: string, content: string): Question => ({ call: 'put', args: [name, path, content] });
const index = (rev: string): Question => ({ call: 'index', args: [[rev]] });
const grep = (rev: string): Question => ({ call: 'grep', args: ['parse', { rev }] });

async function expectSound(store: string, repo = sample.repository.path): Promise<void> {
  const engine = await openEngine({ repo, store, workers: 0 });
  try {
    expect((await engine.doctor()).problems).toEqual([]);
  } finally {
    await engine.close();
  }
}

describe('the writer lock', () => {
  const lock = (store: string, pid: number): void =>
    writeFileSync(
      join(store, 'writer.lock'),
      JSON.stringify({ pid, host: hostname(), command: 'coppice index --all', sinceMs: Date.now() - 5000 }),
    );

  test('a second writer waits, then names the holder; readers and forks need no lock', async () => {
    const store = copyStore(sample);
    lock(store, process.pid);
    const env = { ASK_LOCK_MS: '300' };
    const answers = await ask(
      { store, env },
      grep('HEAD'),
      fork('quick'),
      put('first', 'x.ts', 'x\n'),
      grep('fork:quick'),
    );
    expect(codes(answers)).toEqual([null, null, 'STORE_LOCKED', null]);
    expect(messages(answers)).toMatch(new RegExp(`process ${process.pid} \\(coppice index --all\\)`));
  });

  test.each([
    ['of a process that is gone', 2 ** 22 + 1],
    ['that names nobody', 0],
  ])('a lock %s is taken over, by one process at a time', async (_, pid) => {
    const store = copyStore(sample);
    lock(store, pid);
    const at = Date.now() + 1500;
    const writers = await Promise.all(
      [0, 1, 2, 3].map((n) => ask({ store, at }, put(n % 2 === 0 ? 'first' : 'second', `w${n}.ts`, `parse(${n});\n`))),
    );
    expect(writers.flatMap(codes)).toEqual([null, null, null, null]);
    expect(readdirSync(store).filter((name) => name.startsWith('writer.lock'))).toEqual([]);
    await expectSound(store);
    const engine = await openEngine({ repo: sample.repository.path, store, workers: 0 });
    for (const [n, name] of ['first', 'second', 'first', 'second'].entries()) {
      expect(Buffer.from((await engine.show(`fork:${name}`, `w${n}.ts`)).content).toString()).toBe(`parse(${n});\n`);
    }
    await engine.close();
  });

  test('a process that has the number of the one that is gone is not taken for it', async () => {
    const store = copyStore(sample);
    const holder = { pid: process.pid, start: '1', host: hostname(), command: 'coppice', sinceMs: Date.now() };
    writeFileSync(join(store, 'writer.lock'), JSON.stringify(holder));
    const answers = await ask({ store, env: { ASK_LOCK_MS: '300' } }, put('first', 'x.ts', 'x\n'));
    expect(codes(answers)).toEqual([process.platform === 'linux' ? null : 'STORE_LOCKED']);
  });

  test.runIf(process.platform === 'linux')(
    'a holder that has ended counts for nothing, even if nobody took note',
    async () => {
      const store = copyStore(sample);
      // The shell becomes a program that never asks how its child ended.
      const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60']);
      try {
        const pid = await new Promise<number>((resolve) =>
          parent.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))),
        );
        const state = (): string => readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '')[0]!;
        while (state() !== 'Z') await new Promise((resolve) => setTimeout(resolve, 10));
        const holder = { pid, host: hostname(), command: 'coppice', sinceMs: Date.now() };
        writeFileSync(join(store, 'writer.lock'), JSON.stringify(holder));
        expect(codes(await ask({ store, env: { ASK_LOCK_MS: '300' } }, put('first', 'x.ts', 'x\n')))).toEqual([null]);
      } finally {
        parent.kill();
      }
    },
  );

  test('a holder on another host counts as long as it is heard of', async () => {
    const store = copyStore(sample);
    const path = join(store, 'writer.lock');
    const holder = { pid: 1, host: 'elsewhere', command: 'coppice', sinceMs: Date.now() - 3_600_000 };
    writeFileSync(path, JSON.stringify(holder));
    const place = { store, env: { ASK_LOCK_MS: '300' } };
    expect(codes(await ask(place, put('first', 'x.ts', 'x\n')))).toEqual(['STORE_LOCKED']);
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(path, longAgo, longAgo);
    expect(codes(await ask(place, put('first', 'x.ts', 'x\n')))).toEqual([null]);
  });

  test('a lock that is not JSON is nobody’s', async () => {
    const store = copyStore(sample);
    writeFileSync(join(store, 'writer.lock'), '{"pid":');
    expect(codes(await ask({ store, env: { ASK_LOCK_MS: '3000' } }, put('first', 'x.ts', 'x\n')))).toEqual([null]);
  });
});

describe('many processes', () => {
  test('of two forks of one name at once, exactly one is made', async () => {
    const store = copyStore(sample);
    const at = Date.now() + 1500;
    const names = Array.from({ length: 20 }, (_, i) => `same${i}`);
    const answers = await Promise.all([0, 1].map(() => ask({ store, at }, ...names.map(fork))));
    for (const i of names.keys()) {
      const pair = answers.map((list) => codes(list)[i]);
      expect(pair.filter((code) => code === null)).toHaveLength(1);
      expect(pair).toContain('FORK_EXISTS');
    }
  });

  test('writers, readers and a collector at once', async () => {
    const store = copyStore(sample);
    const at = Date.now() + 2000;
    const writes = (name: string): Question[] =>
      Array.from({ length: 8 }, (_, i) => put(name, `${name}.ts`, `export const parse${i} = '${name}';\n`));
    const reads: Question[] = [
      { call: 'search', args: ['parse', { rev: 'fork:first' }] },
      { call: 'grep', args: ['parse', { rev: 'HEAD' }] },
      { call: 'grep', args: ['parse', { rev: 'fork:second' }] },
    ];
    const answers = await Promise.all([
      ask({ store, at }, ...writes('first')),
      ask({ store, at }, ...writes('second'), index('HEAD~1')),
      ask({ store, at }, ...Array.from({ length: 12 }, () => reads).flat()),
      ask({ store, at }, { call: 'gc', args: [], again: 6 }, { call: 'doctor', args: [], again: 3 }),
    ]);
    expect(messages(answers.flat()).trim()).toBe('');
    for (const answer of answers[3].slice(6)) expect(answer).toMatchObject({ result: { problems: [] } });
    await expectSound(store);
    const engine = await openEngine({ repo: sample.repository.path, store, workers: 0 });
    for (const name of ['first', 'second']) {
      const { content } = await engine.show(`fork:${name}`, `${name}.ts`);
      expect(Buffer.from(content).toString()).toBe(`export const parse7 = '${name}';\n`);
    }
    await engine.close();
  });

  test('many appenders: no record is lost, and the journal is rewritten under way', async () => {
    const store = copyStore(sample);
    const at = Date.now() + 1500;
    // Long names, so that the journal grows past the length at which it is rewritten.
    const name = (n: number, i: number): string => `f${n}-${i}-${'x'.repeat(180)}`;
    const count = 250;
    const makeAndDrop = (n: number): Question[] =>
      Array.from({ length: count }, (_, i): Question[] => [
        fork(name(n, i)),
        ...(i % 10 === 0 ? [] : [{ call: 'drop' as const, args: [name(n, i)] }]),
      ]).flat();
    const answers = await Promise.all([0, 1, 2].map((n) => ask({ store, at }, ...makeAndDrop(n))));
    expect(messages(answers.flat()).trim()).toBe('');
    const engine = await openEngine({ repo: sample.repository.path, store, workers: 0 });
    const forks = (await engine.forks()).map((one) => one.name).filter((one) => one.includes('xxx'));
    await engine.close();
    const expected = [0, 1, 2].flatMap((n) => Array.from({ length: count / 10 }, (_, i) => name(n, i * 10)));
    expect(forks.sort()).toEqual(expected.sort());
    expect(readdirSync(store).filter((file) => file.startsWith('journal'))).toHaveLength(1);
    expect(existsSync(join(store, 'journal-1'))).toBe(false);
    await expectSound(store);
  });
});

describe('what the disk does', () => {
  test('an unfinished record at the end never counted; the next one does', async () => {
    const store = copyStore(sample);
    const journal = join(store, 'journal-1');
    const bytes = readFileSync(journal);
    const lastFrame = bytes.lastIndexOf('CPJ1', bytes.length, 'latin1');
    appendFileSync(journal, bytes.subarray(lastFrame, bytes.length - 5));
    expect(codes(await ask({ store }, fork('after'), grep('fork:after')))).toEqual([null, null]);
    expect(codes(await ask({ store }, grep('fork:after')))).toEqual([null]);
    await expectSound(store);
    appendFileSync(journal, bytes.subarray(lastFrame, lastFrame + 9));
    const [examined] = await ask({ store }, { call: 'doctor', args: [] });
    expect(examined).toMatchObject({ result: { problems: [{ where: 'journal' }] } });
    await ask({ store }, { call: 'doctor', args: [{ repair: true }] });
    await expectSound(store);
    expect(codes(await ask({ store }, grep('fork:after')))).toEqual([null]);
  });

  test('a full disk is STORE_FULL, nothing is lost, and it works again afterwards', async () => {
    const store = copyStore(sample);
    const repository = makeRepository();
    repository.commit({
      'big.ts': Array.from({ length: 9000 }, (_, i) => `const parse${i * 7919} = ${i};\n`).join(''),
    });
    const place = { store, repo: repository.path };
    const full = await ask({ ...place, fileKibMax: 40 }, index('HEAD'));
    expect(codes(full)).toEqual(['STORE_FULL']);
    expect(messages(full)).toContain(store);
    expect((await askAll(sample.repository, store)).map(({ code }) => code)).toEqual([null, null, null, null, null]);
    expect(codes(await ask(place, index('HEAD'), grep('HEAD')))).toEqual([null, null]);
    await expectSound(store);
  });

  test('a full disk in the middle of a journal record', async () => {
    const store = copyStore(sample);
    const kib = Math.ceil(statSync(join(store, 'journal-1')).size / 1024);
    const names = Array.from({ length: 10 }, (_, i) => `full-${i}-${'y'.repeat(150)}`);
    const answers = await ask({ store, fileKibMax: kib }, ...names.map(fork));
    expect(codes(answers)).toContain('STORE_FULL');
    const engine = await openEngine({ repo: sample.repository.path, store, workers: 0 });
    const made = names.filter((_, i) => codes(answers)[i] === null);
    expect((await engine.forks()).map(({ name }) => name).filter((name) => name.startsWith('full'))).toEqual(made);
    await engine.fork('afterwards');
    expect((await engine.forks()).map(({ name }) => name)).toContain('afterwards');
    await engine.close();
    await expectSound(store);
  });

  const isRoot = process.getuid?.() === 0;
  test.skipIf(!isRoot)(
    'a folder that cannot be written: what is indexed is searched, the rest is STORE_READ_ONLY',
    async () => {
      const uid = 65534;
      const store = copyStore(sample);
      openToAll(dirname(store));
      letRead(store); // a store is its owner's alone: this one lets others read it
      const repository = makeRepository();
      repository.commit({ 'a.ts': 'parse\n' });
      const own = (path: string): void => {
        chownSync(path, uid, uid);
        if (statSync(path).isDirectory()) for (const name of readdirSync(path)) own(join(path, name));
      };
      own(repository.path);
      openToAll(dirname(repository.path));
      const copy = join(makeFolder(), 'repo');
      openToAll(dirname(copy));
      sample.repository.git('clone', '-q', '--bare', sample.repository.path, copy);
      own(copy);
      const temporary = makeFolder();
      chmodSync(temporary, 0o777);
      const env = { ASK_UID: String(uid), TMPDIR: temporary };
      const answers = await ask(
        { store, repo: copy, env },
        grep('HEAD'),
        grep('fork:first'),
        fork('no'),
        put('first', 'x', 'y'),
      );
      expect(codes(answers), messages(answers)).toEqual([null, null, 'STORE_READ_ONLY', 'STORE_READ_ONLY']);
      expect(messages(answers)).toContain(store);
      expect(codes(await ask({ store, repo: repository.path, env }, index('HEAD')))).toEqual(['STORE_READ_ONLY']);
      const nowhere = join(dirname(store), 'new');
      expect(codes(await ask({ store: nowhere, repo: copy, env }, grep('HEAD')))).toEqual(['STORE_READ_ONLY']);
    },
  );

  test.each([
    ['a file', (path: string) => writeFileSync(path, 'x'), 'NOT_A_STORE'],
    [
      'a folder of something else',
      (path: string) => (mkdirSync(path), writeFileSync(join(path, 'a'), '')),
      'NOT_A_STORE',
    ],
    [
      'another format',
      (path: string) => (mkdirSync(path), writeFileSync(join(path, 'format'), 'coppice store 99\n')),
      'STORE_VERSION',
    ],
  ])('%s where the store should be', async (_, make, code) => {
    const store = join(makeFolder(), 'store');
    make(store);
    const answers = await ask({ store }, grep('HEAD'));
    expect(codes(answers)).toEqual([code]);
    expect(messages(answers)).toContain(store);
  });

  test('an empty folder, or one with nothing but a configuration, becomes a store', async () => {
    const store = makeFolder();
    writeFileSync(join(store, 'config.json'), '{"maxFileBytes": 1000}');
    expect(codes(await ask({ store }, grep('HEAD')))).toEqual([null]);
  });
});

test('a repository that is rewritten and pruned while it is indexed', async () => {
  const repository = makeRepository();
  const specs = Array.from({ length: 120 }, (_, i) => ({
    files: { [`src/m${i % 7}.ts`]: `export const parse${i} = ${i};\n`.repeat(20), 'README.md': `# tree ${i}\n` },
  }));
  repository.commits(specs);
  const store = join(makeFolder(), 'store');
  const place = { store, repo: repository.path };
  const indexing = ask(place, { call: 'index', args: [['HEAD'], { history: true }] }, grep('HEAD'), index('HEAD'));
  for (let round = 0; round < 6; round++) {
    repository.commit({ 'new.ts': `const tree${round} = 1;\n` }, { parents: [], replace: round % 2 === 0 });
    repository.git('reflog', 'expire', '--expire=now', '--all');
    repository.git('gc', '-q', '--prune=now');
  }
  for (const code of codes(await indexing))
    expect([null, 'OBJECT_MISSING', 'REV_NOT_FOUND', 'EMPTY_REPOSITORY', 'GIT_FAILED']).toContain(code);
  expect(codes(await ask(place, index('HEAD'), { call: 'gc', args: [] }))).toEqual([null, null]);
  await expectSound(store, repository.path);
  const engine = await openEngine({ ...place, workers: 0 });
  const fresh = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
  expect(await answersOf(engine, 'HEAD', ['new.ts'])).toEqual(await answersOf(fresh, 'HEAD', ['new.ts']));
  await engine.close();
  await fresh.close();
});
