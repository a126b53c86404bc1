import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CoppiceError } from '../../../src/base/errors.js';
import type { ErrorCode } from '../../../src/base/errors.js';
import type { Engine, GrepResult } from '../../../src/engine/types.js';
import type { Random } from '../../../test/crash/support/random.js';
import { ForkModel } from './fork-model.js';
import { digestOfSearch, digestOfSymbols, movingFile } from './plan.js';
import type { ClientPlan, KnownRev, Line } from './plan.js';
import { addError, addTime, addWrong } from './tally.js';
import type { Tally } from './tally.js';

interface Fork {
  readonly name: string;
  readonly model: ForkModel;
}

interface Lease {
  readonly rev: string;
  readonly literal: string;
  /** What it has to answer for ever. */
  readonly lines: readonly Line[];
}

const forksMax = 4;
const leasesMax = 3;

/** One client: asks this and that, and knows for each answer whether it is right. */
export class BenchClient {
  private readonly forks: Fork[] = [];
  private readonly leases: Lease[] = [];
  /** How far each moving branch was when it was last asked about. */
  private readonly seen = new Map<string, number>();
  private saves = 0;
  private names = 0;
  private readonly actions: readonly (readonly [weight: number, action: () => Promise<void>])[] = [
    [16, () => this.grepKnown()],
    [14, () => this.searchKnown()],
    [6, () => this.symbolsKnown()],
    [6, () => this.showSomething()],
    [10, () => this.grepMoving()],
    [14, () => this.saveAndAsk()],
    [12, () => this.grepFork()],
    [5, () => this.searchFork()],
    [4, () => this.makeFork()],
    [8, () => this.applyToFork()],
    [2, () => this.dropFork()],
    [3, () => this.takeLease()],
    [6, () => this.askLease()],
    [2, () => this.releaseLease()],
  ];

  constructor(
    private readonly engine: Engine,
    private readonly plan: ClientPlan,
    private readonly number: number,
    private readonly random: Random,
    public tally: Tally,
  ) {}

  async step(): Promise<void> {
    let left = this.random(this.actions.reduce((sum, [weight]) => sum + weight, 0));
    const [, action] = this.actions.find(([weight]) => (left -= weight) < 0)!;
    try {
      await action();
    } catch (error) {
      addError(this.tally, `client ${this.number}: ${String(error)}`);
    }
  }

  private async grepKnown(): Promise<void> {
    const known = this.pick(this.plan.revs);
    const at = this.random(this.plan.literals.length);
    const literal = this.plan.literals[at]!;
    const found = await this.timed('grep', () => this.engine.grep(literal, { rev: known.rev, literal: true }));
    this.expectLines(`grep ${literal} at ${known.rev}`, found, known.lines[at]!);
  }

  private async searchKnown(): Promise<void> {
    const { rev, searches } = this.pick(this.plan.revs);
    if (searches.length === 0) return;
    const [query, digest] = this.pick(searches);
    const found = await this.timed('search', () => this.engine.search(query, { rev }));
    if (digestOfSearch(found) !== digest) this.wrong(`search ${query} at ${rev} differs from that of an engine alone`);
  }

  private async symbolsKnown(): Promise<void> {
    const { rev, symbols } = this.pick(this.plan.revs);
    if (symbols.length === 0) return;
    const [name, digest] = this.pick(symbols);
    const found = await this.timed('symbols', () => this.engine.symbols(name, { rev }));
    if (digestOfSymbols(found) !== digest) this.wrong(`symbols ${name} at ${rev} differ from those of an engine alone`);
  }

  private async showSomething(): Promise<void> {
    const fork = this.random(2) === 0 ? this.someFork() : null;
    const known = this.pick(this.plan.revs);
    const rev = fork === null ? known.rev : fork.name;
    const file = fork === null ? known.files[this.random(known.files.length)] : fork.model.someFile(this.random);
    if (!file) return;
    const shown = await this.timed('show', () => this.engine.show(rev, file.path));
    if (Buffer.from(shown.content).toString('utf8') !== file.text)
      this.wrong(`show ${rev}:${file.path} has another text`);
  }

