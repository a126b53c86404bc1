import { join } from 'node:path';
import { openEngine, openPublisher } from '../../src/engine/index.js';
import type { Engine, Publisher } from '../../src/engine/index.js';
import { TestRepository, git, makeFolder } from '../support/git.js';

/** A repository with some history on main and a branch: names, symbols, words that recur. */
export function makeHistory(commits = 8, about = 'parcels'): TestRepository {
  const folder = makeFolder();
  git(folder, ['init', '-q', '-b', 'main', 'repo']);
  const repository = new TestRepository(join(folder, 'repo'), false);
  const body = (name: string, version: number): string =>
    `/** Tells ${name} of the parcel. */\nexport function ${name}Of(parcel: Parcel): number {\n  return parcel.${name} * ${version};\n}\n\n` +
    `export class ${name}Counter {\n  private total = ${version};\n  add(value: number): void {\n    this.total += value;\n  }\n}\n`;
  repository.commits(
    Array.from({ length: commits }, (_, i) => ({
      files: {
        'src/weight.ts': body('weight', i),
        [`src/part${i % 3}.ts`]: body(`part${i}`, 1),
        'docs/guide.md': `# Parcels\n\nVersion ${i} weighs and counts ${about}.\n`,
        'data.bin': Buffer.from([0, 1, 2, i]),
        'bin/run.sh': { executable: `#!/bin/sh\necho ${i}\n` },
        link: { symlink: 'src/weight.ts' },
      },
      message: `change ${i}\n\nWith a body.\n`,
    })),
  );
  repository.commit({ 'src/extra.ts': body('extra', 7) }, { branch: 'side', parents: ['refs/heads/main~2'] });
  repository.tag('v1', 'main~1', 'first');
  return repository;
}

export async function withPublisher<T>(
  repo: string,
  store: string,
  action: (publisher: Publisher) => Promise<T>,
): Promise<T> {
  const publisher = await openPublisher({ repo, store, workers: 0 });
  try {
    return await action(publisher);
  } finally {
    await publisher.close();
  }
}

export async function withEngine<T>(
  repo: string,
  store: string,
  action: (engine: Engine) => Promise<T>,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<T> {
  const engine = await openEngine({ repo, store, settings, workers: 0 });
  try {
    return await action(engine);
  } finally {
    await engine.close();
  }
}

/** What a store answers to a set of questions at some revs, scores and all; not when lines came, which needs the history. */
export function answersOf(
  repo: string,
  store: string,
  revs: readonly string[],
  settings: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  const ask = async (engine: Engine): Promise<unknown> => {
    const answers: unknown[] = [];
    for (const rev of revs) {
      answers.push((await engine.grep('parcel', { rev, ignoreCase: true })).lines);
      answers.push((await engine.grep('re.?turn|total', { rev })).lines);
      for (const query of ['weight of the parcel', 'counter add', 'partOf'])
        for (const mode of ['hybrid', 'lexical', 'semantic'] as const)
          answers.push((await engine.search(query, { rev, mode })).hits.map((hit) => ({ ...hit, firstSeen: null })));
      answers.push((await engine.symbols('Counter', { rev })).symbols);
      answers.push((await engine.outline(rev, 'src/weight.ts')).symbols);
      answers.push((await engine.show(rev, 'docs/guide.md')).content);
    }
    return answers;
  };
  return withEngine(repo, store, ask, settings);
}
