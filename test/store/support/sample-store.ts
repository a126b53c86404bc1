import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openEngine } from '../../../src/engine/index.js';
import type { Engine } from '../../../src/engine/types.js';
import { makeFolder, makeRepository } from '../../support/git.js';
import type { TestRepository } from '../../support/git.js';
import { randomFrom, randomSource } from '../../crash/support/random.js';

/** A repository and a store with some segments, a plain fork and two edited ones, to be copied and damaged. */
export interface SampleStore {
  readonly repository: TestRepository;
  readonly store: string;
  /** The store's files, relative. */
  readonly files: readonly string[];
}

export async function makeSampleStore(): Promise<SampleStore> {
  const random = randomFrom(11);
  const repository = makeRepository();
  for (let commit = 0; commit < 3; commit++) {
    const files = Array.from({ length: commit === 0 ? 10 : 3 }, (_, i) => [`src/m${i}.ts`, randomSource(random, 20)]);
    repository.commit({ ...(Object.fromEntries(files) as Record<string, string>), 'README.md': `# parse ${commit}\n` });
  }
  const store = join(makeFolder(), 'store');
  const engine = await openEngine({ repo: repository.path, store, workers: 0 });
  await engine.index(['HEAD~2']);
  await engine.fork('plain', { from: 'HEAD~2' });
  await engine.fork('first', { from: 'HEAD~2' });
  await engine.apply('first', [{ kind: 'put', path: 'first.ts', content: Buffer.from('const parseFirst = 1;\n') }]);
  await engine.fork('second', { from: 'HEAD~2' });
  await engine.apply('second', [{ kind: 'put', path: 'second.ts', content: Buffer.from('const parseSecond = 2;\n') }]);
  await engine.index(['HEAD']);
  await engine.close();
  const files = readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /^(format|journal)|seg$/.test(name),
  );
  return { repository, store, files: files.sort() };
}

/** A copy of the store that may be damaged. */
export function copyStore({ store }: SampleStore): string {
  const copy = join(makeFolder(), 'store');
  cpSync(store, copy, { recursive: true });
  return copy;
}

export interface Asked {
  readonly rev: string;
  readonly answer: string;
  /** Code of the error instead of an answer. */
  readonly code: string | null;
  readonly message: string;
}

/** Asks every rev and fork of the sample; anything but an answer or a coded error is thrown on. */
export async function askAll(repository: TestRepository, store: string): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const rev of ['HEAD', 'HEAD~2', 'fork:plain', 'fork:first', 'fork:second']) {
    let engine: Engine | null = null;
    try {
      engine = await openEngine({ repo: repository.path, store, workers: 0, lockTimeoutMs: 500 });
      const { lines } = await engine.grep('parse\\w*', { rev });
      const { hits } = await engine.search('parse query builder', { rev });
      const { symbols } = await engine.symbols('parse', { rev });
      const { content } = await engine.show(rev, 'src/m1.ts');
      const found = hits.map(({ path, startLine, score, signals }) => ({ path, startLine, score, signals }));
      const answer = JSON.stringify({ lines, found, symbols, content: Buffer.from(content).toString('latin1') });
      asked.push({ rev, answer, code: null, message: '' });
    } catch (error) {
      const { code, message, stack } = error as { code?: string; message: string; stack?: string };
      asked.push({ rev, answer: '', code: code ?? `not coded: ${stack}`, message });
    } finally {
      await engine?.close();
    }
  }
  return asked;
}