  /** A branch that moves: the answer has to be of one of its commits, and never of an earlier one than the last answer. */
  private async grepMoving(): Promise<void> {
    const branch = this.pick(Object.keys(this.plan.moving));
    const found = await this.timed('grep moving branch', () => this.engine.grep('movemark_\\d+_', { rev: branch }));
    const at = this.plan.moving[branch]!.indexOf(found.rev.commit ?? '');
    const before = this.seen.get(branch) ?? 0;
    if (at < before) this.wrong(`${branch} is at its commit ${at} (${found.rev.commit}), and was at ${before} already`);
    else this.expectLines(`grep in ${branch}`, found, [[movingFile, 1, `movemark_${at}_`]]);
    this.seen.set(branch, Math.max(at, before));
  }

  /** Saves a file of the work tree that no other client writes to, and asks for what it saved. */
  private async saveAndAsk(): Promise<void> {
    const { path, text } = this.plan.saved[this.number]!;
    const marker = `workmark_${this.number}_${++this.saves}_`;
    writeFileSync(join(this.plan.repo, path), `${text}${marker}\n`);
    const allowStale = this.random(4) === 0;
    const options = { rev: '@worktree', allowStale };
    let freshness: string;
    let right: boolean;
    if (this.random(3) > 0) {
      const pattern = `workmark_${this.number}_\\d+_`;
      const found = await this.timed('grep @worktree', () => this.engine.grep(pattern, options));
      freshness = found.freshness;
      right = sameLines(found, [[path, text.split('\n').length, marker]]);
    } else {
      const { hits } = await this.timed('search @worktree', () => this.engine.search(`"${marker}"`, options));
      freshness = hits[0]?.freshness ?? (allowStale ? 'stale' : 'live');
      right = hits.some((hit) => hit.path === path && hit.text.includes(marker));
    }
    const { tally } = this;
    tally.freshness[freshness] = (tally.freshness[freshness] ?? 0) + 1;
    // What is called stale without having been allowed to be has only been overtaken by later saves.
    if (!right && (freshness !== 'stale' || !allowStale))
      this.wrong(`the work tree, ${freshness}, without the save of ${marker}`);
  }

  private async grepFork(): Promise<void> {
    const fork = this.someFork();
    if (fork === null) return this.makeFork();
    const { literal, index } = this.pickLiteral();
    const found = await this.timed('grep fork', () => this.engine.grep(literal, { rev: fork.name, literal: true }));
    this.expectLines(`grep ${literal} in ${fork.name}`, found, fork.model.linesWith(literal, index));
  }

  private async searchFork(): Promise<void> {
    const fork = this.someFork();
    if (fork === null) return;
    const marks = fork.model.linesWith(this.forkMark(), null);
    if (marks.length === 0) return;
    const [path, , text] = this.pick(marks);
    const marker = text.split(' ')[0]!;
    const { hits } = await this.timed('search fork', () =>
      this.engine.search(`"${marker}"`, { rev: `fork:${fork.name}` }),
    );
    if (!hits.some((hit) => hit.path === path && hit.text.includes(marker)))
      this.wrong(`search ${marker} in ${fork.name} misses ${path}`);
  }

  private async makeFork(): Promise<void> {
    if (this.forks.length >= forksMax) return this.dropFork();
    const name = `client-${this.number}-fork-${++this.names}`;
    const parent = this.random(3) === 0 ? this.someFork() : null;
    const known: KnownRev = this.pick(this.plan.revs);
    await this.timed('fork', () => this.engine.fork(name, { from: parent?.name ?? known.rev }));
    this.forks.push({ name, model: parent?.model.copy() ?? new ForkModel(known) });
  }

  private async applyToFork(): Promise<void> {
    const fork = this.someFork();
    if (fork === null) return this.makeFork();
    // If it fails the model is wrong: then the fork is of no more use.
    this.forks.splice(this.forks.indexOf(fork), 1);
    const steps = Array.from({ length: 1 + this.random(3) }, () => {
      return fork.model.edit(`${this.forkMark()}${++this.names}_`, this.random).step;
    });
    const removed = this.random(4) === 0 ? fork.model.remove(this.random) : null;
    if (removed !== null) steps.push(removed);
    await this.timed('apply', () => this.engine.apply(fork.name, steps));
    this.forks.push(fork);
  }

