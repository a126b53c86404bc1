import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openEngine } from '../../../src/engine/index.js';
import type { Engine } from '../../../src/engine/types.js';
import { makeFolder, makeRepository } from '../../support/git.js';
import type { TestRepository } from '../../support/git.js';
import { answersOf, differences } from '../../property/support/answers.js';
import { commitTree, treeOf, withFile } from '../../property/support/file-tree.js';
import type { FileTree } from '../../property/support/file-tree.js';
import { WordEmbedder } from '../../support/word-embedder.js';
import { bundleProgram } from '../../support/bundle.js';
import { randomFrom, randomSource } from './random.js';
import type { Act, Message } from './victim.js';

export interface CrashResult {
  readonly kills: number;
  /** Acts that were acknowledged before a kill. */
  readonly acknowledged: number;
  /** Kills that came while an act was under way, by what it was. */
  readonly interrupted: Readonly<Record<string, number>>;
  /** Kills that left a record of the journal unfinished: it never counted. */
  readonly unfinishedRecords: number;
  readonly problems: readonly string[];
}

const commitCount = 24;
/** Every third kill comes at any moment from the start, others leave room for acts that are done, on a busy machine too. */
const roomMs = 400;

/**
 * Kills (SIGKILL) a process that writes to a store, over and over, the same store each time. After each kill the store has to
 * be sound, hold all that was acknowledged, and answer as a fresh one.
 */
export async function runCrashes(options: {
  kills: number;
  seed: number;
  onKill?: (done: number) => void;
}): Promise<CrashResult> {
  const random = randomFrom(options.seed);
  const program = await bundleProgram('crash/support/victim.ts');
  const { repository, trees } = makeHistory(random);
  const trial = new Trial(repository, join(makeFolder(), 'store'), trees);
  for (let kill = 0; kill < options.kills; kill++) {
    await trial.killOnce(program, options.seed * 1000 + kill, random(400) + (kill % 3) * roomMs);
    await trial.examine(random);
    options.onKill?.(kill + 1);
  }
  const { acknowledged, interrupted, unfinishedRecords, problems } = trial;
  return { kills: options.kills, acknowledged, interrupted, unfinishedRecords, problems };
}

const openStore = ({ path }: TestRepository, store: string): Promise<Engine> =>
  openEngine({ repo: path, store, workers: 0, embedder: new WordEmbedder() });

/** What `doctor` finds, apart from a last record that was never finished: it does not count. */
export async function examine(engine: Engine): Promise<{ unfinished: number; problems: string[] }> {
  const { problems } = await engine.doctor();
  const counted = problems.filter(({ where, message }) => where !== 'journal' || !message.includes('never finished'));
  return {
    unfinished: problems.length - counted.length,
    problems: counted.map(({ where, message }) => `doctor: ${where}: ${message}`),
  };
}

/** A repository whose commits each change a file or two; the trees are by distance from HEAD. */
function makeHistory(random: (below: number) => number): { repository: TestRepository; trees: FileTree[] } {
  const repository = makeRepository();
  const trees: FileTree[] = [];
  let tree: FileTree = new Map();
  for (let i = 0; i < commitCount; i++) {
    const count = i === 0 ? 12 : 1 + random(2);
    for (let file = 0; file < count; file++) {
      const path = `src/${i === 0 ? `m${file}` : `m${random(12)}`}.ts`;
      tree = withFile(tree, path, Buffer.from(randomSource(random, 2 + random(12))));
    }
    trees.unshift(tree);
  }
  repository.commits([...trees].reverse().map((files) => ({ files: Object.fromEntries(files), replace: true })));
  return { repository, trees };
}

class Trial {
  acknowledged = 0;
  unfinishedRecords = 0;
  readonly interrupted: Record<string, number> = {};
  readonly problems: string[] = [];
  private readonly forks = new Map<string, FileTree>();
  private readonly indexed = new Set<string>();
  private underWay: Act | null = null;

  constructor(
    private readonly repository: TestRepository,
    private readonly store: string,
    private readonly trees: readonly FileTree[],
  ) {}

