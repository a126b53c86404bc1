import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeBytes, encodeBytes } from '../../src/base/index.js';
import { decodeTree, encodeTree, hashBlob, hashTree, openRepository } from '../../src/git/index.js';
import { asOid, entryKinds, type Oid, type TreeEntry } from '../../src/model/index.js';
import { git, makeRepository, type TestRepository } from '../support/git.js';

const objectFile = (repo: TestRepository, oid: Oid): string =>
  join(repo.gitDir, 'objects', oid.slice(0, 2), oid.slice(2));

describe.each(['sha1', 'sha256'] as const)('objects of a %s repository', (objectFormat) => {
  test('trees with odd names, blobs and commits come as git has them', async () => {
    const names = [
      'a',
      'a b',
      '"quoted"',
      'line\nbreak',
      '-dash',
      'caf\u00e9',
      'latin-\udce9',
      '\u{1f333}',
      'a.b',
      'a-b',
      'a0',
    ];
    const made = makeRepository({ objectFormat });
    const commit = made.commit(
      {
        ...Object.fromEntries(names.map((name) => [name, `in ${name}`])),
        'x/y/z': 'deep',
        'a=/dir': 'sorted as a folder',
        run: { executable: '#!/bin/sh\n' },
        link: { symlink: 'x/y' },
        lfs: 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n',
        lib: { submodule: '1'.repeat(objectFormat === 'sha1' ? 40 : 64) },
      },
      { message: 'Subject line\n\nBody\n' },
    );
    const repo = await openRepository(made.path);
    expect(repo.objectFormat).toBe(objectFormat);
    const root = await repo.resolve('HEAD');
    const entries = await repo.readTree(root.tree);
    const listed = made.git('ls-tree', '--format=%(objectname)', 'HEAD').split('\n');
    expect(entries.map((entry) => entry.oid)).toEqual(listed);
    expect(new Set(entries.map((entry) => entry.name))).toEqual(
      new Set([...names, 'x', 'a=', 'run', 'link', 'lfs', 'lib']),
    );
    const kinds = Object.fromEntries(entries.map((entry) => [entry.name, entry.kind]));
    expect(kinds).toMatchObject({
      a: 'file',
      x: 'tree',
      run: 'executable',
      link: 'symlink',
      lib: 'submodule',
      lfs: 'file',
    });
    expect(hashTree(entries.toReversed(), objectFormat)).toBe(root.tree);

    const blobs = entries.filter((entry) => entry.kind === 'file');
    for (const { name, oid } of blobs) {
      const content = await repo.readBlob(oid);
      if (name !== 'lfs') expect(content).toEqual(encodeBytes(`in ${name}`));
      expect(hashBlob(content!, objectFormat)).toBe(oid);
    }
    expect(await repo.readCommit(commit)).toEqual({
      oid: commit,
      tree: root.tree,
      parents: [],
      author: 'Ada <ada@example.org>',
      authorTime: 1_700_000_060,
      committerTime: 1_700_000_060,
      subject: 'Subject line',
    });
    repo.close();
  });
});

test('an edited tree has the oid it will have once committed', async () => {
  const made = makeRepository();
  made.commit({ 'src/a': '1', 'src/b': '2' });
  const repo = await openRepository(made.path);
  const root = await repo.readTree((await repo.resolve('HEAD')).tree);
  const edited = hashTree([
    { name: 'b', kind: 'file', oid: hashBlob(Buffer.from('2')) },
    { name: 'new', kind: 'executable', oid: hashBlob(Buffer.from('n')) },
    { name: 'a', kind: 'file', oid: hashBlob(Buffer.from('changed')) },
  ]);
  const tree = hashTree(root.map((entry) => (entry.name === 'src' ? { ...entry, oid: edited } : entry)));
  made.commit({ 'src/a': 'changed', 'src/new': { executable: 'n' } });
  expect((await repo.resolve('HEAD')).tree).toBe(tree);
  repo.close();
});

test('any entries survive encoding and decoding', () => {
  const name = fc
    .uint8Array({ minLength: 1, maxLength: 8 })
    .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte))));
  const entry = fc.record({
    bytes: name,
    kind: fc.constantFrom(...entryKinds),
    oid: fc.stringMatching(/^[0-9a-f]{40}$/),
  });
  fc.assert(
    fc.property(fc.uniqueArray(entry, { selector: ({ bytes }) => bytes.toString('hex'), maxLength: 8 }), (rows) => {
      const entries = rows.map(({ bytes, kind, oid }): TreeEntry => ({
        name: decodeBytes(bytes),
        kind,
        oid: asOid(oid),
      }));
      const raw = encodeTree(entries);
      const decoded = decodeTree(raw, 20);
      expect(encodeTree(decoded)).toEqual(raw);
      expect(new Set(decoded.map((row) => JSON.stringify(row)))).toEqual(
        new Set(entries.map((row) => JSON.stringify(row))),
      );
    }),
  );
});

