import { CoppiceError, jittered, sleep } from '../base/index.js';
import { remoteUnreachable } from './remote-errors.js';
import type { HttpResponse } from './storage/http-request.js';
import { askUntilAnswered, readWhole } from './storage/requests.js';
import type { CallOptions } from './storage/storage.js';

/** What differs between the engines that answer the same requests. */
export interface ClusterDialect {
  readonly name: 'OpenSearch' | 'Elasticsearch';
  /**
   * How a snapshot's visible set is a filter: OpenSearch (2.17 and newer) takes a roaring bitmap, looked up by a document's id or sent with
   * the query. Elasticsearch takes a list of numbers alone, which is in the snapshot's document then: it costs about ten times as much, and
   * ends at `chunksInListMax`.
   */
  readonly filter: 'bitmap' | 'numbers';
}

/** A list of numbers has at most so many (`index.max_terms_count` of the indices that are made). */
export const chunksInListMax = 1_000_000;

const dialects: Readonly<Record<string, ClusterDialect>> = {
  opensearch: { name: 'OpenSearch', filter: 'bitmap' },
  elasticsearch: { name: 'Elasticsearch', filter: 'numbers' },
};

/** Where a cluster is, and how its indices begin. */
export interface ClusterAddress {
  readonly dialect: ClusterDialect;
  /** `https://host:9200`, without credentials. */
  readonly origin: string;
  readonly prefix: string;
  /** Of each index; for indices that are made. */
  readonly shards: number;
  readonly replicas: number;
  /** How it is called in messages. */
  readonly url: string;
}

export const isClusterAddress = (address: string): boolean => /^(open|elastic)searchs?:\/\//i.test(address);

/**
 * Reads `opensearch://HOST:PORT/PREFIX` (`opensearchs://` for TLS; `elasticsearch://` likewise), with `?shards=N&replicas=N` for
 * indices that are made. REMOTE_INVALID.
 */
