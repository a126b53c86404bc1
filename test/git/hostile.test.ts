import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import { openEngine } from '../../src/engine/index.js';
import { hasRun, hostileKeys, makeHostile, places, secret, snapshotOf, type HostileCase } from '../support/hostile.js';
import { makeFolder } from '../support/git.js';

// One repository for each place with all settings at once, through the library. `npm run bench -- hostile` is the whole: few settings in each, over
// every surface, under strace.

const sprung: string[] = [];
afterAll(() => {
  // The traps are good ones: git as it is steps into most of them.
  expect(sprung.length).toBeGreaterThan(places.length / 2);
});

/** Everything that is asked of it, as text; what is refused is refused with a code. */
async function askAll({ repo }: HostileCase): Promise<{ text: string; codes: Set<string> }> {
  const answers: unknown[] = [];
  const codes = new Set<string>();
  const engine = await openEngine({ repo, store: join(makeFolder(), 'store'), workers: 0 });
  const questions: (() => Promise<unknown>)[] = [
    () => engine.grep('text of|qwertz.ecret'),
    () => engine.grep('text of|qwertz.ecret', { rev: '@worktree' }),
    () => engine.search('edited text kept', { rev: '@worktree' }),
    () => engine.search('edited text kept', { rev: 'HEAD~1..HEAD' }),
    () => engine.symbols('kept'),
    () => engine.index(['HEAD'], { history: true }),
    () => engine.show('@worktree', 'edited.txt'),
    () => engine.show('@worktree', 'link.txt'),
    () => engine.resolve('main@{upstream}'),
    () => engine.revs(),
    () => engine.status(),
    () => engine.fork('side'),
    () => engine.gc(),
    () => engine.doctor(),
  ];
  for (const question of questions) {
    try {
      answers.push(await question());
    } catch (error) {
      if (!(error instanceof CoppiceError) || error.code === 'INTERNAL') throw error;
      codes.add(error.code);
    }
  }
  await engine.close();
  return { text: JSON.stringify(answers), codes };
}

test.each(places.map((place, number) => [place, number] as const))(
  'settings in %s: nothing runs, nothing outside is read, nothing is written',
  async (place, number) => {
    const made = makeHostile(makeFolder(), number, place, hostileKeys());
    const before = [snapshotOf(made.inside), snapshotOf(made.outside)];
    const { text, codes } = await askAll(made);
    expect([snapshotOf(made.inside), snapshotOf(made.outside)]).toEqual(before);
    expect(hasRun(made)).toBe(false);
    expect(text).not.toContain(secret);
    const claims = codes.has('UNSAFE_REPOSITORY') || codes.has('NOT_A_REPOSITORY');
    if (place === 'committed git directory') expect(claims).toBe(true);
    if (!claims) expect(text, [...codes].join()).toContain('text of the repository');
    // With a few settings that git does not choke on.
    const trap = makeHostile(makeFolder(), number, place, ['filter.<driver>.clean', 'core.fsmonitor', 'core.worktree']);
    spawnSync('git', ['status'], { cwd: trap.repo, timeout: 10_000 });
    if (hasRun(trap)) sprung.push(place);
  },
);
