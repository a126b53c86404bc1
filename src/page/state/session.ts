import { computed, signal } from '@preact/signals';
import { ApiClient } from '../api/api-client.js';
import type { Repository } from '../api/protocol.js';
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

/** Path of the repository that is searched; empty while there is none. */
export const repository = computed(() => place.value.repo || repositories.value[0]?.path || '');

/** What people call it. A path may be a folder somewhere in it. */
export const repositoryName = computed(() => {
  const path = repository.value.replace(/\/+$/, '');
  const known = repositories.value
    .filter((known) => path === known.path || path.startsWith(`${known.path}/`))
    .sort((a, b) => b.path.length - a.path.length);
  return known[0]?.name ?? path.slice(path.lastIndexOf('/') + 1);
});

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
    const { items } = await client.call('repositories', {});
    repositories.value = items;
    connection.value = { state: 'ready', api: client };
  } catch (error) {
    const failure = asRequestError(error);
    if (connection.value.state !== 'locked' && failure !== null) connection.value = { state: 'failed', error: failure };
  }
}
