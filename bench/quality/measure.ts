import { elapsedMs } from '../../src/base/index.js';
import { openEngine } from '../../src/engine/index.js';
import { openRev } from '../../src/engine/revs.js';
import type { Session } from '../../src/engine/session.js';
import { Sessions } from '../../src/engine/sessions.js';
import { SharedStore } from '../../src/engine/shared-store.js';
import { languageByAlias, languages } from '../../src/model/index.js';
import { fileMask, parseQuery, rankSnapshot } from '../../src/search/index.js';
import type { FileMask, RankingSignals } from '../../src/search/index.js';
import type { Snapshot } from '../../src/snapshot/index.js';
import { depth, scoreChunks, scoreFiles } from './score.js';
import type { Result, Score } from './score.js';
import type { LabelledQuery, LabelledRepository } from './sets.js';

export interface Outcome {
  readonly query: LabelledQuery;
  readonly chunks: Score;
  readonly files: Score;
  readonly results: readonly Result[];
  readonly tookMs: number;
}

export interface Measured {
  readonly repository: LabelledRepository;
  readonly outcomes: readonly Outcome[];
}

/** The sets hold code files only. */
const prose = new Set(
  (
    'text markdown json yaml toml ini xml html css scss less csv diff ignore lockfile restructuredtext asciidoc latex ' +
    'gomod make cmake dockerfile template'
  ).split(' '),
);
const codeLanguages = languages.map(({ id }) => id).filter((id) => !prose.has(id));

/** Chunks asked for, so that ten distinct files are among them. */
const limit = 50;

/** Indexes a repository if need be and asks its queries, as a user of the library would. */
export async function measure(repository: LabelledRepository, store: string): Promise<Measured> {
  const engine = await openEngine({ repo: repository.path, store, workers: 0 });
  try {
    await engine.index([repository.rev]);
    const outcomes: Outcome[] = [];
    for (const query of repository.queries) {
      const options = { rev: repository.rev, limit, languages: codeLanguages };
      await engine.search(asText(query.query), options); // the first reads from disk
      const { hits, tookMs } = await engine.search(asText(query.query), options);
      outcomes.push(outcome(repository, query, hits, tookMs));
    }
    return { repository, outcomes };
  } finally {
    await engine.close();
  }
}

/** Repositories held open, to be asked again and again with other signals. */
export class OpenRepositories {
  private constructor(
    private readonly shared: SharedStore,
    private readonly held: readonly {
      readonly repository: LabelledRepository;
      readonly session: Session;
      readonly snapshot: Snapshot;
      readonly mask: FileMask;
    }[],
  ) {}

  static async open(repositories: readonly LabelledRepository[], store: string): Promise<OpenRepositories> {
    const held = [];
    const shared = new SharedStore({
      storePath: store,
      workers: 0,
      workerUrl: new URL('about:blank'),
      lockTimeoutMs: 30_000,
      offThread: false,
    });
    const sessions = new Sessions(shared);
    for (const repository of repositories) {
      const session = await sessions.open(repository.path);
      const { snapshot } = await openRev(session, repository.rev, {});
      held.push({ repository, session, snapshot, mask: fileMask(snapshot, { languages: codeLanguages }) });
    }
    return new OpenRepositories(shared, held);
  }

  get repositories(): readonly LabelledRepository[] {
    return this.held.map(({ repository }) => repository);
  }

  async rank(signals: RankingSignals): Promise<Measured[]> {
    const measured: Measured[] = [];
    for (const { repository, snapshot, mask } of this.held) {
      const outcomes: Outcome[] = [];
      for (const query of repository.queries) {
        const startMs = elapsedMs();
        const ranked = await rankSnapshot(snapshot, {
          query: parseQuery(asText(query.query), { languageByAlias }),
          mask,
          mode: 'lexical',
          similarities: null,
          limit: depth,
          signals,
          signal: undefined,
        });
        const tookMs = elapsedMs() - startMs;
        const hits = ranked.map(({ position, doc, file }) => {
          const startLine = snapshot.occurrenceLines[position]! + 1;
          const segment = snapshot.segments.segmentOfDoc(doc);
          const lines = segment.column('lineCount')[doc - segment.docBase]!;
          return { path: snapshot.files[file]!.path, startLine, endLine: startLine + lines - 1 };
        });
        outcomes.push(outcome(repository, query, hits, tookMs));
      }
      measured.push({ repository, outcomes });
    }
    return measured;
  }

  async close(): Promise<void> {
    for (const { session, snapshot } of this.held) {
      snapshot.release();
      session.release();
    }
    await this.shared.close();
  }
}

/** The sets' queries are prose: what reads as syntax in them is not meant so. */
function asText(query: string): string {
  return query.replace(/["()/]|(?<=^|\s)-/g, ' ').replace(/\bor\b/gi, ' ');
}

function outcome(
  { prefix }: LabelledRepository,
  query: LabelledQuery,
  hits: readonly Result[],
  tookMs: number,
): Outcome {
  const results = hits.map(({ path, startLine, endLine }) => ({ path: prefix + path, startLine, endLine }));
  return {
    query,
    chunks: scoreChunks(results, query.targets),
    files: scoreFiles(results, query.targets),
    results: results.slice(0, depth),
    tookMs,
  };
}
