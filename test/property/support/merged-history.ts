import fc from 'fast-check';
import type { CommitSpec, FileContent, Files } from '../../support/git.js';

/** Histories with branches, merges of two and more, files that move, and lines that come and go and come again. */
export interface MergedHistory {
  readonly commits: readonly HistoryCommit[];
  /** By branch, its tip. */
  readonly branches: ReadonlyMap<string, number>;
}

export interface HistoryCommit {
  readonly branch: string;
  /** Positions of commits before it. */
  readonly parents: readonly number[];
  readonly tree: Files;
  readonly time: number;
}

/** Text of a file that is searched, or null. */
export const textOf = (content: FileContent | undefined): string | null =>
  typeof content === 'string' && !content.includes('\0') ? content : null;

/** Git counts in what is no text too: it has none of the words. */
const notText = '\0\n';

const paths = ['src/a.ts', 'src/b.py', 'src/deep/c.md', 'lib/d.ts', 'e'];
const moves = ['src/a.js', 'moved/b.py', 'lib/deep/c.md', 'd.ts', 'src/e'];

const line = fc.constantFrom('foo a', 'foo b', 'foo a foo', 'foofoo', 'bar', '', '}', '  foo(bar);\r', 'größe foo');
/** Large enough to be a chunk of its own. */
const block = fc
  .tuple(fc.constantFrom('foo', 'bar', 'baz'), fc.array(line, { minLength: 12, maxLength: 18 }))
  .map(([name, body]) => [`function ${name}() {`, ...body.map((text) => `  some more text here; ${text}`), '}']);
const lines = fc
  .array(fc.oneof({ weight: 3, arbitrary: line.map((text) => [text]) }, { weight: 1, arbitrary: block }), {
    maxLength: 6,
  })
  .map((parts) => parts.flat());

const nat = fc.nat(99);

interface Change {
  readonly do: 'write' | (typeof lineChanges)[number] | (typeof fileChanges)[number];
  readonly at: number;
  readonly to: number;
  readonly lines: readonly string[];
}
const lineChanges = ['insert', 'delete', 'move-lines'] as const;
const fileChanges = ['rename', 'rename', 'copy', 'remove', 'swap', 'binary', 'symlink', 'end'] as const;

const changeOf = (what: fc.Arbitrary<Change['do']>): fc.Arbitrary<Change> =>
  fc.record({ do: what, at: nat, to: nat, lines });
const change = fc.oneof(
  { weight: 5, arbitrary: changeOf(fc.constantFrom(...lineChanges)) },
  { weight: 2, arbitrary: changeOf(fc.constant('write')) },
  { weight: 4, arbitrary: changeOf(fc.constantFrom(...fileChanges)) },
);

const step = fc.record({
  branch: fc.nat(3),
  from: fc.nat(3),
  isRoot: fc.constantFrom(true, false, false, false, false, false, false),
  merged: fc.oneof(
    { weight: 3, arbitrary: fc.constant<number[]>([]) },
    { weight: 2, arbitrary: fc.array(fc.nat(3), { minLength: 1, maxLength: 2 }) },
  ),
  /** Bits: which side a merge takes a path from. */
  sides: fc.nat(255),
  changes: fc.array(change, { maxLength: 3 }),
  /** Minutes since the commit before; some are made at once, some before their parents. */
  minutes: fc.constantFrom(0, 0, 1, 5, -3),
});

export const mergedHistory: fc.Arbitrary<MergedHistory> = fc
  .array(step, { minLength: 3, maxLength: 14 })
  .map((steps) => {
    const commits: HistoryCommit[] = [];
    const branches = new Map<string, number>();
    let time = 1_700_000_000;
    for (const { branch, from, isRoot, merged, sides, changes, minutes } of steps) {
      const onto = isRoot ? undefined : (branches.get(`b${from}`) ?? commits.length - 1);
      const others = merged.flatMap((other) => branches.get(`b${other}`) ?? []);
      const parents = [...new Set(onto === undefined || onto < 0 ? [] : [onto, ...others])];
      const [base = {}, ...rest] = parents.map((parent) => commits[parent]!.tree);
      let tree = rest.reduce((ours, theirs) => mergeTrees(ours, theirs, sides), base);
      const beginning: Change = { do: 'write', at: sides, to: 0, lines: ['foo a', 'bar'] };
      for (const each of parents.length === 0 ? [beginning, ...changes] : changes) tree = changed(tree, each);
      time += minutes * 60;
      branches.set(`b${branch}`, commits.length);
      commits.push({ branch: `b${branch}`, parents, tree: withoutConflicts(tree), time });
    }
    return { commits, branches };
  });

/** For `TestRepository.commits`. */
export const specsOf = ({ commits }: MergedHistory): CommitSpec[] =>
  commits.map(({ branch, parents, tree, time }) => ({
    branch,
    parents: parents.map((parent) => `:${parent + 1}`),
    files: tree,
    replace: true,
    time,
  }));

function mergeTrees(ours: Files, theirs: Files, sides: number): Files {
  const merged: Record<string, FileContent> = {};
  [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].sort().forEach((path, i) => {
    const content = (((sides >> (i % 8)) & 1) === 1 ? theirs : ours)[path];
    if (content !== undefined) merged[path] = content;
  });
  return merged;
}

/** A file is no folder. */
function withoutConflicts(tree: Files): Files {
  const names = Object.keys(tree);
  return Object.fromEntries(
    Object.entries(tree).filter(([path]) => !names.some((other) => other.startsWith(`${path}/`))),
  );
}

function changed(tree: Files, change: Change): Files {
  const { do: what, at, to, lines: written } = change;
  const next: Record<string, FileContent> = { ...tree };
  if (what === 'write') return { ...next, [paths[at % paths.length]!]: written.map((text) => `${text}\n`).join('') };
  const names = Object.keys(tree).filter((name) => textOf(tree[name]) !== null);
  const path = names[at % names.length];
  if (path === undefined) return tree;
  const content = tree[path] as string;
  const target = moves[to % moves.length]!;
  switch (what) {
    case 'rename':
      delete next[path];
      return { ...next, [target]: content };
    case 'copy':
      return { ...next, [target]: content };
    case 'remove':
      delete next[path];
      return next;
    case 'swap': {
      const other = names[to % names.length]!;
      return { ...next, [path]: tree[other]!, [other]: content };
    }
    case 'binary':
      return { ...next, [path]: notText };
    case 'symlink':
      return { ...next, [path]: { symlink: 'x' } };
    case 'end':
      return { ...next, [path]: content.endsWith('\n') ? content.slice(0, -1) : `${content}\n` };
    default:
      return { ...next, [path]: withLines(content, change) };
  }
}

function withLines(content: string, { do: what, at, to, lines: written }: Change): string {
  const all = content.split('\n');
  const start = (at * 7) % all.length;
  const count = 1 + (to % 3) * 5;
  if (what === 'insert') return [...all.slice(0, start), ...written, ...all.slice(start)].join('\n');
  const picked = all.slice(start, start + count);
  const rest = [...all.slice(0, start), ...all.slice(start + count)];
  if (what === 'delete') return rest.join('\n');
  const into = to % (rest.length + 1);
  return [...rest.slice(0, into), ...picked, ...rest.slice(into)].join('\n');
}
