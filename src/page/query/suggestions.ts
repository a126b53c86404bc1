import type { ApiClient } from '../api/api-client.js';
import type { NamedRev, WireScope } from '../api/protocol.js';
import { epoch } from '../state/epoch.js';
import { knownSuggestions, type CompletionPoint, type Suggestion } from './completion.js';

const suggestionsMax = 12;
const filesMax = 100_000;

export interface SuggestionContext {
  readonly api: ApiClient;
  readonly scope: WireScope;
  readonly rev: string;
  readonly signal: AbortSignal;
}

/** What could stand where the caret is, the best first. */
export async function suggest(point: CompletionPoint, context: SuggestionContext): Promise<readonly Suggestion[]> {
  const known = knownSuggestions(point);
  const all = known ?? (await askedSuggestions(point, context));
  return all.slice(0, suggestionsMax);
}

async function askedSuggestions(
  { filter, typed }: CompletionPoint,
  { api, scope, rev, signal }: SuggestionContext,
): Promise<readonly Suggestion[]> {
  if (filter === 'rev') {
    const { items } = await api.call('revs', { repo: scope.repo, match: typed, limit: suggestionsMax }, { signal });
    return items.map((named) => ({ insert: named.rev, label: named.rev, detail: describeRev(named) }));
  }
  if (filter === 'sym') {
    if (typed === '') return [];
    const { items } = await api.call('symbols', { ...scope, name: typed, rev, limit: 4 * suggestionsMax }, { signal });
    const kinds = new Map(items.map(({ name, kind }) => [name, kind] as const));
    return [...kinds].map(([name, kind]) => ({ insert: name, label: name, detail: kind }));
  }
  return pathSuggestions(await pathsOf(api, scope, rev), typed);
}

/** All paths of the rev that was asked for last: they are the same for each letter of a filter. */
let latestPaths: { readonly key: string; readonly paths: Promise<readonly string[]> } | null = null;

function pathsOf(api: ApiClient, scope: WireScope, rev: string): Promise<readonly string[]> {
  const key = `${epoch.peek()} ${rev} ${JSON.stringify(scope)}`;
  if (latestPaths?.key !== key) {
    const paths = api
      .call('files', { ...scope, rev, limit: filesMax })
      .then(({ items }) => items.map(({ path }) => path));
    latestPaths = { key, paths };
    paths.catch(() => (latestPaths = null));
  }
  return latestPaths.paths;
}

/** Folders and files below what was typed come first, then other files that have it in their path. */
export function pathSuggestions(paths: readonly string[], typed: string): readonly Suggestion[] {
  const folders = new Map<string, number>();
  const files: string[] = [];
  const others: string[] = [];
  const wanted = typed.toLowerCase();
  for (const path of paths) {
    if (!path.startsWith(typed)) {
      if (others.length < suggestionsMax && path.toLowerCase().includes(wanted)) others.push(path);
      continue;
    }
    const slash = path.indexOf('/', typed.length);
    const folder = path.slice(0, slash + 1);
    if (slash >= 0) folders.set(folder, (folders.get(folder) ?? 0) + 1);
    else files.push(path);
  }
  return [
    ...Array.from(folders, ([folder, count]) => ({
      insert: folder,
      label: folder,
      detail: count === 1 ? '1 file' : `${count.toLocaleString()} files`,
    })),
    ...[...files, ...others].map((path) => ({ insert: path, label: path, detail: '' })),
  ];
}

/** What a name is, in a few words. */
function describeRev({ kind, current, indexed }: NamedRev): string {
  return [kind, current ? 'checked out' : '', indexed ? 'indexed' : 'not indexed']
    .filter((text) => text !== '')
    .join(', ');
}
