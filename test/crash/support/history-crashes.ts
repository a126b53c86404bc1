import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openEngine } from '../../../src/engine/index.js';
import type { Engine } from '../../../src/engine/types.js';
import { answersOf, differences } from '../../property/support/answers.js';
import { BorrowedRepository } from '../../support/borrowed.js';
import type { BorrowedRef } from '../../support/borrowed.js';
import { bundleProgram } from '../../support/bundle.js';
import { makeFolder, makeRepository } from '../../support/git.js';
import type { CommitSpec, TestRepository } from '../../support/git.js';
import { examine } from './crashes.js';
import type { Message, Orders, Phase, Stage } from './history-victim.js';
import { randomFrom, randomSource } from './random.js';
import type { Random } from './random.js';

export interface HistoryCrashResult {
  readonly kills: number;
  /** Kills by what they landed in. */
  readonly landed: Readonly<Record<string, number>>;
  /** Times that a stage was run to its end, and its outcome was held against a store that nobody killed. */
  readonly compared: number;
  readonly unfinishedRecords: number;
  readonly problems: readonly string[];
}

export interface HistoryCrashOptions {
  readonly kills: number;
  readonly seed: number;
  /** A repository to take; else one is made, of about so many commits and those that are updates. */
  readonly repo?: string;
  readonly commits: number;
  /** Commits that are indexed one by one: the newest of HEAD. */
  readonly updates: number;
  readonly onKill?: (done: number) => void;
}

/** Refs of a stage, and what a store has that was built from them in one go. */
interface Reference {
  readonly refs: readonly BorrowedRef[];
  readonly engine: Engine;
  readonly commits: readonly string[];
}

/** Most kills of one stage: collecting is over soonest. */
const killsMax: Readonly<Record<Stage, number>> = { index: 2, update: 2, gc: 6 };

/**
 * Kills (SIGKILL) a process that indexes a whole history, then commits one by one (which makes segments merge), then
 * collects what deleted branches leave; over and over, the same store each time. After each kill the store has to be
 * sound and hold what was acknowledged; after each stage it has to equal a store that was built in one go.
 */
export async function runHistoryCrashes(options: HistoryCrashOptions): Promise<HistoryCrashResult> {
  const random = randomFrom(options.seed);
  const origin = options.repo ?? makeHistory(random, options).path;
  const trial = await HistoryTrial.prepare(origin, options, random);
  try {
    while (trial.kills < options.kills && trial.problems.length === 0) await trial.liveOnce();
  } finally {
    await trial.close();
  }
  const { kills, landed, compared, unfinishedRecords, problems } = trial;
  return { kills, landed, compared, unfinishedRecords, problems };
}

class HistoryTrial {
  kills = 0;
  compared = 0;
  unfinishedRecords = 0;
  readonly landed: Record<string, number> = {};
  readonly problems: string[] = [];
  private readonly store = join(makeFolder(), 'store');
  private runs = 0;
  /** Recorded commits that a call of this stage told of. */
  private acknowledged = 0;
  /** How long phases took lately, and how often they changed something in the file system. */
  private readonly usual: Record<Phase, { ms: number; changes: number }> = {
    index: { ms: 0, changes: 20 },
    update: { ms: 20, changes: 10 },
    merge: { ms: 30, changes: 15 },
    gc: { ms: 100, changes: 15 },
    rest: { ms: 0, changes: 0 },
  };

  private constructor(
    private readonly program: string,
    private readonly repository: BorrowedRepository,
    private readonly references: { readonly base: Reference; readonly whole: Reference; readonly less: Reference[] },
    private readonly updates: readonly string[],
    private readonly random: Random,
    private readonly options: HistoryCrashOptions,
  ) {}

  static async prepare(origin: string, options: HistoryCrashOptions, random: Random): Promise<HistoryTrial> {
    const program = await bundleProgram('crash/support/history-victim.ts');
    const repository = new BorrowedRepository(join(makeFolder(), 'repo'), origin, { allRefs: false });
    const { headBranch, refs } = repository;
    if (headBranch === null) throw new Error('HEAD is detached');
    const updates = repository
      .git('rev-list', '--first-parent', `--max-count=${options.updates + 1}`, 'HEAD')
      .split('\n')
      .reverse();
    const base = refs.map((ref) => (ref.name === headBranch ? { ...ref, oid: updates[0]! } : ref));
    const halves = [0, 1].map((half) => base.filter((ref, i) => ref.name === headBranch || i % 2 === half));
    const less: Reference[] = [];
    for (const half of halves) less.push(await makeReference(origin, half));
    const startMs = performance.now();
    const references = { base: await makeReference(origin, base), whole: await makeReference(origin, refs), less };
    const trial = new HistoryTrial(program, repository, references, updates.slice(1), random, options);
    trial.usual.index.ms = (performance.now() - startMs) / 2;
    return trial;
  }

