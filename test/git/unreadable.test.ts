import type * as fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { readDescriptor } from '../../src/daemon/client/descriptor.js';
import { locateRepository } from '../../src/git/locate.js';
import { nestedRepositoryStamp } from '../../src/git/nested-repository.js';
import { readText } from '../../src/git/small-file.js';
import { makeFolder, makeRepository } from '../support/git.js';

/** The system gives no more descriptors. */
const exhausted = vi.hoisted(() => ({ is: false }));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof fs>();
  const orRefused = <T extends (...args: never[]) => unknown>(call: T): T =>
    ((...args: Parameters<T>) => {
      if (exhausted.is) throw Object.assign(new Error('EMFILE: too many open files, open'), { code: 'EMFILE' });
      return call(...args);
    }) as T;
  return {
    ...real,
    openSync: orRefused(real.openSync),
    readFileSync: orRefused(real.readFileSync as never),
    readdirSync: orRefused(real.readdirSync as never),
  };
});

beforeEach(() => {
  exhausted.is = false;
});

const repository = makeRepository();
repository.commit({ '.gitignore': 'ignored\n', a: 'text\n' });
const looks: readonly [string, () => unknown][] = [
  ["a daemon's descriptor", () => readDescriptor(join(repository.path, 'a'))],
  ['a small file of git', () => readText(join(repository.gitDir, 'HEAD'))],
  ['a repository in a folder', () => nestedRepositoryStamp(repository.path)],
  ['a repository around a folder', () => locateRepository(repository.path)],
];

test.each(looks)(
  '%s that cannot be looked at for want of descriptors is not taken for one that is not there',
  (_, look) => {
    look();
    exhausted.is = true;
    expect(look).toThrowError(expect.objectContaining({ code: 'SERVER_BUSY' }) as Error);
  },
);

test('what is not there is not there', () => {
  const nowhere = join(makeFolder(), 'nowhere');
  expect(readDescriptor(nowhere)).toBeNull();
  expect(readText(nowhere)).toBeNull();
  expect(nestedRepositoryStamp(nowhere)).toBe('');
});