  private async dropFork(): Promise<void> {
    const fork = this.forks.shift();
    if (fork === undefined) return;
    await this.timed('drop', () => this.engine.drop(fork.name));
    await this.expectError(`the fork ${fork.name} was dropped`, 'REV_NOT_FOUND', () =>
      this.engine.grep('x', { rev: fork.name }),
    );
  }

  private async takeLease(): Promise<void> {
    if (this.leases.length >= leasesMax) return this.releaseLease();
    const fork = this.random(2) === 0 ? this.someFork() : null;
    const { literal, index } = this.pickLiteral();
    const rev = fork?.name ?? this.pick(['@worktree', 'HEAD', 'moving-1']);
    const lines = fork?.model.linesWith(literal, index);
    const { lease } = await this.timed('lease', () => this.engine.lease(rev));
    const asked = fork === null ? 'mark_\\d+_' : literal;
    const first = await this.timed('grep lease', () => this.engine.grep(asked, { rev: lease, literal: fork !== null }));
    if (lines !== undefined) this.expectLines(`the lease of ${rev}, grep ${literal}`, first, lines);
    this.leases.push({ rev: lease, literal: asked, lines: linesOf(first) });
  }

  private async askLease(): Promise<void> {
    const lease = this.leases[this.random(this.leases.length)];
    if (lease === undefined) return this.takeLease();
    const literal = lease.literal !== 'mark_\\d+_';
    const found = await this.timed('grep lease', () => this.engine.grep(lease.literal, { rev: lease.rev, literal }));
    this.expectLines(`${lease.rev} once more`, found, lease.lines);
  }

  private async releaseLease(): Promise<void> {
    const lease = this.leases.shift();
    if (lease === undefined) return;
    await this.timed('release', () => this.engine.releaseLease(lease.rev));
    await this.expectError('the lease was released', 'LEASE_NOT_FOUND', () =>
      this.engine.grep('x', { rev: lease.rev }),
    );
  }

  private forkMark(): string {
    return `forkmark_${this.number}_`;
  }

  private someFork(): Fork | null {
    return this.forks[this.random(this.forks.length)] ?? null;
  }

  /** One of the plan's, or what is only in this client's forks. */
  private pickLiteral(): { literal: string; index: number | null } {
    if (this.random(2) === 0) return { literal: this.forkMark(), index: null };
    const index = this.random(this.plan.literals.length);
    return { literal: this.plan.literals[index]!, index };
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.random(list.length)]!;
  }

  private async timed<T>(kind: string, action: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    try {
      return await action();
    } catch (error) {
      throw new Error(`${kind}: ${error instanceof CoppiceError ? `${error.code} ` : ''}${String(error)}`, {
        cause: error,
      });
    } finally {
      addTime(this.tally, kind, performance.now() - startMs);
    }
  }

  private async expectError(what: string, code: ErrorCode, action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (error instanceof CoppiceError && error.code === code) return;
      throw error;
    }
    this.wrong(`${what}, and is still answered`);
  }

  private expectLines(what: string, found: GrepResult, wanted: readonly Line[]): void {
    if (sameLines(found, wanted)) return;
    const [ours, theirs] = [linesOf(found).map(shown), wanted.map(shown)];
    const missing = theirs.filter((line) => !ours.includes(line));
    const extra = ours.filter((line) => !theirs.includes(line));
    this.wrong(
      `${what}: ${missing.length} lines missing, ${extra.length} extra; ${[...missing, ...extra][0]?.slice(0, 200) ?? 'in another order'}`,
    );
  }

  private wrong(text: string): void {
    addWrong(this.tally, `client ${this.number}: ${text}`);
  }
}

const linesOf = ({ lines }: GrepResult): Line[] => lines.map(({ path, line, text }) => [path, line, text]);

const shown = ([path, line, text]: Line): string => `${path}:${line}:${text}`;

const sameLines = (found: GrepResult, wanted: readonly Line[]): boolean =>
  linesOf(found).map(shown).join('\n') === wanted.map(shown).join('\n');
