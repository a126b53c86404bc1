import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { ApplyStep, Engine, EngineOptions } from '../../../src/engine/types.js';
import { makeFolder, makeRepository } from '../../support/git.js';
import type { TestRepository } from '../../support/git.js';
import { answersOf, differences } from './answers.js';
import { commitTree, diffOf, sameContent, treeOf, withChanges, withFile, withoutFile } from './file-tree.js';
import type { FileTree } from './file-tree.js';
import { file } from './random-content.js';

/**
 * Random histories of a repository and its store, and the oracle over them: a snapshot reached through the shared store
 * answers as a fresh store does that indexed the same tree alone. What forks hold is kept on the side as plain maps.
 */
type FileChange = readonly [path: string, content: Uint8Array];

export type Step =
  | { readonly do: 'commit'; readonly branch: number; readonly files: readonly FileChange[]; readonly remove: number }
  | { readonly do: 'branch'; readonly from: number }
  | { readonly do: 'delete-branch'; readonly branch: number }
  | {
      readonly do: 'index';
      readonly branch: number;
      readonly back: number;
      readonly all: boolean;
      readonly history: boolean;
    }
  | { readonly do: 'search'; readonly branch: number; readonly back: number }
  | { readonly do: 'fork'; readonly from: number; readonly fromFork: boolean }
  | { readonly do: 'drop'; readonly fork: number }
  | { readonly do: 'apply'; readonly fork: number; readonly edits: readonly ForkEdit[] }
  | { readonly do: 'worktree'; readonly files: readonly FileChange[]; readonly remove: number; readonly index: boolean }
  | { readonly do: 'gc' }
  | { readonly do: 'reopen' }
  | { readonly do: 'lose-vectors'; readonly which: number }
  | { readonly do: 'check'; readonly which: number };

type ForkEdit =
  | { readonly kind: 'put'; readonly file: FileChange }
  | { readonly kind: 'remove'; readonly path: number }
  | { readonly kind: 'commit'; readonly branch: number; readonly back: number }
  | { readonly kind: 'patch'; readonly files: readonly FileChange[]; readonly remove: number; readonly move: boolean };