  /** Starts the program and kills it `afterMs` after it has begun. */
  async killOnce(program: string, seed: number, afterMs: number): Promise<void> {
    const args = [program, this.repository.path, this.store, String(seed), String(commitCount), ...this.forks.keys()];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
    const closed = new Promise<NodeJS.Signals | null>((resolve) => child.on('close', (_, signal) => resolve(signal)));
    this.underWay = null;
    for await (const line of createInterface({ input: child.stdout })) {
      const message = JSON.parse(line) as Message;
      if (message.say === 'ready') setTimeout(() => child.kill('SIGKILL'), afterMs);
      else if (message.say === 'begin') this.underWay = message.act;
      else {
        this.acknowledged++;
        this.underWay = null;
        this.note(message.act);
      }
    }
    const signal = await closed;
    if (signal !== 'SIGKILL') this.problems.push(`the program ended by itself (${String(signal)}): ${errors}`);
    const act: Act['do'] | 'nothing' = this.underWay?.do ?? 'nothing';
    this.interrupted[act] = (this.interrupted[act] ?? 0) + 1;
  }

  /** Opens the store again and looks at everything that was acknowledged. */
  async examine(random: (below: number) => number): Promise<void> {
    const engine = await openStore(this.repository, this.store);
    try {
      const { unfinished, problems } = await examine(engine);
      this.unfinishedRecords += unfinished;
      this.problems.push(...problems);
      await this.examineForks(engine);
      for (const rev of this.indexed) {
        const { revs } = await engine.index([rev]);
        if (revs[0]!.newFiles + revs[0]!.newChunks > 0) this.problems.push(`${rev} was acknowledged and is not there`);
      }
      const names = [...this.forks.keys()];
      const name = names[random(Math.max(1, names.length))];
      if (name !== undefined) await this.compare(engine, `fork:${name}`, this.forks.get(name)!);
      const back = random(commitCount);
      await this.compare(engine, `HEAD~${back}`, this.trees[back]!);
    } catch (error) {
      this.problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      await engine.close();
    }
  }

  /** Forks are as acknowledged; what was under way may have been done. */
  private async examineForks(engine: Engine): Promise<void> {
    const act = this.underWay;
    const found = new Map((await engine.forks()).map(({ name, tree }) => [name, tree]));
    const scratch = makeRepository();
    for (const [name, tree] of [...this.forks]) {
      const actual = found.get(name);
      found.delete(name);
      if (actual === undefined) {
        if (act?.do === 'drop' && act.name === name) this.forks.delete(name);
        else this.problems.push(`the fork ${name} is lost`);
        continue;
      }
      commitTree(scratch, tree);
      if (actual === treeOf(scratch, 'HEAD')) continue;
      const after =
        act?.do === 'put' && act.name === name ? withFile(tree, act.path, Buffer.from(act.content)) : undefined;
      if (after !== undefined) {
        commitTree(scratch, after);
        if (actual === treeOf(scratch, 'HEAD')) {
          this.forks.set(name, after);
          continue;
        }
      }
      this.problems.push(`the fork ${name} stands at another tree than was acknowledged`);
    }
    for (const name of found.keys()) {
      if (act?.do === 'fork' && act.name === name) this.note(act);
      else this.problems.push(`there is a fork ${name} that was dropped or never made`);
    }
  }

  private note(act: Act): void {
    if (act.do === 'index') this.indexed.add(act.rev);
    if (act.do === 'drop') this.forks.delete(act.name);
    if (act.do === 'fork') {
      const back = /^HEAD~(\d+)$/.exec(act.from)?.[1];
      this.forks.set(act.name, back === undefined ? this.forks.get(act.from)! : this.trees[Number(back)]!);
    }
    if (act.do === 'put') {
      this.forks.set(act.name, withFile(this.forks.get(act.name)!, act.path, Buffer.from(act.content)));
    }
  }

  private async compare(engine: Engine, rev: string, tree: FileTree): Promise<void> {
    const scratch = makeRepository();
    commitTree(scratch, tree);
    const fresh = await openStore(scratch, join(makeFolder(), 'store'));
    try {
      // Then all vectors are there.
      await engine.index([rev]);
      await fresh.index(['HEAD']);
      const shown = [...tree.keys()].slice(0, 2);
      const found = differences(await answersOf(engine, rev, shown), await answersOf(fresh, 'HEAD', shown));
      this.problems.push(...found.map((text) => `${rev}: ${text}`));
    } finally {
      await fresh.close();
    }
  }
}
