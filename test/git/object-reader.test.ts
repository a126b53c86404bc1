import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sleep } from '../../src/base/index.js';
import { locateRepository, openRepository } from '../../src/git/index.js';
import { ObjectReader } from '../../src/git/objects/object-reader.js';
import { Seal } from '../../src/git/config/seal.js';
import { makeRepository } from '../support/git.js';

/** Processes that this one started and that still run. */
function children(): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const [state, parent] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]!.split(' ');
      return Number(parent) === process.pid && state !== 'Z';
    } catch {
      return false;
    }
  });
}

async function untilGone(before: readonly string[]): Promise<void> {
  while (children().some((id) => !before.includes(id))) await sleep(5);
}

describe.runIf(process.platform === 'linux')('the process that reads objects', () => {
  test('ends when it is idle and is started again by the next question', async () => {
    const made = makeRepository();
    made.commit({ a: 'text' });
    const before = children();
    const reader = new ObjectReader({ seal: new Seal(locateRepository(made.path)) }, 50);
    const read = async (): Promise<string | undefined> => {
      const result = await reader.read('HEAD:a');
      return result.found ? result.content?.toString() : undefined;
    };
    expect(await read()).toBe('text');
    expect(children()).toHaveLength(before.length + 1);
    await untilGone(before);
    expect(await read()).toBe('text');

    reader.rest();
    const answer = read(); // asked in the same moment
    reader.rest(); // at work: nothing happens
    expect(await answer).toBe('text');
    reader.close();
    await untilGone(before);
    await expect(read()).rejects.toMatchObject({ code: 'GIT_FAILED' });
  });

  test('answers all whenever it is asked, however short its life', async () => {
    const made = makeRepository();
    made.commit({ a: 'a', b: 'b'.repeat(300_000) });
    const before = children();
    const reader = new ObjectReader({ seal: new Seal(locateRepository(made.path)) }, 1);
    for (let round = 0; round < 60; round++) {
      const lengths = await Promise.all(
        ['HEAD:a', 'HEAD:b', 'HEAD:c', 'HEAD:a'].map(async (name) => {
          const result = await reader.read(name, { fromUser: true });
          return result.found ? result.content!.length : 0;
        }),
      );
      expect(lengths).toEqual([1, 300_000, 0, 1]);
      await sleep(round % 4);
    }
    reader.close();
    await untilGone(before);
  });

  test('of a repository ends on demand', async () => {
    const made = makeRepository();
    const oid = made.commit({ a: 'text' });
    const before = children();
    const repository = await openRepository(made.path);
    const { tree } = await repository.readCommit(oid);
    for await (const { size } of repository.readBlobs([tree])) expect(size).toBe(-1);
    expect(children()).toHaveLength(before.length + 2);
    repository.trim();
    await untilGone(before);
    expect((await repository.readTree(tree)).map(({ name }) => name)).toEqual(['a']);
    repository.close();
  });
});
