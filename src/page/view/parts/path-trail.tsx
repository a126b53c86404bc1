import type { JSX } from 'preact';
import { hrefOf } from '../../state/navigation.js';
import { notNarrowed } from '../../state/place.js';
import { repositoryName } from '../../state/session.js';

/** Where a folder is shown: without a query, or a file before it. */
export const hrefOfFolder = (folder: string): string =>
  hrefOf({ ...notNarrowed, query: '', against: '', file: null, name: '', folder: folder === '' ? '' : `${folder}/` });

/** The way from the top of what is searched to a folder or file, each step a link. */
export function PathTrail({ path, last }: { readonly path: string; readonly last: JSX.Element }): JSX.Element {
  const parts = path === '' ? [] : path.split('/');
  return (
    <>
      <span class="path-folder">
        {path === '' ? (
          <span class="path-file">{repositoryName.value}</span>
        ) : (
          <a href={hrefOfFolder('')}>{repositoryName.value}</a>
        )}
        {path !== '' && ' / '}
      </span>
      {parts.slice(0, -1).map((part, index) => (
        <span key={index} class="path-folder">
          <a href={hrefOfFolder(parts.slice(0, index + 1).join('/'))}>{part}</a>
          {' / '}
        </span>
      ))}
      {path !== '' && last}
    </>
  );
}
