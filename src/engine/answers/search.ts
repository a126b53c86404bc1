import { CoppiceError, TimeSlices, elapsedMs, throwIfAborted } from '../../base/index.js';
import { languageByAlias, parseRevRange } from '../../model/index.js';
import { Deadline } from '../../pattern/index.js';
import {
  changedFiles,
  fileMask,
  parseQuery,
  patternSpans,
  rankSnapshot,
  readQuestion,
  withTypedTerms,
} from '../../search/index.js';
import type { Question, RankedHit, RankingSignals } from '../../search/index.js';
import { signalsWith } from '../shared/shared-store.js';
import type { SharedStore } from '../shared/shared-store.js';
import { firstSeen } from './first-seen.js';
import { toHit } from './hits.js';
import type { Found, Searched } from './hits.js';
import { maskOfRepositories, matchesName } from './repositories.js';
import { placeOf } from './places.js';
import { withMeaning } from './meaning.js';
import type { Meaning } from './meaning.js';
import { checkCount, checkDeadline } from '../limits.js';
import type { OpenedRev, Origin, Scope } from '../session/scope.js';
import type { Hit, NearestHit, ResolvedRev, SearchOptions, SearchResult } from '../types.js';

const limitDefault = 10;

interface RankedAll {
  readonly all: readonly RankedHit[];
  /** Share of the chunks that have vectors. */
  readonly coverage: number;
}

/** Signals that are tried, by their names and values: made once for as long as they are asked with, as what is derived of them is kept by them. */
const tried = new WeakMap<Readonly<Record<string, number>>, RankingSignals>();

function signalsOf({ settings }: SharedStore, ranking: Readonly<Record<string, number>>): RankingSignals {
  const known = tried.get(ranking) ?? signalsWith({ ...settings.ranking, ...ranking });
  tried.set(ranking, known);
  return known;
}