export function readClusterAddress(address: string): ClusterAddress {
  const invalid = (what: string, hint: string): CoppiceError => new CoppiceError('REMOTE_INVALID', what, { hint });
  const form = 'give opensearch://HOST:PORT/PREFIX, or opensearchs:// for TLS';
  let parsed: URL;
  const [, scheme = ''] = /^([a-z]+):/i.exec(address) ?? [];
  try {
    parsed = new URL(address.replace(/^[a-z]+:/i, 'http:'));
  } catch {
    throw invalid('this is no address of a cluster', form);
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw invalid(
      'credentials are not part of the address of a cluster: addresses are told and logged',
      credentialsHint,
    );
  }
  const isSecure = scheme.toLowerCase().endsWith('chs');
  const dialect = dialects[scheme.toLowerCase().replace(/chs$/, 'ch')];
  const prefix = parsed.pathname.replace(/^\/+|\/+$/g, '') || 'coppice';
  if (dialect === undefined) throw invalid(`'${scheme}' is no kind of cluster`, form);
  if (!/^[a-z0-9][a-z0-9._-]{0,80}$/.test(prefix)) {
    throw invalid(
      `'${prefix.slice(0, 80)}' cannot begin the names of indices`,
      'lower-case letters, digits, dots and dashes can: opensearch://HOST:PORT/code',
    );
  }
  const count = (name: string, fallback: number, max: number): number => {
    const text = parsed.searchParams.get(name);
    if (text === null) return fallback;
    if (!/^\d+$/.test(text) || Number(text) > max)
      throw invalid(`'${name}=${text.slice(0, 20)}' is no such number`, form);
    return Number(text);
  };
  for (const name of parsed.searchParams.keys())
    if (name !== 'shards' && name !== 'replicas')
      throw invalid(`'${name.slice(0, 40)}' is nothing that an address says`, form);
  // Read here, as a URL of HTTP forgets the port 80.
  const [, port = '9200'] = /^[a-z]+:\/\/[^/?#]*?:(\d+)(?:[/?#]|$)/i.exec(address) ?? [];
  return {
    dialect,
    origin: `${isSecure ? 'https' : 'http'}://${parsed.hostname}:${port}`,
    prefix,
    shards: Math.max(1, count('shards', 1, 64)),
    replicas: count('replicas', 0, 16),
    url: `${scheme.toLowerCase()}://${parsed.hostname}:${port}/${prefix}`,
  };
}

const credentialsHint =
  'set COPPICE_OPENSEARCH_USER and COPPICE_OPENSEARCH_PASSWORD, or COPPICE_OPENSEARCH_API_KEY, in the environment';

/** The header that says who asks; null when nobody in particular does. */
function authorizationOf(env: NodeJS.ProcessEnv): string | null {
  const key = env['COPPICE_OPENSEARCH_API_KEY'];
  if (key) return `ApiKey ${key}`;
  const user = env['COPPICE_OPENSEARCH_USER'];
  if (!user) return null;
  return `Basic ${Buffer.from(`${user}:${env['COPPICE_OPENSEARCH_PASSWORD'] ?? ''}`).toString('base64')}`;
}

/** A document with what it takes to replace it and nothing newer. */
export interface ClusterDocument {
  readonly source: Readonly<Record<string, unknown>>;
  readonly version: string;
}

/** What one document of a bulk request came to. */
export type BulkOutcome = 'written' | 'exists';

/** What the cluster has no room for now, or no shard, is asked for so often. */
const bulkTriesMax = 12;

/** What became of one action of a bulk request. */
interface ActionOutcome {
  readonly status: number;
  readonly error?: ClusterError;
}

interface ClusterError {
  readonly type?: string;
  readonly reason?: string;
}

/** Speaks to a cluster. Answers are whole or an error: never of some shards alone. */
export class SearchCluster {
  private readonly authorization: string | null;

  constructor(
    readonly address: ClusterAddress,
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.authorization = authorizationOf(env);
  }

  get url(): string {
    return this.address.url;
  }

  /** Full name of an index. */
  index(name: string): string {
    return `${this.address.prefix}-${name}`;
  }

  /** A document, read as it was written last; null when there is none. */
  async get(index: string, id: string, call: CallOptions = {}): Promise<ClusterDocument | null> {
    const { status, value } = await this.ask('GET', `${this.index(index)}/_doc/${encodeURIComponent(id)}`, null, call);
    if (status === 404) return null;
    const found = value as { _source: Record<string, unknown>; _seq_no: number; _primary_term: number };
    return { source: found._source, version: `${found._seq_no}.${found._primary_term}` };
  }

  /** Writes a document; null when the condition does not hold. Returns its version. */
  async put(
    index: string,
    id: string,
    source: unknown,
    condition: 'any' | 'absent' | { readonly version: string },
    call: CallOptions = {},
  ): Promise<string | null> {
    const way = condition === 'absent' ? '_create' : '_doc';
    const [sequence, term] = typeof condition === 'object' ? condition.version.split('.') : [];
    const query = sequence === undefined ? '' : `?if_seq_no=${sequence}&if_primary_term=${term}`;
    const path = `${this.index(index)}/${way}/${encodeURIComponent(id)}${query}`;
    const { status, value } = await this.ask('PUT', path, JSON.stringify(source), call);
    if (status === 409) return null;
    const { _seq_no: next, _primary_term: by } = value as { _seq_no: number; _primary_term: number };
    return `${next}.${by}`;
  }

  /** Those of some documents that there are, by id, with the fields that are named (none: their ids alone). As they were written last. */
  async getMany(
    index: string,
    ids: readonly string[],
    fields: readonly string[],
    call: CallOptions = {},
  ): Promise<Map<string, Readonly<Record<string, unknown>>>> {
    const found = new Map<string, Readonly<Record<string, unknown>>>();
    const part = fields.length === 0 ? '_source=false' : `_source_includes=${fields.join(',')}`;
    const batches: string[][] = [];
    for (let from = 0; from < ids.length; from += getManyMax) batches.push(ids.slice(from, from + getManyMax));
    await inParallel(batches, async (batch) => {
      const path = `${this.index(index)}/_mget?${part}&filter_path=docs._id,docs.found,docs._source,docs.error`;
      for (let open = batch, tries = 1; open.length > 0; tries++) {
        const { status, value } = await this.ask('POST', path, JSON.stringify({ ids: open }), call);
        if (status === 404) return; // there is no such index yet
        const { docs } = value as {
          docs: { _id: string; found?: boolean; _source?: Record<string, unknown>; error?: ClusterError }[];
        };
        let failure: ClusterError | null = null;
        open = [];
        for (const { _id: id, found: isThere, _source: source = {}, error } of docs) {
          if (error?.type === 'index_not_found_exception') return;
          if (error !== undefined) {
            failure = error;
            open.push(id);
          } else if (isThere === true) found.set(id, source);
        }
        if (failure === null) return;
        // Its shard has only been made, or moves to another node.
        if (tries === bulkTriesMax)
          throw remoteUnreachable(this.url, new Error(failure.reason ?? 'a document cannot be read'));
        await pause(tries, call);
      }
    });
    return found;
  }

  /**
   * Creates documents that are not there yet; what the cluster has no room for now is sent again. Tells of each whether it was written or is
   * there already.
   */
  async create(
    documents: readonly { readonly index: string; readonly id: string; readonly json: string }[],
    call: CallOptions = {},
  ): Promise<BulkOutcome[]> {
    const outcomes: BulkOutcome[] = new Array<BulkOutcome>(documents.length).fill('exists');
    const actions = documents.map(
      ({ index, id, json }) => `{"create":{"_index":"${this.index(index)}","_id":"${id}"}}\n${json}\n`,
    );
    await this.bulk(actions, call, (status, i) => {
      if (status === 201 || status === 200) outcomes[i] = 'written';
      return status < 300 || status === 409;
    });
    return outcomes;
  }

  /** Removes documents, there or not. */
  async remove(index: string, ids: readonly string[], call: CallOptions = {}): Promise<void> {
    const actions = ids.map((id) => `{"delete":{"_index":"${this.index(index)}","_id":${JSON.stringify(id)}}}\n`);
    for (let from = 0; from < ids.length; from += getManyMax)
      await this.bulk(actions.slice(from, from + getManyMax), call, (status) => status < 300 || status === 404);
  }

  /** Removes a document if it is the one of that version, or is gone; whether it is gone by then. */
  async removeVersion(index: string, id: string, version: string, call: CallOptions = {}): Promise<boolean> {
    const [sequence, term] = version.split('.');
    const path = `${this.index(index)}/_doc/${encodeURIComponent(id)}?if_seq_no=${sequence}&if_primary_term=${term}`;
    return (await this.ask('DELETE', path, null, call)).status !== 409;
  }

  /** Does what lines ask for, in one request and in order; what the cluster has no room for now, and `isDone` does not take, is sent again. */
  private async bulk(
    actions: readonly string[],
    call: CallOptions,
    isDone: (status: number, i: number) => boolean,
  ): Promise<void> {
    const path = '_bulk?filter_path=items.*.status,items.*.error.type,items.*.error.reason';
    let open = actions.map((_, i) => i);
    for (let tries = 1; open.length > 0; tries++) {
      const { value } = await this.ask('POST', path, open.map((i) => actions[i]!).join(''), call);
      const items = (value as { items?: Record<string, ActionOutcome>[] }).items ?? [];
      if (items.length !== open.length) throw remoteUnreachable(this.url, new Error('an answer to other documents'));
      const again: number[] = [];
      let failure: ActionOutcome | null = null;
      for (const [at, item] of items.entries()) {
        const outcome = Object.values(item)[0]!;
        if (isDone(outcome.status, open[at]!)) continue;
        failure ??= outcome;
        again.push(open[at]!);
      }
      if (failure !== null) {
        const isBlocked = failure.error?.type === 'cluster_block_exception';
        if (isBlocked || !isPassing(failure.status) || tries === bulkTriesMax)
          throw this.failed(failure.status, failure.error);
        await pause(tries, call);
      }
      open = again;
    }
  }

  /** Makes what was written visible to searches. */
  async refresh(indices: readonly string[], call: CallOptions = {}): Promise<void> {
    const names = indices.map((name) => this.index(name)).join();
    const { status, value } = await this.ask('POST', `${names}/_refresh?ignore_unavailable=true`, null, call);
    const failed = (value as { _shards?: { failed?: number } })._shards?.failed ?? 0;
    if (status >= 300 || failed > 0)
      throw remoteUnreachable(this.url, new Error('not all shards took note of what is new'));
  }

  /** A search over all shards of some indices. The answer's `filter` names the parts of it that are sent. */
  async search<T>(indices: readonly string[], body: unknown, filter: string, call: CallOptions = {}): Promise<T> {
    const names = indices.map((name) => this.index(name)).join();
    const path = `${names}/_search?allow_partial_search_results=false&filter_path=${filter}`;
    const { value } = await this.ask('POST', path, JSON.stringify(body), call);
    return value as T;
  }

  /** Several searches in one request; the answers in their order. */
  async searchMany<T>(
    searches: readonly { readonly indices: readonly string[]; readonly body: unknown }[],
    filter: string,
    call: CallOptions = {},
  ): Promise<T[]> {
    if (searches.length === 0) return [];
    const lines = searches.map(({ indices, body }) => {
      const head = { index: indices.map((name) => this.index(name)), allow_partial_search_results: false };
      return `${JSON.stringify(head)}\n${JSON.stringify(body)}\n`;
    });
    const parts = filter.split(',').map((part) => `responses.${part}`);
    const path = `_msearch?filter_path=${parts.join()},responses.status,responses.error`;
    for (let tries = 1; ; tries++) {
      const { value } = await this.ask('POST', path, lines.join(''), call);
      const { responses } = value as { responses: (T & { status: number; error?: ClusterError })[] };
      const failed = responses.find(({ status }) => status !== 200);
      if (failed === undefined) return responses;
      if (!isPassing(failed.status) || tries === bulkTriesMax) throw this.failed(failed.status, failed.error);
      await pause(tries, call);
    }
  }

  /** Every document of an index, with the fields that are named (none: the ids alone), page by page, as they were when it began. Nothing of one that is not there. */
  async *scan(
    index: string,
    fields: readonly string[],
    call: CallOptions = {},
  ): AsyncGenerator<readonly { readonly id: string; readonly source: Readonly<Record<string, unknown>> }[]> {
    type Page = { _scroll_id?: string; hits?: { hits?: { _id: string; _source?: Record<string, unknown> }[] } };
    await this.refresh([index], call);
    const parts = 'filter_path=_scroll_id,hits.hits._id,hits.hits._source,error';
    const path = `${this.index(index)}/_search?scroll=${scrollKept}&ignore_unavailable=true&allow_partial_search_results=false&${parts}`;
    const body = { size: scannedAtOnce, sort: ['_doc'], _source: fields.length === 0 ? false : fields };
    let page = (await this.ask('POST', path, JSON.stringify(body), call)).value as Page;
    try {
      while ((page.hits?.hits ?? []).length > 0) {
        yield page.hits!.hits!.map(({ _id: id, _source: source = {} }) => ({ id, source }));
        const more = JSON.stringify({ scroll: scrollKept, scroll_id: page._scroll_id });
        page = (await this.ask('POST', `_search/scroll?${parts}`, more, call)).value as Page;
        // It was let go there.
        if (page._scroll_id === undefined) throw remoteUnreachable(this.url, new Error('not all documents were told'));
      }
    } finally {
      if (page._scroll_id !== undefined)
        await this.ask('DELETE', '_search/scroll', JSON.stringify({ scroll_id: page._scroll_id }), call).catch(
          () => undefined,
        );
    }
  }

  /** How many documents match. */
  async count(indices: readonly string[], query: unknown, call: CallOptions = {}): Promise<number> {
    const names = indices.map((name) => this.index(name)).join();
    const { status, value } = await this.ask(
      'POST',
      `${names}/_count?ignore_unavailable=true`,
      JSON.stringify({ query }),
      call,
    );
    const { count, _shards: shards } = value as { count?: number; _shards?: { failed: number } };
    if (status === 404) return 0;
    if (count === undefined || (shards?.failed ?? 0) > 0)
      throw remoteUnreachable(this.url, new Error('not all shards were counted'));
    return count;
  }

  /** Makes an index where there is none of that name. */
  async makeIndex(name: string, body: unknown, call: CallOptions = {}): Promise<void> {
    const { status, value } = await this.ask('PUT', this.index(name), JSON.stringify(body), call, [400]);
    const { error } = value as { error?: ClusterError };
    if (status >= 300 && error?.type !== 'resource_already_exists_exception') throw this.failed(status, error);
  }

  /** Any request. Statuses that mean something to the caller: 404, 409 and those of `expected`; others that are no success are errors. */
  async ask(
    method: string,
    path: string,
    body: string | null,
    call: CallOptions = {},
    expected: readonly number[] = [],
  ): Promise<{ readonly status: number; readonly value: unknown }> {
    const headers: Record<string, string> = {};
    if (body !== null)
      headers['content-type'] =
        path.includes('_bulk') || path.startsWith('_msearch') ? 'application/x-ndjson' : 'application/json';
    if (this.authorization !== null) headers['authorization'] = this.authorization;
    const url = `${this.address.origin}/${path}`;
    const bytes = body === null ? null : Buffer.from(body); // of a string fetch makes several copies
    // A redirect could lead the credentials elsewhere.
    const send = async (signal: AbortSignal): Promise<HttpResponse> => {
      const answer = await readWhole(await fetch(url, { method, body: bytes, headers, signal, redirect: 'error' }));
      // A block stays until somebody has made room: that is not waited for.
      if (answer.status === 429 || answer.status === 403) {
        const text = answer.body.toString('utf8');
        if (text.includes('cluster_block_exception')) throw this.failed(answer.status, errorOf(parsed(text)));
      }
      return answer;
    };
    const answer = await askUntilAnswered(this.url, send, { ...call, bytes: bytes?.length ?? 0 });
    const { status } = answer;
    const value = parsed(answer.body.toString('utf8')) ?? {};
    if (status < 300 && typeof value !== 'object') {
      throw new CoppiceError('REMOTE_INVALID', `${this.url} answers with what is no JSON`, {
        hint: 'check that a cluster listens at this address',
      });
    }
    const isExpected = status < 300 || status === 404 || status === 409 || expected.includes(status);
    if (!isExpected) throw this.failed(status, errorOf(value));
    if (status === 404 && errorOf(value)?.type === 'index_not_found_exception' && /_search|_refresh/.test(path)) {
      throw new CoppiceError('REMOTE_NOT_FOUND', `${this.url}: nothing is published there`, {
        hint: `publish with coppice push ${this.url} REV`,
      });
    }
    return { status, value };
  }

  private failed(status: number, error: ClusterError | undefined): CoppiceError {
    const what = `it answers ${status} ${error?.type ?? ''} ${(error?.reason ?? '').slice(0, 200)}`.trim();
    if (/read-only|flood.stage|cluster_block/.test(what)) {
      return new CoppiceError('REMOTE_READ_ONLY', `${this.url} takes nothing at the moment: ${what}`, {
        hint: 'a full disk makes indices read-only: make room there, then push again; it continues where it was',
      });
    }
    if (status === 401 || status === 403) {
      return new CoppiceError('REMOTE_REFUSED', `${this.url}: ${what}`, { hint: credentialsHint, data: { status } });
    }
    return remoteUnreachable(this.url, new Error(what));
  }
}

const getManyMax = 2000;
const scannedAtOnce = 5000;
const scrollKept = '5m';
/** Requests in flight at once: more would only wait in the cluster's queues. */
const inFlightMax = 4;

const errorOf = (value: unknown): ClusterError | undefined => {
  const error = (value as { error?: unknown } | null)?.error;
  return typeof error === 'string' ? { reason: error } : (error as ClusterError | undefined);
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** Does something with each, a few at a time. */
export async function inParallel<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) await action(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(inFlightMax, items.length) }, work));
}

async function pause(tries: number, { signal }: CallOptions): Promise<void> {
  await sleep(jittered(Math.min(50 * 2 ** tries, 3000)), signal);
}
