import { LruCache } from '../../base/index.js';
import type { GramPlan } from '../../pattern/index.js';
import type { SearchCluster } from '../../remote/index.js';
import { NotHere } from '../../segment/index.js';
import type { SearchBackend, TermOf, TermPostings, Wanted } from '../../snapshot/index.js';
import type { FarContents } from './contents.js';
import { filterOfNumbers, filterOfPlan, filterOfSnapshot } from './filters.js';
import type { Filter } from './filters.js';
import { chunkIndexOf, frequencyWords, termWord } from '../layout.js';

/** A root whose chunks lie in the cluster. */
export interface FarRoot {
  /** Of its snapshot. */
  readonly id: string;
  /** Those that have some of its chunks. */
  readonly indices: readonly string[];
  readonly count: number;
}

interface Call {
  readonly signal?: AbortSignal | undefined;
}

/** What a search answers at once; more is asked for page by page, by number. */
const pageMax = 10_000;
const foundBytesMin = 32 * 1024 * 1024;
/** All that one question asks for has to be here at once: with less than room for as many words as any has, each of which every chunk has, it would never be answered. */
const wordsMax = 64;
/** Of a chunk's number and its packed frequencies. */
const postingBytes = 5;

/** A chunk's number, and what it was worth. */
interface Hit {
  readonly sort: readonly [number];
  readonly _score?: number;
}

interface Page {
  readonly hits?: { readonly hits?: readonly Hit[] };
}
const pageParts = 'hits.hits.sort,hits.hits._score';

interface Query {
  readonly filters: readonly Filter[];
  readonly should?: readonly Filter[];
}

/** The chunks that some roots see, in a cluster. Candidates and postings come from there under the roots' bitmaps; all else of a search is ours. */
export class ClusterBackend implements SearchBackend {
  readonly isHere = false;
  private readonly found: LruCache<string, TermPostings>;
  private readonly indices: readonly string[];

  constructor(
    private readonly cluster: SearchCluster,
    private readonly contents: FarContents,
    private readonly roots: readonly FarRoot[],
  ) {
    const visible = roots.reduce((sum, { count }) => sum + count, 0);
    this.found = new LruCache(Math.max(foundBytesMin, wordsMax * postingBytes * visible));
    this.indices = [...new Set(roots.flatMap(({ indices }) => indices))];
  }

  candidates(plan: GramPlan): readonly number[] {
    const key = planKey(plan);
    return this.known(key, (signal) => this.bring({ plans: [plan] }, signal))
      .docs as Uint32Array as unknown as number[];
  }

  postings(term: TermOf): TermPostings {
    return this.known(termWord(term), (signal) => this.bring({ terms: [term] }, signal));
  }

  forEachWith(docs: Uint32Array, term: TermOf, onDoc: (at: number) => void): void {
    const own = docs.filter((doc) => this.contents.isFar(doc));
    const first = docs.length - own.length; // these have the highest numbers
    const word = termWord(term);
    for (const [i, words] of this.contents.termsOf(own).entries()) if (words.has(word)) onDoc(first + i);
  }

  async bring(wanted: Wanted, signal?: AbortSignal): Promise<void> {
    const { plans = [], terms = [], texts = [], termsOf = [] } = wanted;
    const docs = [...(wanted.docs ?? []), ...texts];
    const call = { signal };
    const asked = new Map<string, Query>();
    for (const plan of plans) {
      const key = planKey(plan);
      if (this.found.get(key) !== undefined) continue;
      const filter = filterOfPlan(plan);
      if (filter === 'none' || this.indices.length === 0) this.keep(key, []);
      else asked.set(key, { filters: filter === null ? [] : [filter] });
    }
    for (const term of terms) {
      const key = termWord(term);
      if (this.found.get(key) !== undefined) continue;
      if (this.indices.length === 0) this.keep(key, []);
      else asked.set(key, { filters: [], should: frequenciesOf(key) });
    }
    await Promise.all([
      this.ask(asked, call),
      termsOf.length > 0
        ? this.contents.bring(new Set([...docs, ...termsOf]), 'terms', call)
        : this.contents.bring(docs, 'chunks', call),
    ]);
  }

