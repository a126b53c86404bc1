import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { TimeSlices, elapsedMs } from '../../src/base/index.js';
import { StaticEmbedder, StaticModel } from '../../src/embedding/index.js';
import { Deadline } from '../../src/pattern/index.js';
import type { Embedder } from '../../src/embedding/index.js';
import { meaningOf } from '../../src/engine/answers/meaning.js';
import { openRev } from '../../src/engine/revs/revs.js';
import type { Session } from '../../src/engine/session/session.js';
import { Sessions } from '../../src/engine/session/sessions.js';
import { SharedStore } from '../../src/engine/shared/shared-store.js';
import { scoreChunks, scoreFiles } from '../../src/evaluation/index.js';
import type { LineSpan, Scored } from '../../src/evaluation/index.js';
import { languageByAlias } from '../../src/model/index.js';
import { fileMask, parseQuery, rankSnapshot, readQuestion } from '../../src/search/index.js';
import type {
  AlikeWords,
  FileMask,
  Question,
  RankMode,
  RankedHit,
  RankingSignals,
  Similarities,
} from '../../src/search/index.js';
import type { Snapshot } from '../../src/snapshot/index.js';
import { codeLanguages } from './sets.js';
import type { LabelledQuery, LabelledRepository } from './sets.js';

export const modes = ['lexical', 'semantic', 'hybrid'] as const satisfies readonly RankMode[];

/** Hits that are scored. */
export const depth = 10;
/** Hits that are asked for: ten distinct files are among them, and what a budget of tokens can hold. */
const limit = 50;

export interface RankedSpan extends LineSpan {
  /** Length of the text in characters. */
  readonly chars: number;
  readonly grade: RankedHit['grade'];
}

export interface Outcome extends Scored {
  readonly query: LabelledQuery;
  readonly hits: readonly RankedSpan[];
}

export interface Measured {
  readonly repository: LabelledRepository;
  readonly outcomes: readonly Outcome[];
}

interface Asked extends AskedQuestion {
  readonly labelled: LabelledQuery;
}

/** A question at a snapshot. */
export interface AskedQuestion {
  readonly question: Question;
  readonly alike: AlikeWords;
  /** Does not depend on the signals. */
  readonly similarities: Similarities | null;
}

/** A repository held open, with all of a question that no signal changes. */
interface OpenRepository {
  readonly repository: LabelledRepository;
  readonly session: Session;
  readonly snapshot: Snapshot;
  readonly mask: FileMask;
  readonly questions: readonly Asked[];
  readonly charsOf: Map<number, number>;
}

/** The hits of a question, as many as are scored and more. */
export function rankAsked(
  snapshot: Snapshot,
  { question, alike, similarities }: AskedQuestion,
  { mask, mode, signals }: { readonly mask: FileMask; readonly mode: RankMode; readonly signals: RankingSignals },
): Promise<RankedHit[]> {
  return rankSnapshot(snapshot, {
    question,
    alike,
    mask,
    mode,
    similarities: mode === 'lexical' ? null : similarities,
    limit,
    signals,
    deadline: new Deadline(60_000),
    signal: undefined,
  });
}

/** Repositories held open, to be ranked again and again with other signals. */
export class OpenRepositories {
  private constructor(
    private readonly shared: SharedStore,
    private readonly held: readonly OpenRepository[],
  ) {}

  /** Indexes what is not in the store yet. `model` is the file of a static embedding that is to be used for the bundled one. */
  static async open(
    repositories: readonly LabelledRepository[],
    store: string,
    model: string | undefined,
  ): Promise<OpenRepositories> {
    const shared = new SharedStore({
      storePath: store,
      workers: 0,
      workerUrl: new URL('about:blank'),
      lockTimeoutMs: 30_000,
      offThread: false,
      embedder: model === undefined ? undefined : embedderOf(model),
    });
    const sessions = new Sessions(shared);
    const held: OpenRepository[] = [];
    for (const repository of repositories) {
      const startMs = elapsedMs();
      const session = await sessions.open(repository.path);
      const { snapshot } = await openRev(session, repository.rev, {});
      await shared.embeddings.coverRoot(snapshot.root, {});
      const questions: Asked[] = [];
      for (const labelled of repository.queries) {
        const query = parseQuery(labelled.query, { languageByAlias });
        const question = await readQuestion(snapshot, query, new TimeSlices());
        const { similarities } = await meaningOf(shared, snapshot, question.text, {});
        questions.push({ labelled, question, alike: shared.embeddings.alikeWords(question), similarities });
      }
      const mask = await fileMask(snapshot, { languages: codeLanguages });
      held.push({ repository, session, snapshot, mask, questions, charsOf: new Map() });
      const { occurrenceDocs } = snapshot;
      console.error(`${repository.name}: ${occurrenceDocs.length} chunks, ${Math.round(elapsedMs() - startMs)} ms`);
    }
    return new OpenRepositories(shared, held);
  }

  get repositories(): readonly LabelledRepository[] {
    return this.held.map(({ repository }) => repository);
  }

  /** Those of the modes that there is something for: without a model there are no vectors. */
  available(wanted: readonly RankMode[]): RankMode[] {
    const hasVectors = this.held.every(({ questions }) => questions.every(({ similarities }) => similarities !== null));
    return wanted.filter((mode) => mode === 'lexical' || hasVectors);
  }

  async rank(signals: RankingSignals, mode: RankMode): Promise<Measured[]> {
    const measured: Measured[] = [];
    for (let i = 0; i < this.held.length; i++) measured.push(await this.rankOne(i, signals, mode));
    return measured;
  }

  /** Ranks the queries of the repository at a position. */
  async rankOne(position: number, signals: RankingSignals, mode: RankMode): Promise<Measured> {
    const { repository, snapshot, mask, questions, charsOf } = this.held[position]!;
    const outcomes: Outcome[] = [];
    for (const { labelled, question, alike, similarities } of questions) {
      const ranked = await rankAsked(snapshot, { question, alike, similarities }, { mask, mode, signals });
      const hits = ranked.map(({ position: at, doc, file, grade }): RankedSpan => {
        const startLine = snapshot.occurrenceLines[at]! + 1;
        const segment = snapshot.segments.segmentOfDoc(doc);
        const lines = segment.column('lineCount')[doc - segment.docBase]!;
        const chars = charsOf.get(doc) ?? snapshot.segments.chunkText(doc).length;
        charsOf.set(doc, chars);
        const path = repository.prefix + snapshot.files[file]!.path;
        return { path, startLine, endLine: startLine + lines - 1, chars, grade };
      });
      const chunks = scoreChunks(hits, labelled.targets, depth);
      outcomes.push({ query: labelled, hits, chunks, files: scoreFiles(hits, labelled.targets, depth) });
    }
    return { repository, outcomes };
  }

  async close(): Promise<void> {
    for (const { session, snapshot } of this.held) {
      snapshot.release();
      session.release();
    }
    await this.shared.close();
  }
}

/** In a space of its own, so that the vectors of each model that is tried are kept apart. */
function embedderOf(path: string): Embedder {
  const bytes = readFileSync(path);
  const embedder = new StaticEmbedder(StaticModel.load(bytes));
  const revision = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  return {
    space: { ...embedder.space, revision },
    isRemote: false,
    embedQuery: (text) => embedder.embedQuery(text),
    embedChunks: (chunks) => embedder.embedChunks(chunks),
    close: () => embedder.close(),
  };
}
