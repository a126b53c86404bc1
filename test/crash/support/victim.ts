import { writeSync } from 'node:fs';
import { openEngine } from '../../../src/engine/index.js';
import type { Engine } from '../../../src/engine/types.js';
import { WordEmbedder } from '../../support/word-embedder.js';
import { randomFrom, randomSource } from './random.js';

/** What the program says on stdout, a line of JSON each: what it is about to do, and what was acknowledged. */
export type Message =
  | { readonly say: 'ready' }
  | { readonly say: 'begin'; readonly act: Act }
  | { readonly say: 'done'; readonly act: Act };

export type Act =
  | { readonly do: 'index'; readonly rev: string; readonly history: boolean }
  | { readonly do: 'fork'; readonly name: string; readonly from: string }
  | { readonly do: 'put'; readonly name: string; readonly path: string; readonly content: string }
  | { readonly do: 'drop'; readonly name: string }
  | { readonly do: 'gc' };

// Writes to a store until it is killed: `victim REPO STORE SEED COMMITS FORKS…`.
const [repo = '', store = '', seed = '0', commits = '1', ...names] = process.argv.slice(2);
const random = randomFrom(Number(seed));
const forks = new Set(names);

const say = (message: Message): void => void writeSync(1, `${JSON.stringify(message)}\n`);

function nextAct(): Act {
  const choice = random(10);
  const fork = [...forks][random(Math.max(1, forks.size))];
  if (fork === undefined || choice === 0) {
    const from = fork === undefined || random(2) === 0 ? `HEAD~${random(Number(commits))}` : fork;
    return { do: 'fork', name: `f${seed}-${random(1e9)}`, from };
  }
  if (choice < 6) {
    return { do: 'put', name: fork, path: `src/p${random(4)}.ts`, content: randomSource(random, 1 + random(6)) };
  }
  if (choice === 6) return { do: 'gc' };
  if (choice === 7 && forks.size > 3) return { do: 'drop', name: fork };
  return { do: 'index', rev: `HEAD~${random(Number(commits))}`, history: random(6) === 0 };
}

async function perform(engine: Engine, act: Act): Promise<unknown> {
  switch (act.do) {
    case 'index':
      return engine.index([act.rev], { history: act.history });
    case 'fork':
      return engine.fork(act.name, { from: act.from });
    case 'put':
      return engine.apply(act.name, [{ kind: 'put', path: act.path, content: Buffer.from(act.content) }]);
    case 'drop':
      return engine.drop(act.name);
    case 'gc':
      return engine.gc();
  }
}

const lockMs = process.env['VICTIM_LOCK_MS'];
const engine = await openEngine({
  repo,
  store,
  workers: 0,
  embedder: new WordEmbedder(20),
  ...(lockMs === undefined ? {} : { lockTimeoutMs: Number(lockMs) }),
});
say({ say: 'ready' });
for (;;) {
  const act = nextAct();
  say({ say: 'begin', act });
  await perform(engine, act);
  if (act.do === 'fork') forks.add(act.name);
  if (act.do === 'drop') forks.delete(act.name);
  say({ say: 'done', act });
}
