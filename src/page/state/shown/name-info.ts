import { signal } from '@preact/signals';
import type { DefinitionHit, ReferenceGroup } from '../../api/protocol.js';
import { asRequestError, type RequestError } from '../../api/request-error.js';
import { place } from '../navigation.js';
import { keepReading } from '../reading.js';
import { api, scope } from '../session.js';

/** What is known of the name that is asked about in a file. */
export interface NameInfo {
  readonly name: string;
  readonly status: 'loading' | 'done' | 'failed';
  readonly definitions: readonly DefinitionHit[];
  /** Names that are like it, where it has no definition. */
  readonly near: readonly string[];
  readonly groups: readonly ReferenceGroup[];
  /** Lines of code that have it, and whether there may be more; null until they are there. */
  readonly lines: number | null;
  readonly truncated: boolean;
  readonly error: RequestError | null;
}

/** Null while none is asked about. */
export const nameInfo = signal<NameInfo | null>(null);

const definitionsMax = 20;
const linesMax = 500;

/** Reads about whatever name the place asks. */
export function startReadingNames(): void {
  keepReading(
    () => {
      const { name, file } = place.value;
      if (name === '' || file === null) return null;
      const { rev, path, lines } = file;
      return { key: [rev, name], read: (_, { signal }) => read(name, rev, path, lines?.start, signal) };
    },
    () => (nameInfo.value = null),
  );
}

async function read(
  name: string,
  rev: string,
  usedIn: string,
  usedOnLine: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const publish = (change: Partial<NameInfo>): void => {
    if (!signal.aborted && nameInfo.peek() !== null) nameInfo.value = { ...nameInfo.peek()!, ...change };
  };
  nameInfo.value = {
    name,
    status: 'loading',
    definitions: [],
    near: [],
    groups: [],
    lines: null,
    truncated: false,
    error: null,
  };
  try {
    await Promise.all([
      definitionsOf(name, rev, usedIn, usedOnLine, signal).then(publish),
      api()
        .call('references', { ...scope.peek(), name, rev, limit: linesMax }, { signal })
        .then(({ items, result }) => publish({ groups: items, lines: result.lines.code, truncated: result.truncated })),
    ]);
    publish({ status: 'done' });
  } catch (error) {
    const failure = asRequestError(error);
    if (failure !== null) publish({ status: 'failed', error: failure });
  }
}

/** Where a name is defined, the likeliest place first, and names that are like it where it is not. */
export async function definitionsOf(
  name: string,
  rev: string,
  usedIn: string,
  usedOnLine: number | undefined,
  signal: AbortSignal,
): Promise<Pick<NameInfo, 'definitions' | 'near'>> {
  const line = usedOnLine === undefined ? {} : { usedOnLine };
  const { items, result } = await api().call(
    'definition',
    { ...scope.peek(), name, rev, usedIn, ...line, limit: definitionsMax },
    { signal },
  );
  return { definitions: items, near: result.near };
}