test.each([['100644 a\0short'], ['junk'], ['100644'], ['999 a\0' + 'x'.repeat(20)]])(
  'a malformed tree is GIT_FAILED: %j',
  (raw) => {
    expect(() => decodeTree(Buffer.from(raw), 20)).toThrow(expect.objectContaining({ code: 'GIT_FAILED' }) as Error);
  },
);

test('a file mode of old repositories is a file', () => {
  const raw = Buffer.concat([Buffer.from('100664 a\0'), Buffer.alloc(20)]);
  expect(decodeTree(raw, 20)).toMatchObject([{ name: 'a', kind: 'file' }]);
});

describe('many blobs', () => {
  test('come in order, with sizes, the missing and the too large among them', async () => {
    const made = makeRepository();
    const files = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`f${i}`, `${'x'.repeat(i * 37)}${i}`]));
    made.commit({ ...files, empty: '', large: 'L'.repeat(300_000) });
    const repo = await openRepository(made.path);
    const entries = await repo.readTree((await repo.resolve('HEAD')).tree);
    const absent = asOid('0123456789'.repeat(4));
    const oids = [...entries.map((entry) => entry.oid), absent, entries[3]!.oid];
    const seen: Oid[] = [];
    for await (const { oid, content, size } of repo.readBlobs(oids, { maxBytes: 100_000 })) {
      seen.push(oid);
      if (oid === absent) expect([content, size]).toEqual([null, -1]);
      else if (size > 100_000) expect([content, size]).toEqual([null, 300_000]);
      else expect([hashBlob(content!), content!.length]).toEqual([oid, size]);
      // Other questions meanwhile must not wait for the loop.
      if (seen.length % 100 === 0) expect(await repo.readBlob(entries[0]!.oid)).not.toBeNull();
    }
    expect(seen).toEqual(oids);

    async function* later(): AsyncGenerator<Oid> {
      for (const oid of oids) {
        await Promise.resolve();
        yield oid;
      }
    }
    let count = 0;
    for await (const blob of repo.readBlobs(later())) count += blob.content === null ? 0 : 1;
    expect(count).toBe(oids.length - 1);
    repo.close();
  });

  test('can be left early and cancelled', async () => {
    const made = makeRepository();
    made.commit(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}`, `${i}`])));
    const repo = await openRepository(made.path);
    const oids = (await repo.readTree((await repo.resolve('HEAD')).tree)).map((entry) => entry.oid);
    for await (const { oid } of repo.readBlobs(oids)) {
      expect(oid).toBe(oids[0]);
      break;
    }
    expect(await repo.readBlob(oids[7]!)).not.toBeNull();
    const controller = new AbortController();
    const run = async (): Promise<void> => {
      for await (const _ of repo.readBlobs(oids, { signal: controller.signal })) controller.abort();
    };
    await expect(run()).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await repo.readBlob(oids[8]!)).not.toBeNull();
    repo.close();
  });
});

describe('what is not there', () => {
  test('is missing, never an accident', async () => {
    const made = makeRepository();
    const commit = made.commit({ a: 'a' });
    const repo = await openRepository(made.path);
    const absent = asOid('0123456789'.repeat(4));
    expect(await repo.readBlob(absent)).toBeNull();
    expect(await repo.readBlob(commit)).toBeNull();
    await expect(repo.readTree(absent)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    await expect(repo.readTree(commit)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    await expect(repo.readCommit(absent)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    await expect(repo.readBlob(asOid('HEAD:a'))).rejects.toMatchObject({ code: 'INTERNAL' });
    repo.close();
  });

  test('a blob deleted meanwhile is missing; the empty tree is always there', async () => {
    const made = makeRepository();
    made.write('a', 'unique content of a\n');
    made.git('add', 'a');
    made.git('commit', '-q', '-m', 'x');
    const repo = await openRepository(made.path);
    const { tree } = await repo.resolve('HEAD');
    const [entry] = await repo.readTree(tree);
    rmSync(objectFile(made, entry!.oid));
    expect(await repo.readBlob(entry!.oid)).toBeNull();
    expect(await repo.readTree(asOid('4b825dc642cb6eb9a060e54bf8d69288fbee4904'))).toEqual([]);
    repo.close();
  });

  test('a damaged object is missing or GIT_FAILED, in the words of git, and the next question is answered', async () => {
    const made = makeRepository();
    made.write('a', 'content that will be damaged\n');
    made.write('b', randomBytes(50_000).toString('hex'));
    made.write('c', 'content that stays\n');
    made.git('add', '.');
    made.git('commit', '-q', '-m', 'x');
    const repo = await openRepository(made.path);
    const [a, b, c] = await repo.readTree((await repo.resolve('HEAD')).tree);
    damage(a!.oid, () => Buffer.from('no zlib stream'));
    damage(b!.oid, (content) => content.subarray(0, content.length >> 1));
    const [unreadable, cut, after] = await Promise.allSettled([a!, b!, c!].map(({ oid }) => repo.readBlob(oid)));
    expect(unreadable).toMatchObject({ value: null });
    const message = expect.stringContaining(b!.oid) as string;
    expect(cut).toMatchObject({ reason: { code: 'GIT_FAILED', message } });
    expect(after).toMatchObject({ reason: { code: 'GIT_FAILED', message } });
    expect((await repo.readBlob(c!.oid))?.toString()).toBe('content that stays\n');
    repo.close();

    function damage(oid: Oid, change: (content: Buffer) => Buffer): void {
      const file = objectFile(made, oid);
      chmodSync(file, 0o644);
      writeFileSync(file, change(readFileSync(file)));
    }
  });

  test('gc and a forced push while reading change nothing', async () => {
    const made = makeRepository();
    made.commits(Array.from({ length: 50 }, (_, i) => ({ files: { [`f${i}`]: `content ${i}\n`.repeat(50) } })));
    const repo = await openRepository(made.path);
    const entries = await repo.readTree((await repo.resolve('HEAD')).tree);
    const oids = entries.map((entry) => entry.oid);
    let read = 0;
    for await (const { content } of repo.readBlobs(oids)) {
      if (read++ === 2) {
        made.git('repack', '-q', '-a', '-d', '-f');
        made.git('reset', '-q', '--hard', 'HEAD~40');
      }
      expect(content).not.toBeNull();
    }
    for (const oid of oids) expect(await repo.readBlob(oid)).not.toBeNull();
    made.git('reflog', 'expire', '--expire=all', '--all');
    made.git('-c', 'gc.auto=0', 'repack', '-q', '-a', '-d');
    made.git('prune', '--expire=now');
    const fresh = await openRepository(made.path);
    const left = await Promise.all(oids.map((oid) => fresh.readBlob(oid)));
    expect(left.filter((content) => content !== null)).toHaveLength(10);
    expect(new Set((await repo.refs()).map((ref) => ref.commit))).toEqual(new Set([made.revParse('HEAD')]));
    repo.close();
    fresh.close();
  });
});

test('closing rejects what is still asked', async () => {
  const made = makeRepository();
  made.commit({ a: 'a' });
  const repo = await openRepository(made.path);
  const pending = repo.resolve('HEAD');
  repo.close();
  await expect(pending).rejects.toMatchObject({ code: 'GIT_FAILED' });
  await expect(repo.resolve('HEAD')).rejects.toMatchObject({ code: 'GIT_FAILED' });
});

test('objects are read as themselves, whatever replaces them or grafts other parents on them', async () => {
  const made = makeRepository();
  const [first, second] = made.commits([{ files: { a: 'old' } }, { files: { a: 'new' } }]);
  const [firstTree, secondTree] = [made.revParse(`${first!}^{tree}`), made.revParse(`${second!}^{tree}`)];
  const [oldBlob, newBlob] = [made.revParse(`${first!}:a`), made.revParse(`${second!}:a`)];
  made.git('replace', first!, made.git('commit-tree', '-m', 'replaced', secondTree));
  made.git('replace', oldBlob, newBlob);
  made.git('pack-refs', '--all');
  made.git('replace', secondTree, firstTree);
  mkdirSync(join(made.gitDir, 'info'), { recursive: true });
  writeFileSync(join(made.gitDir, 'info/grafts'), `${second!}\n`);
  const repo = await openRepository(made.path);
  for (const rev of [first!, 'main~1']) {
    expect(await repo.resolve(rev)).toEqual({ kind: 'commit', commit: first, tree: firstTree });
    expect(await repo.find(rev)).toEqual({ kind: 'commit', commit: first, tree: firstTree });
  }
  expect((await repo.readCommit(first!)).subject).toBe('commit 1');
  expect((await repo.readTree(secondTree)).map(({ oid }) => oid)).toEqual([newBlob]);
  expect((await repo.readBlob(oldBlob))?.toString()).toBe('old');
  const listed = [];
  for await (const { oid, tree, parents } of repo.commits([second!])) listed.push({ oid, tree, parents });
  expect(listed).toEqual([
    { oid: second, tree: secondTree, parents: [first] },
    { oid: first, tree: firstTree, parents: [] },
  ]);
  expect((await repo.worktreeChanges()).changed).toEqual([]);
  repo.close();
});

describe('commits that git cannot date, or that are in another encoding', () => {
  const committers = [
    'Ada <ada@example.org> 1288373970 --700',
    'Ada <ada@example.org>',
    'Ada <ada@example.org> ',
    'Ada <ada@example.org> -5 +0000',
    'Ada <ada@example.org> tomorrow',
    'Ada <ada@example.org>1288373971',
    'Ada <ada@example.org>   1288373972   +0100',
    'Ada <ada@example.org> 99999999999999999999 +0000',
    'Ada <a> <b> 1288373973 +0000',
    'Ada 1288373974 +0000',
    'Ada 1288373975',
    'Ada',
    '<>',
    '',
  ];

  test('have their tree and parents, and the same time wherever it is asked', async () => {
    const made = makeRepository();
    const [first, second] = made.commits([{ files: { a: '1' } }, { files: { a: '2' } }]);
    const tree = made.revParse('HEAD^{tree}');
    const repo = await openRepository(made.path);
    const times: number[] = [];
    for (const [i, committer] of committers.entries()) {
      for (const parents of [[], [first!], [first!, second!]]) {
        const author = committers[committers.length - 1 - i]!;
        const lines = [`tree ${tree}`, ...parents.map((oid) => `parent ${oid}`), `author ${author}`];
        const text = [...lines, `committer ${committer}`, '', 'subject', ''].join('\n');
        const hash = ['hash-object', '-t', 'commit', '-w', '--literally', '--stdin'];
        const oid = asOid(git(made.path, hash, text));
        const listed = [];
        for await (const commit of repo.commits([oid])) listed.push(commit);
        const own = listed.find((commit) => commit.oid === oid)!;
        const read = await repo.readCommit(oid);
        const expected = { tree, parents, subject: 'subject', committerTime: own.time };
        expect(read, committer).toMatchObject(expected);
        expect(own, committer).toMatchObject({ tree, parents });
        expect(listed.map((commit) => commit.oid).sort(), committer).toEqual(
          made.git('rev-list', oid).split('\n').sort(),
        );
        if (parents.length === 0) times.push(own.time);
        expect(Number.isSafeInteger(read.authorTime)).toBe(true);
      }
    }
    expect(times).toEqual([
      ...[1288373970, 0, 0, 0, 0, 1288373971, 1288373972, 0, 1288373973, 1288373974, 1288373975, 0, 0, 0],
    ]);
    repo.close();
  });

  test.each([
    ['ISO-8859-1', [0xe9], 'é'],
    ['latin1', [0xe9], 'é'],
    ['windows-1251', [0xef, 0xf0], 'пр'],
    ['KOI8-R', [0xd0, 0xd2], 'пр'],
    ['EUC-JP', [0xc6, 0xfc], '日'],
    ['Shift_JIS', [0x93, 0xfa], '日'],
    ['GBK', [0xc8, 0xd5], '日'],
    ['UTF-8', [0xc3, 0xa9], 'é'],
    ['no-such-encoding', [0xe9], 'é'],
    ['no-such-encoding', [0xc3, 0xa9], 'é'],
    [null, [0xc3, 0xa9], 'é'],
    [null, [0xe9], 'é'],
  ] as const)('%s: text is text', async (encoding, bytes, text) => {
    const made = makeRepository();
    made.commit({ a: 'a' });
    const header = encoding === null ? '' : `encoding ${encoding}\n`;
    const raw = Buffer.from(
      `tree ${made.revParse('HEAD^{tree}')}\nauthor X <x@y> 1 +0000\ncommitter X <x@y> 1 +0000\n${header}\nX s\n\nbody\n`,
      'latin1',
    );
    const parts = raw.toString('latin1').replaceAll('X ', `${Buffer.from(bytes).toString('latin1')} `);
    const hash = ['hash-object', '-t', 'commit', '-w', '--stdin', '--literally'];
    const oid = asOid(git(made.path, hash, Buffer.from(parts, 'latin1')));
    const repo = await openRepository(made.path);
    expect(await repo.readCommit(oid)).toMatchObject({ author: `${text} <x@y>`, subject: `${text} s` });
    repo.close();
  });
});