  /** All first pages in one request; what has more is asked on for by itself. */
  private async ask(asked: ReadonlyMap<string, Query>, call: Call): Promise<void> {
    const keys = [...asked.keys()];
    const { indices } = this;
    const bodies = keys.map((key) => ({ indices, body: this.body(asked.get(key)!) }));
    const pages = await this.cluster.searchMany<Page>(bodies, pageParts, call);
    for (const [i, key] of keys.entries()) {
      const all = await allPages(this.cluster, indices, this.body(asked.get(key)!), pages[i]!, call);
      this.keep(key, all);
    }
  }

  private body({ filters, should }: Query): Record<string, unknown> {
    const visible = this.roots.map(({ id }) => filterOfSnapshot(this.cluster, id));
    const seen = visible.length === 1 ? visible[0]! : { bool: { should: visible, minimum_should_match: 1 } };
    return pageBody({ filters: [...filters, seen], ...(should === undefined ? {} : { should }) });
  }

  private keep(key: string, hits: readonly Hit[]): void {
    const rows: (readonly [doc: number, packed: number])[] = [];
    for (const { sort, _score: score } of hits) {
      const doc = this.contents.docOfNumber(sort[0]);
      if (doc !== undefined) rows.push([doc, score ?? 0]);
    }
    rows.sort((a, b) => a[0] - b[0]);
    const docs = Uint32Array.from(rows, ([doc]) => doc);
    const frequencies = Uint8Array.from(rows, ([, packed]) => packed);
    this.found.set(key, { docs, frequencies }, 200 + postingBytes * docs.length);
  }

  private known(key: string, bring: NotHere['bring']): TermPostings {
    const found = this.found.get(key);
    if (found === undefined) throw new NotHere(`what is asked of ${this.cluster.url}`, bring);
    return found;
  }
}

/** One page of the chunks that a query finds, by number. */
const pageBody = ({ filters: filter, should }: Query): Record<string, unknown> => ({
  size: pageMax,
  track_total_hits: false,
  _source: false,
  stored_fields: '_none_',
  sort: [{ n: 'asc' }],
  ...(should === undefined
    ? { query: { bool: { filter } } }
    : { track_scores: true, query: { bool: { filter, should, minimum_should_match: 1 } } }),
});

async function allPages(
  cluster: SearchCluster,
  indices: readonly string[],
  body: Readonly<Record<string, unknown>>,
  first: Page,
  call: Call,
): Promise<Hit[]> {
  const all = [...(first.hits?.hits ?? [])];
  for (let page = all; page.length === pageMax;) {
    const next = { ...body, search_after: all.at(-1)!.sort };
    page = [...((await cluster.search<Page>(indices, next, pageParts, call)).hits?.hits ?? [])];
    for (const hit of page) all.push(hit);
  }
  return all;
}

/** Docs of all chunks that were met of a cluster, whichever root has them, whose grams satisfy a plan; ascending. */
export async function candidatesAmong(
  cluster: SearchCluster,
  contents: FarContents,
  plan: GramPlan,
  call: Call,
): Promise<number[]> {
  const docsOf = (numbers: Iterable<number>): number[] =>
    Array.from(numbers, (number) => contents.docOfNumber(number)!).sort((a, b) => a - b);
  const numbers = contents.numbers();
  const filter = filterOfPlan(plan);
  if (filter === 'none' || numbers.length === 0) return [];
  if (filter === null) return docsOf(numbers);
  const indices = [...new Set(Array.from(numbers, chunkIndexOf))];
  const body = pageBody({ filters: [filter, filterOfNumbers(cluster, numbers)] });
  const first = await cluster.search<Page>(indices, body, pageParts, call);
  const hits = await allPages(cluster, indices, body, first, call);
  return docsOf(hits.map(({ sort: [number] }) => number));
}

/** A term in each field with each frequency, worth what that packs to: a chunk's score is its packed frequencies. */
const frequenciesOf = (word: string): Filter[] =>
  frequencyWords.map(({ suffix, packed }) => ({
    constant_score: { filter: { term: { terms: word + suffix } }, boost: packed },
  }));

const planKey = (plan: GramPlan): string => `plan ${JSON.stringify(plan)}`;
