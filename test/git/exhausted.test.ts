import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import { openRepository, type Repository } from '../../src/git/index.js';
import { asOid } from '../../src/model/index.js';
import { makeFolder, makeRepository } from '../support/git.js';

const { PATH } = process.env;
afterEach(() => {
  process.env['PATH'] = PATH;
});

/** From now on `git` is this shell script. */
function replaceGit(script: string): void {
  const folder = makeFolder();
  writeFileSync(join(folder, 'git'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'git'), 0o755);
  process.env['PATH'] = `${folder}:${PATH ?? ''}`;
}

async function opened(): Promise<Repository> {
  const made = makeRepository();
  made.commit({ a: 'text\n' });
  return openRepository(made.path);
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof CoppiceError ? error.code : `no code: ${String(error)}`),
  );

const oid = asOid('1'.repeat(40));
const other = asOid('2'.repeat(40));

describe.runIf(process.platform !== 'win32')('what git answers', () => {
  test.each(['blob', 'tree', 'commit'])(
    'a %s of more than can be held is TOO_LARGE, and the next is read',
    async (type) => {
      const repository = await opened();
      // Never ends: it would send 4.5 GB of the first object.
      replaceGit(
        `while read name; do case $name in 1*) echo "${oid} ${type} 4500000000"; cat /dev/zero;; *) echo "${other} blob 3"; echo abc;; esac; done`,
      );
      const reads: Record<string, () => Promise<unknown>> = {
        blob: () => repository.readBlob(oid),
        tree: () => repository.readTree(oid),
        commit: () => repository.readCommit(oid),
      };
      const [first, second] = await Promise.all([codeOf(reads[type]!()), repository.readBlob(other)]);
      expect(first).toBe('TOO_LARGE');
      expect(second?.toString()).toBe('abc');
      repository.close();
    },
  );

  test('what is only passed over is not read to its end', async () => {
    const repository = await opened();
    replaceGit(
      `while read name; do case $name in 1*) echo "${oid} blob 4500000000"; cat /dev/zero;; *) echo "${other} blob 3"; echo abc;; esac; done`,
    );
    const sizes: number[] = [];
    for await (const { size } of repository.readBlobs([oid, other, oid], { maxBytes: 100 })) sizes.push(size);
    expect(sizes).toEqual([4_500_000_000, 3, 4_500_000_000]);
    repository.close();
  });

  test.each([
    ['nonsense', 'echo nonsense without end; cat /dev/null'],
    ['an end in the middle', `read name; echo "${oid} blob 10"; printf abc`],
    ['an end at once', 'exit 3'],
    ['a signal', 'kill -9 $$'],
  ])('%s is an error with a code', async (_, script) => {
    const repository = await opened();
    replaceGit(script);
    const codes = await Promise.all([codeOf(repository.readBlob(oid)), codeOf(repository.readTree(oid))]);
    for (const code of codes) expect(['GIT_FAILED', 'OBJECT_MISSING', 'none']).toContain(code);
    repository.close();
  });

  test('no git at all is GIT_NOT_FOUND, from every way to ask', async () => {
    const repository = await opened();
    process.env['PATH'] = makeFolder();
    const asked = [
      () => repository.readBlob(oid),
      () => repository.resolve('HEAD~1'),
      () => repository.hasObject(oid),
      () => repository.readBlobPieces(oid).next(),
    ];
    for (const ask of asked) expect(await codeOf(ask())).toBe('GIT_NOT_FOUND');
    repository.close();
  });
});
