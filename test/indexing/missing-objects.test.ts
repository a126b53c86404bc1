import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import { makeFolder, makeRepository } from '../support/git.js';

const loose = (repo: string, oid: string): string => join(repo, '.git/objects', oid.slice(0, 2), oid.slice(2));

test.each([{ history: false }, { history: true }])(
  'of what a partial clone lacks the first are named, the others counted (history $history)',
  async ({ history }) => {
    const names = Array.from({ length: 9 }, (_, i) => `f${i}.txt`);
    const repository = makeRepository();
    const { path: repo } = repository;
    repository.commit({ ...Object.fromEntries(names.map((name) => [name, `text of ${name}\n`])), here: 'needle\n' });
    for (const name of names) rmSync(loose(repo, repository.git('rev-parse', `HEAD:${name}`)));
    const notes: string[] = [];
    const engine = await openEngine({ repo, store: makeFolder(), onNote: (note) => void notes.push(note) });
    await engine.index(['HEAD'], { history });
    expect(notes.filter((note) => /^f\d\.txt: its blob \w+ is missing/.test(note))).toHaveLength(3);
    expect(notes.filter((note) => note.startsWith('6 more objects are missing'))).toHaveLength(1);
    expect(notes).toHaveLength(4);
    expect((await engine.grep('needle', { rev: 'HEAD' })).lines).toHaveLength(1);
    await engine.close();
  },
);
