import { join } from 'node:path';
import { openEngine } from 'coppice';
import type { Engine } from 'coppice';
import type { BorrowedRef } from '../../test/support/borrowed.js';
import { git } from '../../test/support/git.js';
import { chooseQueries, linesAt, wordsOf } from '../support/patterns.js';
import { copyStore, pickSome, progress } from './context.js';
import type { HistoryBench } from './context.js';
import { withoutHistory } from './warm.js';
import { indexWhole } from './whole.js';

const revCount = 20;
const questionsPerRev = 5;

interface Question {
  readonly commit: string;
  readonly words: readonly string[];
  readonly queries: readonly string[];
}

/** Garbage collection after half of the branches are gone, in a copy of the store. */
export async function measureCollection(bench: HistoryBench): Promise<void> {
  const { repository, folder, report } = bench;
  const store = copyStore(bench.store, join(folder, 'store-gc'));
  const surviving = survivingRefs(bench);
  try {
    const before = await openEngine({ repo: repository.path, store });
    const all = await before.status();
    repository.writeRefs(surviving);
    const left = repository.commits();
    const questions = chooseQuestions(bench, left);
    const expected = await ask(before, questions, false);
    await before.close();

    const engine = await openEngine({ repo: repository.path, store });
    const dry = await engine.gc({ dryRun: true });
    const run = await engine.gc();
    const after = await engine.status();
    report.add(
      `gc after ${repository.refs.length - surviving.length} of ${repository.refs.length} refs were deleted`,
      `${(run.tookMs / 1000).toFixed(1)} s; ${all.commits.toLocaleString('en')} commits to ${after.commits.toLocaleString('en')}, ${run.chunksBefore.toLocaleString('en')} chunks to ${run.chunksAfter.toLocaleString('en')}`,
      'the commits that are left',
      after.commits === left.length,
      { dry, run, all, after },
    );
    report.add(
      'bytes that gc frees, as gc --dry-run says',
      `${run.reclaimedBytes.toLocaleString('en')}, said ${dry.reclaimedBytes.toLocaleString('en')}`,
      'equal',
      run.reclaimedBytes === dry.reclaimedBytes,
    );
    progress('indexing what is left, afresh');
    const freshStore = join(folder, 'store-fresh');
    await indexWhole(repository.path, freshStore);
    const fresh = await openEngine({ repo: repository.path, store: freshStore });
    const freshStatus = await fresh.status();
    const ratio = after.sizeBytes / freshStatus.sizeBytes;
    report.add(
      'store after gc, of one built without what is gone',
      `${ratio.toFixed(3)}x (${(after.sizeBytes / 1e6).toFixed(1)} MB; ${after.segments} segments, built anew ${freshStatus.segments})`,
      'within 5 %',
      Math.abs(ratio - 1) <= 0.05,
      { after, freshStatus },
    );
    const differing = [
      ...differences(questions, expected, await ask(engine, questions, false), 'before gc'),
      ...differences(
        questions,
        await ask(fresh, questions, true),
        await ask(engine, questions, true),
        'in a fresh store',
      ),
    ];
    await fresh.close();
    await engine.close();
    for (const text of differing.slice(0, 10)) console.error(`\n${text}`);
    report.add(
      `answers at ${questions.length} revs that differ from before gc, or from the fresh store's`,
      `${differing.length} of ${2 * expected.length}`,
      '0',
      differing.length === 0,
      differing,
    );
  } finally {
    repository.writeRefs(repository.refs);
  }
}

/** HEAD's branch, half of the others, and the tags that these reach. */
function survivingRefs({ random, repository }: HistoryBench): BorrowedRef[] {
  const { headBranch, refs } = repository;
  const branches = refs.filter(({ name }) => name.startsWith('refs/heads/') && name !== headBranch);
  const kept = pickSome(branches, Math.floor(branches.length / 2), random);
  kept.push(...refs.filter(({ name }) => name === headBranch));
  const tips = [...kept.map(({ oid }) => oid), repository.git('rev-parse', 'HEAD'), ''].join('\n');
  const reached = new Set(git(repository.path, ['rev-list', '--stdin'], tips).split('\n'));
  const tags = refs.filter(({ name }) => name.startsWith('refs/tags/'));
  return [...kept, ...tags.filter(({ oid, peeled }) => reached.has(peeled ?? oid))];
}

function chooseQuestions({ random, repository }: HistoryBench, commits: readonly string[]): Question[] {
  return pickSome(commits, revCount, random).map((commit) => {
    const lines = linesAt(repository.path, commit, 200);
    return {
      commit,
      words: pickSome([...new Set(lines.flatMap(wordsOf))], questionsPerRev, random),
      queries: pickSome(chooseQueries(lines), questionsPerRev, random),
    };
  });
}

async function ask(engine: Engine, questions: readonly Question[], withFirstSeen: boolean): Promise<string[]> {
  const answers: string[] = [];
  for (const { commit, words, queries } of questions) {
    for (const word of words)
      answers.push(JSON.stringify((await engine.grep(word, { rev: commit, literal: true })).lines));
    for (const query of queries) {
      const { hits } = await engine.search(query, { rev: commit });
      answers.push(JSON.stringify(withFirstSeen ? hits : hits.map(withoutHistory)));
    }
  }
  return answers;
}

function differences(
  questions: readonly Question[],
  expected: readonly string[],
  actual: readonly string[],
  when: string,
): string[] {
  const names = questions.flatMap(({ commit, words, queries }) =>
    [...words, ...queries].map((text) => `'${text}' at ${commit}`),
  );
  return names.flatMap((name, i) =>
    actual[i] === expected[i]
      ? []
      : [`${name}, after gc\n    ${actual[i]?.slice(0, 500)}\n  ${when}\n    ${expected[i]?.slice(0, 500)}`],
  );
}
