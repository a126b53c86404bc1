import { effect, signal } from '@preact/signals';
import { asRequestError, type RequestError } from '../../api/request-error.js';
import type { Item, ShownRevs, Summary } from '../../search/item.js';
import { runSearch, searchKey } from '../../search/run-search.js';
import { setActivity } from '../activity.js';
import { epoch } from '../epoch.js';
import { place } from '../navigation.js';
import type { Place } from '../place.js';
import { api, connection, repository, scope } from '../session.js';

export interface Results {
  /** Grows with every search; the items of one only grow in number. */
  readonly id: number;
  /** `running`: more may come. Until the first results are there, those of the search before stay. */
  readonly status: 'running' | 'done' | 'failed';
  /** The place that was searched for. */
  readonly place: Place;
  readonly items: readonly Item[];
  /** The items are of the search before: nothing has come of this one yet. */
  readonly areOld: boolean;
  /** Null until done. */
  readonly summary: Summary | null;
  readonly revs: ShownRevs | null;
  readonly error: RequestError | null;
}

const none: Results = {
  id: 0,
  status: 'running',
  place: place.peek(),
  items: [],
  areOld: false,
  summary: null,
  revs: null,
  error: null,
};

export const results = signal<Results>(none);

/** Items are shown at most so often while they stream in, in milliseconds. */
const flushMs = 80;

interface Run {
  readonly controller: AbortController;
  readonly revs: string;
  /** It has begun to index: to stop it and begin anew at each letter typed would get nowhere. */
  indexing: boolean;
}

let latest: Run | null = null;
/** What to search once the run that indexes is done. */
let waiting: Place | null = null;

/** Searches whenever the place asks for something else. */
export function startSearching(): void {
  let key = '';
  effect(() => {
    if (connection.value.state !== 'ready' || repository.value === '') return;
    const next = `${epoch.value} ${repository.value} ${searchKey(place.value)}`;
    if (next === key) return;
    key = next;
    if (searchKey(place.value) === '') nothing(place.value);
    else request(place.value);
  });
}

/** Without a question there are no results, nor is there anything to wait for. */
function nothing(at: Place): void {
  latest?.controller.abort();
  latest = null;
  waiting = null;
  setActivity('search', null);
  results.value = { ...none, id: results.peek().id + 1, status: 'done', place: at };
}

function request(wanted: Place): void {
  if (latest?.indexing === true && latest.revs === revsOf(wanted)) {
    waiting = wanted;
    results.value = { ...results.peek(), areOld: true, status: 'running', place: wanted, error: null };
    return;
  }
  latest?.controller.abort();
  waiting = null;
  void run(wanted);
}

async function run(wanted: Place): Promise<void> {
  const controller = new AbortController();
  const own: Run = { controller, revs: revsOf(wanted), indexing: false };
  latest = own;
  const id = results.peek().id + 1;
  const items: Item[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isWanted = (): boolean => latest === own && waiting === null;
  const publish = (change: Partial<Results>): void => {
    clearTimeout(timer);
    timer = undefined;
    // Copied: rows and facets are computed anew only for another array.
    if (isWanted())
      results.value = { ...results.peek(), id, place: wanted, items: [...items], areOld: false, ...change };
  };
  results.value = { ...startingFrom(wanted), areOld: true, status: 'running', place: wanted, error: null };
  try {
    const { summary, revs } = await runSearch({
      api: api(),
      scope: scope.peek(),
      place: wanted,
      signal: controller.signal,
      onProgress: (progress) => {
        own.indexing = true;
        setActivity('search', { progress, cancel: () => controller.abort() });
      },
      onItems: (more) => {
        items.push(...more);
        if (results.peek().id !== id) publish({ status: 'running', summary: null, revs: null });
        else timer ??= setTimeout(() => publish({}), flushMs);
      },
    });
    publish({ status: 'done', summary, revs });
  } catch (error) {
    controller.abort();
    const failure = asRequestError(error);
    if (failure === null) publish({ status: 'done' });
    // A query that is not finished yet is wrong in between: what was found before stays meanwhile.
    else if (failure.offset !== null && isWanted()) {
      results.value = { ...results.peek(), status: 'failed', place: wanted, error: failure };
    } else publish({ status: 'failed', error: failure, summary: null, revs: null });
  } finally {
    clearTimeout(timer);
    if (latest === own) {
      setActivity('search', null);
      latest = null;
      if (waiting !== null) request(waiting);
    }
  }
}

/** What is shown until the first results are there: those of the search before, if they are of the same kind; what is counted is named by the mode. */
function startingFrom(wanted: Place): Results {
  const before = results.peek();
  const kindOf = ({ mode, query, repo }: Place): string => JSON.stringify([query === '' ? 'files' : mode, repo]);
  return kindOf(before.place) === kindOf(wanted) ? before : { ...before, items: [], summary: null, revs: null };
}

const revsOf = ({ rev, against }: Place): string => JSON.stringify([repository.peek(), rev, against]);
