import type { JSX } from 'preact';
import type { FolderEntry, LastChange } from '../../api/protocol.js';
import { folderContent } from '../../state/shown/folder-content.js';
import { hrefOf, place } from '../../state/navigation.js';
import { ErrorPanel } from '../parts/error-panel.js';
import { formatBytes } from '../parts/format-bytes.js';
import { Icon } from '../parts/icons.js';
import { OutdatedHint } from '../parts/outdated-hint.js';
import { FileName } from '../parts/path-name.js';
import { hrefOfFolder, PathTrail } from '../parts/path-trail.js';
import { Readme } from './readme.js';
import { RecentPanel } from './recent-panel.js';
import { shortRev } from '../parts/short-rev.js';
import { SidePanel } from '../parts/side-panel.js';
import { FreshnessNote } from '../parts/summary-bar.js';
import { Welcome } from './welcome.js';

/** A folder at a rev: what it holds, what changed it last, and its introduction. */
export function FolderPage(): JSX.Element {
  const { path, status, entries, changes, readme, rev, freshness, error } = folderContent.value;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const files = entries.reduce((sum, entry) => sum + entry.files, 0);
  return (
    <div class="columns">
      <SidePanel label="Recent">
        <RecentPanel />
      </SidePanel>
      <main class="folder" aria-label="Files">
        <header class="folder-head">
          <h1 class="folder-path">
            <PathTrail path={path} last={<span class="path-file">{name}</span>} />
          </h1>
          <p class="muted" role="status">
            {status === 'done' &&
              `${files.toLocaleString()} ${files === 1 ? 'file' : 'files'} at ${shortRev(place.value.rev)} `}
            {rev !== null && rev.commit !== null && rev.commit !== place.value.rev && (
              <code class="sha">{rev.commit.slice(0, 9)}</code>
            )}{' '}
            {status === 'done' && <FreshnessNote freshness={freshness} />}
          </p>
        </header>
        <OutdatedHint />
        {error !== null && <ErrorPanel error={error} />}
        {status === 'loading' && entries.length === 0 && <p class="nothing">Loading…</p>}
        {status === 'done' && entries.length === 0 && <p class="nothing">{place.value.rev} has no files.</p>}
        <ul class="entries" aria-label="Entries">
          {path !== '' && (
            <li class="entry">
              <a class="entry-name" href={hrefOfFolder(path.slice(0, Math.max(0, path.lastIndexOf('/'))))}>
                <Icon name="folder" />
                <span aria-hidden="true">..</span>
                <span class="visually-hidden">Folder above</span>
              </a>
            </li>
          )}
          {entries.map((entry) => (
            <Entry key={entry.name} entry={entry} folder={path} change={changes.get(entry.name.split('/', 1)[0]!)} />
          ))}
        </ul>
        {readme !== null && <Readme {...readme} />}
        {path === '' && <Welcome />}
      </main>
    </div>
  );
}

interface EntryProps {
  readonly entry: FolderEntry;
  readonly folder: string;
  readonly change: LastChange | undefined;
}

function Entry({ entry, folder, change }: EntryProps): JSX.Element {
  const { name, kind, files, sizeBytes, skipped, version } = entry;
  const path = folder === '' ? name : `${folder}/${name}`;
  const { rev } = place.value;
  const href = kind === 'folder' ? hrefOfFolder(path) : hrefOf({ file: { path, rev, lines: null } });
  return (
    <li class="entry">
      {kind === 'submodule' ? (
        <span class="entry-name">
          <Icon name="folder" />
          {name}
        </span>
      ) : (
        <a class="entry-name" href={href}>
          <Icon name={kind === 'folder' ? 'folder' : kind === 'link' ? 'link' : 'file'} />
          <span>{kind === 'folder' ? name : <FileName name={name} />}</span>
        </a>
      )}
      {version !== undefined && entry.packagePath === undefined && <span class="kind">{version}</span>}
      {(kind === 'submodule' || kind === 'link') && <span class="kind">{kind}</span>}
      {skipped !== null && <span class="kind">{skipped}</span>}
      {change !== undefined && (
        <>
          <a
            class="entry-subject"
            href={hrefOf({ rev: change.commit })}
            title={`${change.subject}\n${change.author}, ${change.commit.slice(0, 9)}`}
          >
            {change.subject}
          </a>
          <time class="entry-date" dateTime={change.date}>
            {change.date.slice(0, 10)}
          </time>
        </>
      )}
      <span class="entry-size">
        {kind === 'folder'
          ? `${files.toLocaleString()} ${files === 1 ? 'file' : 'files'}`
          : kind === 'file'
            ? formatBytes(sizeBytes)
            : ''}
      </span>
    </li>
  );
}