  /** Indexes everything but the newest commits, these one by one, then collects half of the branches. */
  async liveOnce(): Promise<void> {
    const { base, whole, less } = this.references;
    this.repository.writeRefs(base.refs);
    await this.stage('index', base);
    this.repository.writeRefs(whole.refs);
    await this.stage('update', whole);
    const left = less[this.random(less.length)]!;
    this.repository.writeRefs(left.refs);
    this.acknowledged = 0;
    await this.stage('gc', left);
  }

  async close(): Promise<void> {
    for (const { engine } of [this.references.base, this.references.whole, ...this.references.less])
      await engine.close();
  }

  /** Runs a stage until it ends by itself, after some kills. */
  private async stage(stage: Stage, reference: Reference): Promise<void> {
    let left = Math.min(1 + this.random(killsMax[stage]), this.options.kills - this.kills);
    // The update that fills a tier is followed by merging: most kills are meant for that.
    const target = (): Phase => (stage === 'update' ? (this.random(4) === 0 ? 'update' : 'merge') : stage);
    for (;;) {
      const ended = await this.run(stage, reference, left > 0 ? target() : null);
      if (this.problems.length > 0) return;
      if (ended) break;
      left--;
      await this.examine(reference);
    }
    await this.compare(reference, true);
    this.compared++;
  }

