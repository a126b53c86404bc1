import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { placesIn } from '../../../model/index.js';
import type { NamedRev } from '../../api/protocol.js';
import { dialog } from '../../state/dialogs.js';
import { hrefOf, place } from '../../state/navigation.js';
import { notNarrowed } from '../../state/place.js';
import { recent } from '../../state/recent.js';
import { api, isTogether, nameOf, repositories, repository, roots, wireRepo } from '../../state/session.js';
import { shortRev } from '../parts/short-rev.js';

const revsShown = 10;
const repositoriesShown = 8;

/** Where one was last, and where one could go: the revs of this repository, and other repositories. */
export function RecentPanel(): JSX.Element {
  const [named, setNamed] = useState<readonly NamedRev[]>([]);
  const here = repository.value;
  useEffect(() => {
    setNamed([]);
    if (isTogether.peek()) return;
    const controller = new AbortController();
    api()
      .call('revs', { repo: wireRepo.peek(), limit: 3 * revsShown }, { signal: controller.signal })
      .then(
        ({ items }) => setNamed(items),
        () => undefined, // the panel says less
      );
    return () => controller.abort();
  }, [here]);
  const own = recent.value.filter(({ repo }) => repo === here).map(({ rev }) => rev);
  const known = named.filter(({ path }) => path === undefined).map(({ rev }) => rev);
  const revs = [...new Set([...own, ...known])].slice(0, revsShown);
  const visited = recent.value.map(({ repo }) => repo);
  const others = [...new Set([...visited, ...repositories.value.map(({ path }) => path)])]
    .filter((repo) => repo !== here)
    .slice(0, repositoriesShown);
  return (
    <>
      {revs.length > 0 && (
        <nav class="recent" aria-label="Revs">
          <h2>Revs</h2>
          <ul>
            {revs.map((rev) => (
              <li key={rev}>
                <a href={hrefOf({ rev })} {...(rev === place.value.rev ? { 'aria-current': 'page' as const } : {})}>
                  {shortRev(rev)}
                </a>
              </li>
            ))}
          </ul>
          <button type="button" class="link-button" onClick={() => (dialog.value = 'rev')}>
            others
          </button>
        </nav>
      )}
      {others.length > 0 && (
        <nav class="recent" aria-label="Repositories">
          <h2>Repositories</h2>
          <ul>
            {others.map((repo) => (
              <li key={repo}>
                <a href={hrefOf({ ...notNarrowed, repo, rev: revOf(repo), against: '', deps: '' })} title={repo}>
                  {labelOf(repo)}
                </a>
              </li>
            ))}
          </ul>
          <button type="button" class="link-button" onClick={() => (dialog.value = 'repository')}>
            others, or several
          </button>
        </nav>
      )}
      {roots.value.length > 1 && <p class="muted">{roots.value.map(nameOf).join(', ')}</p>}
    </>
  );
}

const revOf = (wanted: string): string => recent.peek().find(({ repo }) => repo === wanted)?.rev ?? 'HEAD';

function labelOf(repo: string): string {
  const named = placesIn(repo).map((where) => nameOf(where.replace(/^view:/, '')));
  return named.length === 0 ? repo : named.join(' + ');
}
