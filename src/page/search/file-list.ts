import type { ComparedFile } from '../api/protocol.js';
import { languageOfPath } from '../code/language-of-path.js';
import type { Side } from '../state/place.js';
import type { Item, Summary } from './item.js';
import type { SearchRequest } from './run-search.js';

const filesMax = 20_000;

/** The files of a rev or, in a comparison, those that differ. */
export async function listFiles({ api, repo, place, signal, onProgress, onItems }: SearchRequest): Promise<Summary> {
  const { rev, against } = place;
  let count = 0;
  const pass = (items: readonly Item[]): void => {
    count += items.length;
    onItems(items);
  };
  const { freshness, total } =
    against === ''
      ? await api.stream(
          'files',
          { repo, rev, limit: filesMax },
          (files) =>
            pass(
              files.map(({ path, language, skipped }) => {
                return { type: 'file', side: null, path, language, kind: '', rev, change: null, skipped };
              }),
            ),
          { signal, onProgress },
        )
      : await api.stream(
          'compare',
          { repo, from: against, to: rev, limit: filesMax },
          (files) => pass(files.map((file) => comparedItem(file, rev, against))),
          { signal, onProgress },
        );
  return { freshness, tookMs: null, truncated: count < total, total };
}

const sideOfChange: Readonly<Record<ComparedFile['change'], Side>> = { added: 'a', removed: 'b', modified: 'both' };

function comparedItem({ path, change }: ComparedFile, rev: string, against: string): Item {
  const side = sideOfChange[change];
  const language = languageOfPath(path);
  return { type: 'file', side, path, language, kind: '', rev: side === 'b' ? against : rev, change, skipped: null };
}