  /**
   * Runs the program, and kills it in the middle of a phase of that name: after a while, or at a change that it makes in
   * the file system. True when it came to its end before.
   */
  private async run(stage: Stage, { commits }: Reference, target: Phase | null): Promise<boolean> {
    const { options, random } = this;
    // Of the phases of that name the first, or one of the next.
    let skip = target === 'update' || target === 'merge' ? random(4) : 0;
    const usual = this.usual[target ?? 'rest'];
    const atChange = target !== null && random(2) === 0 ? 1 + random(Math.ceil(usual.changes)) : 0;
    const orders: Orders = {
      repo: this.repository.path,
      store: this.store,
      stage,
      seed: options.seed * 1000 + this.runs++,
      abortMsMax: Math.ceil(this.usual.index.ms),
      commits: stage === 'update' ? this.updates : [commits[random(commits.length)]!, commits[random(commits.length)]!],
      die: target !== null && atChange > 0 ? { phase: target, skip, atChange } : null,
    };
    const child = spawn(process.execPath, [this.program, JSON.stringify(orders)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
    const closed = new Promise<NodeJS.Signals | null>((resolve) => child.on('close', (_, signal) => resolve(signal)));
    let finished = false;
    let now: { phase: Phase; sinceMs: number; changes: number } = { phase: 'rest', sinceMs: 0, changes: 0 };
    for await (const line of createInterface({ input: child.stdout })) {
      const message = JSON.parse(line) as Message;
      if (message.say === 'finished') finished = true;
      if (message.say === 'acknowledged') this.acknowledged = message.commits;
      if (message.say !== 'phase') continue;
      const { phase, changes } = message;
      const sinceMs = performance.now();
      if (target === null) this.learn(now.phase, sinceMs - now.sinceMs, changes - now.changes);
      now = { phase, sinceMs, changes };
      if (phase !== target || orders.die !== null || skip-- > 0) continue;
      const afterMs = random(Math.ceil(usual.ms));
      if (afterMs === 0) child.kill('SIGKILL');
      else setTimeout(() => child.kill('SIGKILL'), afterMs);
    }
    const signal = await closed;
    if (signal === 'SIGKILL') {
      this.landed[now.phase] = (this.landed[now.phase] ?? 0) + 1;
      this.kills++;
      options.onKill?.(this.kills);
    } else if (!finished) this.problems.push(`the program ended by itself (${String(signal)}): ${errors}`);
    return signal !== 'SIGKILL';
  }

  private learn(phase: Phase, ms: number, changes: number): void {
    const usual = this.usual[phase];
    usual.ms = (usual.ms + ms) / 2;
    usual.changes = (usual.changes + changes) / 2;
  }

  /** Opens the store after a kill: it is sound, nothing acknowledged is gone, and a commit answers as it should. */
  private async examine(reference: Reference): Promise<void> {
    const engine = await openEngine({ repo: this.repository.path, store: this.store, workers: 0 });
    try {
      const { unfinished, problems } = await examine(engine);
      this.unfinishedRecords += unfinished;
      this.problems.push(...problems);
      const { commits } = await engine.status();
      if (commits < this.acknowledged)
        this.problems.push(`${this.acknowledged} commits were acknowledged, and ${commits} are there`);
    } catch (error) {
      this.problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      await engine.close();
    }
    await this.compare(reference, false);
  }

  /** Compares answers at some commits with the reference; of a stage that has ended, everything. */
  private async compare({ engine: expected, commits }: Reference, ended: boolean): Promise<void> {
    const engine = await openEngine({ repo: this.repository.path, store: this.store, workers: 0 });
    try {
      if (ended) {
        const found = differences(await wholeAnswers(engine), await wholeAnswers(expected));
        this.problems.push(...found);
      }
      for (let i = ended ? 3 : 1; i > 0; i--) {
        const commit = commits[this.random(commits.length)]!;
        const found = differences(await answersOf(engine, commit, []), await answersOf(expected, commit, []));
        this.problems.push(...found.map((text) => `${commit}: ${text}`));
      }
    } catch (error) {
      this.problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      await engine.close();
    }
  }
}

/** Builds a store from these refs in one go, beside a repository of its own. */
async function makeReference(origin: string, refs: readonly BorrowedRef[]): Promise<Reference> {
  const repository = new BorrowedRepository(join(makeFolder(), 'repo'), origin, { allRefs: false });
  repository.writeRefs(refs);
  const engine = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
  await engine.index([], { all: true, history: true });
  return { refs, engine, commits: repository.commits() };
}

/** What the store holds in all, and what the history answers. */
async function wholeAnswers(engine: Engine): Promise<Record<string, unknown>> {
  const { chunks, commits, files, trees } = await engine.status();
  const answers: Record<string, unknown> = { counts: { chunks, commits, files, trees } };
  for (const [pattern, literal] of [
    ['parse', true],
    ['größe', true],
    ['export function finish1\\d', false],
  ] as const) {
    answers[`log ${pattern}`] = await gathered(engine.log(pattern, ['HEAD'], { literal }));
    answers[`commits ${pattern}`] = await gathered(engine.logCommits(pattern, ['HEAD'], { literal }));
  }
  const { hits } = await engine.search('parse tree');
  answers['first seen'] = hits.map(({ path, startLine, firstSeen }) => ({ path, startLine, firstSeen }));
  return answers;
}

async function gathered<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const filesAtFirst = 40;
const branchCount = 8;

/**
 * A bare repository in which a quarter of the commits are on branches, of which some were merged; then come those that are
 * indexed one by one, which only `main` has. Every commit changes a file or two.
 */
function makeHistory(random: Random, { commits, updates }: HistoryCrashOptions): TestRepository {
  const repository = makeRepository({ bare: true });
  const specs: CommitSpec[] = [];
  const pathOf = (file: number): string => `src/p${file % 5}/m${file}.ts`;
  const changes = (): Record<string, string> => {
    const files: Record<string, string> = {};
    for (let count = 1 + random(2); count > 0; count--)
      files[pathOf(random(filesAtFirst + 10))] = randomSource(random, 2 + random(6));
    return files;
  };
  const first: Record<string, string> = {};
  for (let file = 0; file < filesAtFirst; file++) first[pathOf(file)] = randomSource(random, 4);
  const onMain: number[] = [1];
  specs.push({ files: first, branch: 'main' });
  const commitOnMain = (spec: CommitSpec): void => {
    specs.push({ ...spec, branch: 'main' });
    onMain.push(specs.length);
  };
  for (let branch = 0; branch < branchCount; branch++) {
    for (let left = Math.floor((commits * 0.75) / branchCount); left > 0; left--) commitOnMain({ files: changes() });
    const from = onMain[random(onMain.length)]!;
    for (let i = 0; i < (commits * 0.25) / branchCount; i++) {
      const parents = i === 0 ? { parents: [`:${from}`] } : {};
      specs.push({ files: changes(), branch: `side${branch}`, ...parents });
    }
    if (branch % 4 === 3) commitOnMain({ files: changes(), parents: [`:${onMain.at(-1)!}`, `:${specs.length}`] });
  }
  const tagged = specs.length;
  for (let left = updates; left > 0; left--) commitOnMain({ files: changes() });
  const oids = repository.commits(specs);
  for (let tag = 0; tag < 5; tag++) repository.tag(`v${tag}`, oids[random(tagged)]);
  return repository;
}
