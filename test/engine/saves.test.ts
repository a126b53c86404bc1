import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEngines } from '../../src/engine/index.js';
import { randomFrom } from '../crash/support/random.js';
import { makeFolder, makeRepository } from '../support/git.js';
import { bigText, saveAndLook, storeBytes } from './support/saves.js';

// `npm run bench -- saves` does the same 10,000 times, over the socket of a daemon.
test('a store is no larger after many saves and a gc than one that has seen the last', async () => {
  const repository = makeRepository();
  repository.commit({ 'big.ts': bigText(1, 20_000), 'small.ts': 'export const small = 0;\n', 'src/other.ts': 'x\n' });
  repository.git('reset', '-q', '--hard');
  const paths = ['used', 'fresh'].map((name) => join(makeFolder(), name));
  const [used, fresh] = await Promise.all(paths.map((store) => openEngines({ store, workers: 0 })));
  const engine = used!.open(repository.path);
  await engine.index(['HEAD']);
  const options = { engine, repository, store: paths[0]!, random: randomFrom(3) };
  const { versions, wrong, idsPerVersion } = await saveAndLook({
    ...options,
    saves: Number(process.env['COPPICE_SAVES'] ?? 20),
    bigBytes: 60_000,
  });
  expect({ wrong, idsPerVersion }).toEqual({ wrong: 0, idsPerVersion: 0 });
  expect(versions).toBeGreaterThanOrEqual(20);
  // Too much to be kept in memory: each is stored, and is garbage when the next comes.
  for (let i = 0; i < 4; i++) {
    for (let file = 0; file < 120; file++)
      repository.write(`many/${file}.txt`, `many ${file % 7 === 0 ? i : 0} ${file}\n`);
    await engine.grep('small', { rev: '@worktree' });
  }
  await engine.gc();
  const other = fresh!.open(repository.path);
  await other.index(['HEAD']);
  for (const one of [engine, other]) await one.grep('small', { rev: '@worktree' });
  expect(storeBytes(paths[0]!)).toBeLessThanOrEqual(1.05 * storeBytes(paths[1]!));
  await used!.close();
  await fresh!.close();
});
