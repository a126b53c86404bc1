import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBytewise } from '../../src/base/index.js';
import { openEngine } from '../../src/engine/index.js';
import { openRev } from '../../src/engine/revs/revs.js';
import { Sessions } from '../../src/engine/session/sessions.js';
import { SharedStore } from '../../src/engine/shared/shared-store.js';
import type { Engine, Hit } from '../../src/engine/types.js';
import type { DocId } from '../../src/model/index.js';
import { makeFolder, makeRepository } from '../support/git.js';
import type { Files } from '../support/git.js';
import { gitGrep, hasPerlPatterns } from './support/git-grep.js';
import type { GrepCase } from './support/git-grep.js';
import { ignoreLib, maxFileBytes, rangeHistory } from './support/range-history.js';
import type { RangeHistory } from './support/range-history.js';

const runs = {
  numRuns: Number(process.env['COPPICE_RUNS'] ?? 8),
  seed: Number(process.env['COPPICE_SEED'] ?? 7),
  endOnFailure: true,
};

interface Place {
  readonly trees: readonly Files[];
  readonly gitDir: string;
  readonly store: string;
  readonly engine: Engine;
  /** Of the trees, in order. */
  readonly commits: readonly string[];
}

/** Large files are for exact search only. */
const largeExact = { maxFileBytes };
/** Large files are in no search. */
const largeNowhere = { maxFileBytes, maxExactBytes: maxFileBytes };

async function withHistory(
  { trees }: RangeHistory,
  rules: object,
  action: (place: Place) => Promise<void>,
): Promise<void> {
  const repository = makeRepository({ bare: true });
  const commits = repository.commits(trees.map((files) => ({ files, replace: true })));
  const store = join(makeFolder(), 'store');
  mkdirSync(store);
  writeFileSync(join(store, 'config.json'), JSON.stringify(rules));
  const engine = await openEngine({ repo: repository.path, store, workers: 0 });
  try {
    await action({ trees, gitDir: repository.gitDir, store, engine, commits });
  } finally {
    await engine.close();
  }
}

/** By text, the places where it is, in order. */
function placesByText<T>(items: readonly T[], textOf: (item: T) => string): Map<string, T[]> {
  const places = new Map<string, T[]>();
  for (const item of items) places.set(textOf(item), [...(places.get(textOf(item)) ?? []), item]);
  return places;
}

/** Items whose text is not among the others' as often: the last ones of each. */
function surplus<T>(items: readonly T[], others: readonly T[], textOf: (item: T) => string): Set<T> {
  const there = placesByText(others, textOf);
  const own = [...placesByText(items, textOf)];
  return new Set(own.flatMap(([text, places]) => places.slice(there.get(text)?.length ?? 0)));
}