const number = fc.nat(1000);
const changes = fc.array(file, { minLength: 1, maxLength: 4 });
const forkEdit: fc.Arbitrary<ForkEdit> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('put' as const), file }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), path: number }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('commit' as const), branch: number, back: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('patch' as const), files: changes, remove: number, move: fc.boolean() }),
  },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('commit' as const), branch: number, files: changes, remove: number }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('branch' as const), from: number }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete-branch' as const), branch: number }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('index' as const),
      branch: number,
      back: fc.nat(3),
      all: fc.nat(4).map((n) => n === 0),
      history: fc.nat(4).map((n) => n === 0),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('search' as const), branch: number, back: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('fork' as const), from: number, fromFork: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), fork: number }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('apply' as const),
      fork: number,
      edits: fc.array(forkEdit, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('worktree' as const), files: changes, remove: number, index: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('gc' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose-vectors' as const), which: number }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('check' as const), which: number }) },
);

/** A first commit, then anything. */
export const histories = (stepsMax: number): fc.Arbitrary<Step[]> =>
  fc
    .tuple(changes, fc.array(step, { minLength: 4, maxLength: stepsMax }))
    .map(([files, steps]) => [{ do: 'commit', branch: 0, files, remove: 1 } as const, ...steps]);

/** Steps for people: contents cut short. */
export const describeSteps = (steps: readonly Step[]): string =>
  steps
    .map((step) =>
      JSON.stringify(step, (_, value: unknown) => {
        const bytes = value as { type?: string; data?: number[] } | null;
        return bytes?.type === 'Buffer' ? Buffer.from(bytes.data!).toString('latin1').slice(0, 60) : value;
      }),
    )
    .join('\n');

export type OpenEngine = (options: EngineOptions) => Promise<Engine>;

export interface Outcome {
  /** Snapshots compared. */
  readonly compared: number;
  readonly differences: readonly string[];
}

interface Fork {
  tree: FileTree;
  /** The commit it equals. */
  commit: string | null;
}

/** Takes the steps and compares: where a step says so, and every branch and fork at the end (at most `checksMax`). */
export async function runHistory(openEngine: OpenEngine, steps: readonly Step[], checksMax: number): Promise<Outcome> {
  const history = await RandomHistory.begin(openEngine);
  try {
    for (const step of steps) await history.take(step);
    await history.checkAll(checksMax);
    return { compared: history.compared, differences: history.differences };
  } finally {
    await history.engine.close();
  }
}

class RandomHistory {
  compared = 0;
  readonly differences: string[] = [];
  private readonly trees = new Map<string, FileTree>(); // by commit
  private readonly forks = new Map<string, Fork>();
  private worktree: FileTree | null = null;
  private nextName = 1;

  private constructor(
    private readonly openEngine: OpenEngine,
    private readonly repository: TestRepository,
    private readonly store: string,
    public engine: Engine,
  ) {}

  static async begin(openEngine: OpenEngine): Promise<RandomHistory> {
    const repository = makeRepository();
    const store = join(makeFolder(), 'store');
    const engine = await openEngine({ repo: repository.path, store, workers: 0 });
    return new RandomHistory(openEngine, repository, store, engine);
  }

  async take(step: Step): Promise<void> {
    const { engine, repository } = this;
    switch (step.do) {
      case 'commit': {
        const branch = this.branches()[step.branch % Math.max(1, this.branches().length)] ?? 'main';
        const before = this.branches().includes(branch) ? this.trees.get(repository.revParse(branch))! : new Map();
        const tree = changed(before, step.files, step.remove);
        this.trees.set(commitTree(repository, tree, branch), tree);
        if (branch === 'main') {
          repository.git('clean', '-fdq'); // it was checked out anew
          this.worktree = null;
        }
        return;
      }
      case 'branch':
        return repository.branch(`b${this.nextName++}`, pick(this.branches(), step.from));
      case 'delete-branch': {
        const branch = pick(this.branches(), step.branch);
        if (branch !== 'main') repository.git('update-ref', '-d', `refs/heads/${branch}`);
        return;
      }
      case 'index':
        await engine.index([this.revOf(step)], { all: step.all, history: step.history });
        return;
      case 'search':
        await engine.search('parse', { rev: this.revOf(step) });
        return;
      case 'fork': {
        const names = [...this.forks.keys()];
        const from = step.fromFork && names.length > 0 ? pick(names, step.from) : pick(this.branches(), step.from);
        const source = this.forks.get(from);
        const name = `f${this.nextName++}`;
        const commit = source === undefined ? repository.revParse(from) : source.commit;
        await engine.fork(name, { from });
        this.forks.set(name, { tree: source?.tree ?? this.trees.get(commit!)!, commit });
        return;
      }
      case 'drop': {
        if (this.forks.size < 2) return;
        const name = pick([...this.forks.keys()], step.fork);
        await engine.drop(name);
        this.forks.delete(name);
        return;
      }
      case 'apply':
        return this.apply(step.fork, step.edits);
      case 'worktree':
        return this.editWorktree(step.files, step.remove, step.index);
      case 'gc':
        if (this.nextName % 2 === 0) repository.git('reflog', 'expire', '--expire=now', '--all');
        await engine.gc();
        return;
      case 'reopen':
        await engine.close();
        this.engine = await this.openEngine({ repo: repository.path, store: this.store, workers: 0 });
        return;
      case 'lose-vectors': {
        // They are made again when they are missed.
        await engine.close();
        const folder = join(this.store, 'segments');
        const lost = readdirSync(folder).filter((name) => name.endsWith('.vec'));
        if (lost.length > 0) rmSync(join(folder, pick(lost, step.which)));
        this.engine = await this.openEngine({ repo: repository.path, store: this.store, workers: 0 });
        return;
      }
      case 'check': {
        const targets = this.targets();
        return this.check(...pick(targets, step.which));
      }
    }
  }

  async checkAll(checksMax: number): Promise<void> {
    const targets = this.targets().reverse();
    for (const [rev, tree] of targets.slice(0, checksMax)) await this.check(rev, tree);
    const { problems } = await this.engine.doctor();
    for (const { where, message } of problems) this.differences.push(`doctor: ${where}: ${message}`);
  }

  private async apply(which: number, edits: readonly ForkEdit[]): Promise<void> {
    if (this.forks.size === 0) return;
    const name = pick([...this.forks.keys()], which);
    const fork = this.forks.get(name)!;
    const after: Fork = { ...fork };
    const steps: ApplyStep[] = [];
    for (const edit of edits) {
      const step = this.edit(after, edit);
      if (step === 'conflict') return this.expectConflict(name, edit as ForkEdit & { kind: 'commit' }, steps);
      if (step !== null) steps.push(step);
    }
    if (steps.length === 0) return;
    await this.engine.apply(name, steps);
    this.forks.set(name, after);
  }

  /** Edits `fork`; null when the edit does not apply here. */
  private edit(fork: Fork, edit: ForkEdit): ApplyStep | 'conflict' | null {
    const { repository } = this;
    const set = (tree: FileTree): void => {
      if (!sameTree(tree, fork.tree)) fork.commit = null;
      fork.tree = tree;
    };
    switch (edit.kind) {
      case 'put': {
        const [path, content] = edit.file;
        if (wouldLose(fork.tree, path)) return null; // PATCH_CONFLICT, as test/engine/forks.test.ts has it
        set(withFile(fork.tree, path, content));
        return { kind: 'put', path, content };
      }
      case 'remove': {
        if (fork.tree.size === 0) return null;
        const path = pick([...fork.tree.keys()], edit.path);
        set(withoutFile(fork.tree, path));
        return { kind: 'remove', path };
      }
      case 'commit': {
        const commit = repository.revParse(this.revOf(edit));
        if (fork.commit !== null && isAncestor(repository, fork.commit, commit)) {
          fork.commit = commit;
          fork.tree = this.trees.get(commit)!;
          return { kind: 'commit', rev: commit };
        }
        const parent = repository.git('rev-list', '--parents', '-1', commit).split(' ')[1];
        const before: FileTree = parent === undefined ? new Map() : this.trees.get(parent)!;
        const tree = withChanges(fork.tree, before, this.trees.get(commit)!);
        if (tree === null) return 'conflict';
        set(tree);
        return { kind: 'commit', rev: commit };
      }
      case 'patch': {
        let tree = changed(fork.tree, edit.files, edit.remove);
        const moved = edit.move && fork.tree.size > 0 ? pick([...fork.tree.keys()], edit.remove) : undefined;
        if (moved !== undefined && tree.has(moved)) {
          const content = tree.get(moved)!;
          tree = withFile(withoutFile(tree, moved), `moved/${moved}`, content);
        }
        const scratch = makeRepository();
        const [a, b] = [commitTree(scratch, fork.tree), commitTree(scratch, tree)];
        const patch = diffOf(scratch, a, b, edit.move);
        if (patch.length === 0 || patch.includes('GIT binary patch\n')) return null; // text only, as documented
        set(tree);
        return { kind: 'patch', patch };
      }
    }
  }

  private async expectConflict(
    name: string,
    { branch, back }: { branch: number; back: number },
    before: readonly ApplyStep[],
  ): Promise<void> {
    const rev = this.repository.revParse(this.revOf({ branch, back }));
    const code = await this.engine.apply(name, [...before, { kind: 'commit', rev }]).then(
      () => 'none',
      (error: { code?: string }) => error.code,
    );
    if (code !== 'PATCH_CONFLICT') this.differences.push(`apply ${rev} to ${name}: ${code}, not PATCH_CONFLICT`);
  }

  private async editWorktree(files: readonly FileChange[], remove: number, index: boolean): Promise<void> {
    const head = this.trees.get(this.repository.revParse('main'))!;
    const before = this.worktree ?? head;
    const after = changed(before, files, remove);
    for (const path of before.keys()) if (!after.has(path)) this.repository.remove(path);
    for (const [path, content] of after) {
      if (sameContent(before.get(path), content)) continue;
      rmSync(join(this.repository.path, path), { recursive: true, force: true }); // a folder that was emptied
      this.repository.write(path, content);
    }
    this.worktree = after;
    if (index) await this.engine.index(['@worktree']);
    else await this.check('@worktree', after);
  }

  private async check(rev: string, tree: FileTree): Promise<void> {
    this.compared++;
    const scratch = makeRepository();
    commitTree(scratch, tree);
    const found = await this.engine.resolve(rev);
    const expectedTree = treeOf(scratch, 'HEAD');
    if (found.tree !== expectedTree) {
      this.differences.push(`${rev}: tree ${found.tree}, not ${expectedTree}`);
      return;
    }
    const fresh = await this.openEngine({ repo: scratch.path, store: join(makeFolder(), 'store'), workers: 0 });
    try {
      const shown = [...tree.keys()].slice(0, 4);
      const actual = await answersOf(this.engine, rev, shown);
      const expected = await answersOf(fresh, 'HEAD', shown);
      this.differences.push(...differences(actual, expected).map((text) => `${rev}: ${text}`));
    } finally {
      await fresh.close();
    }
  }

  private targets(): (readonly [string, FileTree])[] {
    const branches = this.branches().map((name) => [name, this.trees.get(this.repository.revParse(name))!] as const);
    const forks = [...this.forks].map(([name, { tree }]) => [name, tree] as const);
    const worktree = this.worktree === null ? [] : [['@worktree', this.worktree] as const];
    return [...branches, ...worktree, ...forks];
  }

  private branches(): string[] {
    const output = this.repository.git('for-each-ref', '--format=%(refname:short)', 'refs/heads');
    return output === '' ? [] : output.split('\n');
  }

  private revOf({ branch, back }: { branch: number; back: number }): string {
    const name = pick(this.branches(), branch);
    const length = Number(this.repository.git('rev-list', '--count', '--first-parent', name));
    return `${name}~${Math.min(back, length - 1)}`;
  }
}

const pick = <T>(list: readonly T[], which: number): T => list[which % list.length]!;

function changed(tree: FileTree, files: readonly FileChange[], remove: number): FileTree {
  let next = tree;
  if (tree.size > 1 && remove % 3 === 0) next = withoutFile(next, pick([...tree.keys()], remove));
  for (const [path, content] of files) next = withFile(next, path, content);
  return next;
}

const sameTree = (a: FileTree, b: FileTree): boolean =>
  a.size === b.size && [...a].every(([path, content]) => sameContent(content, b.get(path)));

function isAncestor(repository: TestRepository, ancestor: string, commit: string): boolean {
  return repository.git('merge-base', ancestor, commit) === ancestor;
}

/** Whether a file at the path would stand where a folder is, or below another file. */
const wouldLose = (tree: FileTree, path: string): boolean =>
  [...tree.keys()].some((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`));
