import { TimeSlices, elapsedMs } from '../../src/base/index.js';
import { meaningOf } from '../../src/engine/answers/meaning.js';
import { openRev } from '../../src/engine/revs/revs.js';
import { Sessions } from '../../src/engine/session/sessions.js';
import { SharedStore } from '../../src/engine/shared/shared-store.js';
import { mean, scoreFiles } from '../../src/evaluation/index.js';
import { languageByAlias } from '../../src/model/index.js';
import { fileMask, parseQuery, readQuestion } from '../../src/search/index.js';
import type { RankMode, RankingSignals } from '../../src/search/index.js';
import { historyQuestions } from './history-questions.js';
import type { HistoryRepository } from './history-questions.js';
import { depth, rankAsked } from './open-repositories.js';
import { codeLanguages } from './sets.js';

export interface HistoryOutcome {
  readonly repository: string;
  readonly isForTuning: boolean;
  readonly commit: string;
  readonly query: string;
  readonly mode: RankMode;
  /** Which of the settings that were tried. */
  readonly setting: string;
  /** Of files. */
  readonly ndcg: number;
  readonly recall: number;
}

export interface HistoryOptions {
  readonly store: string;
  /** Questions of each repository. */
  readonly count: number;
  readonly modes: readonly RankMode[];
  /** Called with the outcomes so far. */
  readonly onRepository?: ((outcomes: readonly HistoryOutcome[]) => void) | undefined;
}

/** Asks what commits say at their parents, each with every setting. One store for each repository: a parent costs what differs from the one before. */
export async function askHistory(
  repositories: readonly HistoryRepository[],
  settings: ReadonlyMap<string, RankingSignals>,
  { store, count, modes, onRepository }: HistoryOptions,
): Promise<HistoryOutcome[]> {
  const outcomes: HistoryOutcome[] = [];
  for (const { name, path, isForTuning } of repositories) {
    const startMs = elapsedMs();
    const shared = new SharedStore({
      storePath: `${store}/${name}`,
      workers: 0,
      workerUrl: new URL('about:blank'),
      lockTimeoutMs: 30_000,
      offThread: false,
    });
    const session = await new Sessions(shared).open(path);
    const questions = historyQuestions(path, count);
    for (const { commit, parent, query: text, paths } of questions) {
      const { snapshot } = await openRev(session, parent, {});
      try {
        const targets = paths.filter((file) => snapshot.fileAt(file) !== undefined).map((file) => ({ path: file }));
        if (targets.length === 0) continue;
        const query = parseQuery(text, { languageByAlias });
        await shared.embeddings.coverRoot(snapshot.root, {});
        const question = await readQuestion(snapshot, query, new TimeSlices());
        const { similarities } = await meaningOf(shared, snapshot, question.text, {});
        const alike = shared.embeddings.alikeWords(question);
        const mask = await fileMask(snapshot, { languages: codeLanguages });
        for (const mode of modes) {
          for (const [setting, signals] of settings) {
            const ranked = await rankAsked(snapshot, { question, alike, similarities }, { mask, mode, signals });
            const hits = ranked.map(({ file }) => ({ path: snapshot.files[file]!.path, startLine: 1, endLine: 1 }));
            const { ndcg, recall } = scoreFiles(hits, targets, depth);
            outcomes.push({ repository: name, isForTuning, commit, query: text, mode, setting, ndcg, recall });
          }
        }
      } finally {
        snapshot.release();
      }
    }
    session.release();
    await shared.close();
    onRepository?.(outcomes);
    const own = outcomes.filter(({ repository, mode }) => repository === name && mode === modes.at(-1));
    const each = [...settings.keys()].map((one) =>
      mean(own.filter(({ setting }) => setting === one).map(({ ndcg }) => ndcg)).toFixed(3),
    );
    console.error(
      `${name}: ${questions.length} questions, ${each.join(' ')}, ${Math.round((elapsedMs() - startMs) / 1000)} s`,
    );
  }
  return outcomes;
}

/** Mean over repositories, for tuning and left out. */
export function historyTable(outcomes: readonly HistoryOutcome[]): string {
  const rows = [
    '| mode, setting | repositories | file NDCG@10, for tuning | left out | recall@10, left out |',
    '| --- | --- | --- | --- | --- |',
  ];
  const groups = groupBy(outcomes, ({ mode, setting }) => `${mode} ${setting}`);
  for (const [group, own] of groups) {
    const over = (isForTuning: boolean, value: (outcome: HistoryOutcome) => number): string => {
      const part = own.filter((one) => one.isForTuning === isForTuning);
      const byRepository = groupBy(part, ({ repository }) => repository);
      return mean([...byRepository.values()].map((one) => mean(one.map(value)))).toFixed(4);
    };
    const count = new Set(own.map(({ repository }) => repository)).size;
    rows.push(
      `| ${group} | ${String(count)} (${String(own.length)} questions) | ${over(true, ({ ndcg }) => ndcg)} | ${over(false, ({ ndcg }) => ndcg)} | ${over(false, ({ recall }) => recall)} |`,
    );
  }
  return rows.join('\n');
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group === undefined) groups.set(keyOf(value), [value]);
    else group.push(value);
  }
  return groups;
}