/** See `Engine.search`. */
export async function searchRev(scope: Scope, text: string, options: SearchOptions): Promise<SearchResult> {
  const startMs = elapsedMs();
  const mode = options.mode ?? 'hybrid';
  const limit = checkCount('limit', options.limit, limitDefault);
  const deadlineMs = checkDeadline(options.deadlineMs);
  const query = withTypedTerms(parseQuery(text, { languageByAlias }));
  const written = query.rev ?? options.rev;
  const range = (written === undefined ? null : parseRevRange(written)) ?? { from: undefined, to: written };
  const { name, shared } = scope;
  const result = (
    to: ResolvedRev,
    from: ResolvedRev | undefined,
    hits: readonly Hit[],
    coverage = 0,
    told: Pick<SearchResult, 'nearest' | 'didYouMean' | 'notes' | 'rerank' | 'planned'> = {},
  ): SearchResult => ({
    query: text,
    rev: to.rev,
    commit: to.commit,
    ...(from === undefined ? {} : { from: { rev: from.rev, commit: from.commit } }),
    hits,
    ...(hits.some(({ confidence }) => confidence !== 'weak') || (hits.length === 0 && told.nearest === undefined)
      ? {}
      : { confidence: 'weak' as const }),
    ...told,
    coverage: { lexical: 1, semantic: coverage },
    tookMs: elapsedMs() - startMs,
  });
  const held: OpenedRev[] = [];
  const open = async (rev: string | undefined): Promise<OpenedRev> => {
    const opened = await scope.open(rev, options);
    held.push(opened);
    return opened;
  };
  try {
    const from = range.from === undefined ? undefined : await open(range.from);
    const to = await open(range.to);
    const { mounts } = to.snapshot;
    if (mounts === null && !matchesName(name, query.repos)) {
      const notes = [`repo: leaves out ${name}, which is what was searched`];
      return result(to.rev, from?.rev, [], 0, { notes });
    }
    let mask = await fileMask(to.snapshot, options, options.signal);
    if (mounts !== null) mask = maskOfRepositories(to, query.repos, mask);
    for (const rev of query.notRevs) mask = changedFiles(to.snapshot, (await open(rev)).snapshot, mask);
    throwIfAborted(options.signal);
    const slices = new TimeSlices(options.signal);
    const { descriptions } = shared;
    const described = await descriptions.of(to.snapshot);
    const question = await readQuestion(to.snapshot, query, slices, described);
    const { text: words } = question;
    const { reranking } = shared;
    const candidates = options.effort === 'fast' ? 0 : reranking.candidates;
    const patterns = { deadline: new Deadline(deadlineMs), signal: options.signal };
    const rank = async ({ similarities, coverage }: Meaning): Promise<RankedAll> => {
      const describedSimilarities =
        described === null || mode === 'lexical'
          ? null
          : await descriptions.similarities(to.snapshot, described, words, options);
      if (mode === 'semantic' && similarities === null && question.words.length > 0) throw noVectors();
      descriptions.continueWith(to.snapshot);
      const all = await rankSnapshot(to.snapshot, {
        question,
        alike: mode === 'lexical' ? null : shared.embeddings.alikeWords(question),
        mask,
        mode,
        similarities,
        descriptions: described,
        describedSimilarities,
        since: from?.snapshot,
        limit: words === '' ? limit : Math.max(limit, candidates),
        signals: options.ranking === undefined ? shared.signals : signalsOf(shared, options.ranking),
        ...patterns,
      });
      return { all, coverage };
    };
    const { all, coverage } =
      mode === 'lexical'
        ? await rank({ similarities: null, coverage: 0 })
        : await withMeaning(shared, to.snapshot, words, options, rank);
    // Where nothing good is, nothing is shown: what is nearest is not what was asked for.
    const ranked = options.weak === true || all.some(({ grade }) => grade !== 'none') ? all : [];
    const segments = shared.snapshots.segments(); // its history may be newer than the snapshot
    const searched = { repo: name, snapshot: to.snapshot };
    const findMore = async (origin: Origin, hit: RankedHit): Promise<Found> => {
      // Whose history it is may take a git process to tell: not asked where there is none.
      const repo = segments.commitEnd === 0 || origin.session === null ? null : await origin.session.repositoryId();
      const first = repo === null ? null : firstSeen(segments, repo, hit.doc);
      return { ...origin, firstSeen: first, freshness: await origin.freshness() };
    };
    const originOf = ({ file }: RankedHit): Origin => to.origin(to.snapshot.files[file]!.path);
    const texts = ranked.map(({ doc }) => to.snapshot.segments.chunkText(doc));
    const spans = await patternSpans(texts, question.query, patterns);
    const hits: Hit[] = [];
    for (const [i, hit] of ranked.entries()) {
      if (slices.isOver) await slices.next();
      const found = await findMore(originOf(hit), hit);
      const shown = toHit(searched, found, question, hit, spans[i]!, options.explain === true);
      const description = described?.textOf(hit.doc);
      hits.push(description === undefined ? shown : { ...shown, description });
    }
    const planned = options.dryRun === true ? (candidates === 0 ? null : reranking.plan(words, hits)) : undefined;
    const ordered =
      candidates === 0 || planned !== undefined
        ? { hits, summary: null }
        : await reranking.order(words, hits, options.signal);
    const { didYouMean } = question;
    const left = (to.leftOut ?? []).map(({ package: pkg, version }) => `${pkg}@${version}`);
    const leftNote = `cannot be read, and is not searched: ${left.slice(0, 5).join(', ')}${left.length > 5 ? ', …' : ''}`;
    const notes = left.length === 0 ? question.notes : [...question.notes, leftNote];
    return result(to.rev, from?.rev, ordered.hits.slice(0, limit), coverage, {
      ...(ordered.summary === null ? {} : { rerank: ordered.summary }),
      ...(planned === undefined ? {} : { planned }),
      ...(ranked.length === 0 && all.length > 0
        ? { nearest: nearestOf(searched, originOf(all[0]!), question, all[0]!) }
        : {}),
      ...(didYouMean.length === 0 ? {} : { didYouMean }),
      ...(notes.length === 0 ? {} : { notes }),
    });
  } finally {
    for (const { snapshot } of held) snapshot.release();
  }
}

function nearestOf(searched: Searched, origin: Origin, question: Question, hit: RankedHit): NearestHit {
  const at = { ...origin, freshness: 'exact', firstSeen: null } as const;
  const { startLine, endLine, symbol } = toHit(searched, at, question, hit, [], false);
  return { ...placeOf(origin), startLine, endLine, symbol };
}

const noVectors = (): CoppiceError =>
  new CoppiceError('MODE_UNAVAILABLE', 'semantic search needs vectors, and there are none', {
    hint: 'use --mode lexical; if the model of this installation is missing, install it again',
  });
