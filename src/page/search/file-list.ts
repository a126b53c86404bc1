import type { ComparedFile } from '../api/protocol.js';
import { languageOfPath } from '../code/language-of-path.js';
import type { Side } from '../state/place.js';
import { placeOfItem, type Item, type Summary } from './item.js';
import type { SearchRequest } from './run-search.js';

const filesMax = 20_000;

/** The files that differ between the two revs of a comparison. */
export async function listFiles({
  api,
  scope: { repo },
  place,
  signal,
  onProgress,
  onItems,
}: SearchRequest): Promise<Summary> {
  const { rev, against } = place;
  let count = 0;
  const { freshness, total } = await api.stream(
    'compare',
    { repo, from: against, to: rev, limit: filesMax },
    (files) => {
      count += files.length;
      onItems(files.map((file) => comparedItem(file, rev, against)));
    },
    { signal, onProgress },
  );
  return { freshness, tookMs: null, truncated: count < total, total };
}

const sideOfChange: Readonly<Record<ComparedFile['change'], Side>> = { added: 'a', removed: 'b', modified: 'both' };

function comparedItem(file: ComparedFile, rev: string, against: string): Item {
  const { change } = file;
  const side = sideOfChange[change];
  const language = languageOfPath(file.path);
  return { type: 'file', side, ...placeOfItem(file), language, kind: '', rev: side === 'b' ? against : rev, change };
}
