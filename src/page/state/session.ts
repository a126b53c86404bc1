import { computed, signal } from '@preact/signals';
import { ApiClient } from '../api/api-client.js';
import { isList, isView, placesIn } from '../../model/index.js';
import type { Repository, WireScope } from '../api/protocol.js';
import { asRequestError, type RequestError } from '../api/request-error.js';
import { findToken, forgetToken } from '../api/token.js';
import { place } from './navigation.js';

/** How it stands between this page and the daemon. */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'ready'; readonly api: ApiClient }
  /** Nobody told a token, or the daemon refuses it. */
  | { readonly state: 'locked'; readonly refused: boolean }
  | { readonly state: 'failed'; readonly error: RequestError };

export const connection = signal<Connection>({ state: 'connecting' });

/** The repositories that the store knows. */
export const repositories = signal<readonly Repository[]>([]);

/** Whether what is found may be kept as the answer to what was asked. */
export const mayLabel = signal(false);

/** What is searched, as the engine's `Where` has it: mostly the path of a repository; empty while there is none. */
export const repository = computed(() => place.value.repo || repositories.value[0]?.path || '');

/** Several repositories are searched as one. */
export const isTogether = computed(() => isView(repository.value));

/** The roots of what is searched, one or several. */
export const roots = computed(() => placesIn(repository.value));

/** The same as requests say it. */
export const wireRepo = computed((): string | readonly string[] =>
  isList(repository.value) ? roots.value : repository.value,
);

/** Where requests for code look. */
export const scope = computed((): WireScope => {
  const { deps } = place.value;
  const repo = wireRepo.value;
  if (deps === '' || isTogether.value) return { repo };
  return deps === 'with' ? { repo, withDeps: true } : { repo, deps: ['*'] };
});

/** The path of a file where it is asked for: that of an answer counts from its root. */
export const pathInScope = ({ repo, path }: { readonly repo?: string; readonly path: string }): string =>
  isTogether.peek() && repo !== undefined ? `${repo}/${path}` : path;

/** What people call what is searched. */
export const repositoryName = computed(() => {
  const [first = '', ...others] = roots.value;
  const name = first === '*' ? 'all repositories' : nameOf(first.replace(/^view:/, ''));
  return others.length === 0 ? name : `${name} + ${others.length}`;
});

/** The name of a repository. A path may be a folder somewhere in it. */
export function nameOf(where: string): string {
  const path = where.replace(/\/+$/, '');
  const known = repositories.value
    .filter((known) => path === known.path || path.startsWith(`${known.path}/`))
    .sort((a, b) => b.path.length - a.path.length);
  return known[0]?.name ?? path.slice(path.lastIndexOf('/') + 1);
}

/** The client of the daemon. To be used only below what is shown when the connection is ready. */
export function api(): ApiClient {
  const { value } = connection;
  if (value.state !== 'ready') throw new Error(`no connection: ${value.state}`);
  return value.api;
}

/** Finds the token and sees whether the daemon takes it. */
export async function connect(): Promise<void> {
  const token = await findToken();
  if (token === null) {
    connection.value = { state: 'locked', refused: false };
    return;
  }
  const client = new ApiClient(token, () => {
    forgetToken();
    connection.value = { state: 'locked', refused: true };
  });
  try {
    const { items, result } = await client.call('repositories', {});
    // By its work tree, where it has one: as people name it, and as links do.
    repositories.value = items.map((known) => ({ ...known, path: known.path.replace(/\/\.git$/, '') }));
    mayLabel.value = result.feedback;
    connection.value = { state: 'ready', api: client };
  } catch (error) {
    const failure = asRequestError(error);
    if (connection.value.state !== 'locked' && failure !== null) connection.value = { state: 'failed', error: failure };
  }
}