function notIndexed(files: Files): Set<string> {
  const excluded = new Set<string>();
  if (files['.coppiceignore'] === ignoreLib) {
    for (const path of Object.keys(files)) if (/(?:^|\/)lib\//.test(path)) excluded.add(path);
  }
  return excluded;
}

const greps: readonly GrepCase[] = [
  ...['cache', '}', 'größe'].map((pattern) => ({ pattern, literal: true })),
  ...['', '^$', '\\r$', '^  [a-z]+\\('].map((pattern) => ({ pattern, literal: false })),
].map((search) => ({ ...search, ignoreCase: false, wholeWord: false }));

interface Line {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** What `git grep` finds in one of the trees. */
function gitLines({ gitDir, commits, trees }: Place, at: number, search: GrepCase): Line[] {
  const excluded = notIndexed(trees[at]!);
  return gitGrep(gitDir, commits[at]!, search, excluded).map((found) => {
    const [, path, line, text] = /^([^:]*):(\d+):(.*)$/s.exec(found)!;
    return { path: path!, line: Number(line), text: text! };
  });
}

test('a range of grep has the lines that git grep finds more often at one end than at the other', async ({ skip }) => {
  const check = async ({ ends, trees }: RangeHistory, place: Place): Promise<void> => {
    const { engine, commits, gitDir } = place;
    if (!hasPerlPatterns(gitDir)) skip();
    for (const search of greps) {
      const linesAt = trees.map((_, at) => gitLines(place, at, search));
      for (const [from, to] of ends) {
        const [before, after] = [linesAt[from]!, linesAt[to]!];
        const keyOf = ({ path, text }: Line): string => `${path}\0${text}`;
        const expected = [
          ...Array.from(surplus(before, after, keyOf), (line) => ({ side: '-', ...line })),
          ...Array.from(surplus(after, before, keyOf), (line) => ({ side: '+', ...line })),
        ].sort((a, b) => compareBytewise(a.path, b.path) || a.line - b.line || (a.side === '-' ? -1 : 1));
        const { pattern, ...options } = search;
        const { lines } = await engine.grepRange(pattern, commits[from]!, commits[to]!, options);
        const actual = lines.map(({ side, path, line, text }) => ({ side, path, line, text }));
        expect({ from, to, pattern, lines: actual }).toEqual({ from, to, pattern, lines: expected });
      }
    }
  };
  await fc.assert(
    fc.asyncProperty(rangeHistory, (history) => withHistory(history, largeExact, (place) => check(history, place))),
    runs,
  );
}, 600_000);

interface Chunk {
  readonly path: string;
  readonly startLine: number;
  readonly doc: DocId;
  readonly lines: readonly string[];
}

/** Where chunks are cut, and which are the same, is the index's to say; what they hold is known. */
async function chunksAt({ gitDir, store, commits, trees }: Place, at: number): Promise<Chunk[]> {
  const shared = new SharedStore({
    storePath: store,
    workers: 0,
    workerUrl: new URL('about:blank'),
    lockTimeoutMs: 30_000,
    offThread: false,
  });
  const session = await new Sessions(shared).open(gitDir);
  const { snapshot } = await openRev(session, commits[at]!, {});
  const chunks: Chunk[] = [];
  for (const [file, { path, record }] of snapshot.files.entries()) {
    const starts = [...snapshot.occurrenceLines].filter((_, i) => snapshot.occurrenceFiles[i] === file);
    if (starts.length === 0) continue;
    const lines = (trees[at]![path] as string).replace(/\n$/, '').split('\n');
    starts.forEach((start, i) =>
      chunks.push({ path, startLine: start + 1, doc: record.docs[i]!, lines: lines.slice(start, starts[i + 1]) }),
    );
  }
  snapshot.release();
  session.release();
  await shared.close();
  return chunks;
}

/** By the definition: chunks pair off, then the lines of the others; what is left over makes a chunk new. */
function newChunks(before: readonly Chunk[], after: readonly Chunk[]): Set<Chunk> {
  const keyOf = ({ path, doc }: Chunk): string => `${path}\0${doc}`;
  const linesOf = (chunks: Iterable<Chunk>): { chunk: Chunk; text: string }[] =>
    [...chunks].sort(byPlace).flatMap((chunk) => chunk.lines.map((text) => ({ chunk, text })));
  const gone = linesOf(surplus(before, after, keyOf));
  const come = linesOf(surplus(after, before, keyOf));
  return new Set([...surplus(come, gone, ({ chunk, text }) => `${chunk.path}\0${text}`)].map(({ chunk }) => chunk));
}

const byPlace = (a: { path: string; startLine: number }, b: { path: string; startLine: number }): number =>
  compareBytewise(a.path, b.path) || a.startLine - b.startLine;
const placeOf = ({ path, startLine }: { path: string; startLine: number }): string => `${path}:${startLine}`;

test('ranked search over a range lists the new chunks, as a search of its end lists them', async () => {
  const check = async (history: RangeHistory, place: Place): Promise<void> => {
    const { engine } = place;
    for (const [a, b] of history.ends) {
      const [from, to] = [place.commits[a]!, place.commits[b]!];
      const fresh = newChunks(await chunksAt(place, a), await chunksAt(place, b));
      const isNew = new Set([...fresh].map(placeOf));
      const queries = [
        { query: 'cache', has: ({ lines }: Chunk) => lines.some((text) => /cache/i.test(text)) },
        { query: '"parse(" -sym:Query', has: undefined },
        { query: '-path:nowhere', has: () => true },
      ];
      for (const { query, has } of queries) {
        const search = async (rev: string, limit: number): Promise<readonly Hit[]> =>
          (await engine.search(query, { rev, limit })).hits;
        const found = await search(`${from}..${to}`, 10_000);
        const expected = (await search(to, 10_000)).filter((hit) => isNew.has(placeOf(hit)));
        expect({ a, b, query, hits: found }).toEqual({ a, b, query, hits: expected });
        expect(await search(`${from}..${to}`, 3)).toEqual(expected.slice(0, 3));
        if (has === undefined) continue;
        const brute = [...fresh].filter(has).sort(byPlace).map(placeOf);
        expect({ a, b, query, hits: [...found].sort(byPlace).map(placeOf) }).toEqual({ a, b, query, hits: brute });
      }
      const lines = await engine.grepRange('', from, to);
      const paths = new Set(lines.lines.filter(({ side }) => side === '+').map(({ path }) => path));
      expect(new Set([...fresh].map(({ path }) => path))).toEqual(paths);
    }
  };
  await fc.assert(
    fc.asyncProperty(rangeHistory, (history) => withHistory(history, largeNowhere, (place) => check(history, place))),
    runs,
  );
}, 600_000);
