import type { ApiClient } from '../api/api-client.js';
import type { NamedRev } from '../api/protocol.js';
import { knownSuggestions, type CompletionPoint, type Suggestion } from './completion.js';

export const suggestionsMax = 12;
/** Files to look at for the folders that they are in. */
const filesMax = 400;

export interface SuggestionContext {
  readonly api: ApiClient;
  readonly repo: string;
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
  { api, repo, rev, signal }: SuggestionContext,
): Promise<readonly Suggestion[]> {
  if (filter === 'rev') {
    const { items } = await api.call('revs', { repo, match: typed, limit: suggestionsMax }, { signal });
    return items.map((named) => ({ insert: named.rev, label: named.rev, detail: describeRev(named) }));
  }
  if (filter === 'sym') {
    if (typed === '') return [];
    const { items } = await api.call('symbols', { repo, name: typed, rev, limit: 4 * suggestionsMax }, { signal });
    const kinds = new Map(items.map(({ name, kind }) => [name, kind] as const));
    return [...kinds].map(([name, kind]) => ({ insert: name, label: name, detail: kind }));
  }
  if (/[*?[{]/.test(typed)) return [];
  const paths = typed === '' ? [] : [typed];
  const { items } = await api.call('files', { repo, rev, paths, limit: filesMax }, { signal });
  return pathSuggestions(
    items.map(({ path }) => path),
    typed,
  );
}

/** Folders and files below what was typed come first, then other files that have it in their path. */
export function pathSuggestions(paths: readonly string[], typed: string): readonly Suggestion[] {
  const folders = new Map<string, number>();
  const files: string[] = [];
  const others: string[] = [];
  for (const path of paths) {
    if (!path.startsWith(typed)) others.push(path);
    else {
      const slash = path.indexOf('/', typed.length);
      if (slash < 0) files.push(path);
      else folders.set(path.slice(0, slash + 1), (folders.get(path.slice(0, slash + 1)) ?? 0) + 1);
    }
  }
  return [
    ...[...folders].map(([folder, count]) => ({ insert: folder, label: folder, detail: `${count} files` })),
    ...[...files, ...others].map((path) => ({ insert: path, label: path, detail: '' })),
  ];
}

/** What a name is, in a few words. */
export function describeRev({ kind, current, indexed }: NamedRev): string {
  return [kind, current ? 'checked out' : '', indexed ? '' : 'not indexed'].filter((text) => text !== '').join(' · ');
}
