import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { dialog } from './state/dialogs.js';
import { showsFolder } from './state/shown/folder-content.js';
import { place } from './state/navigation.js';
import { connection, repository, repositoryName } from './state/session.js';
import { ErrorPanel } from './view/parts/error-panel.js';
import { FilePage } from './view/file/file-page.js';
import { FolderPage } from './view/folder/folder-page.js';
import { Header } from './view/header.js';
import { KeysDialog } from './view/choose/keys-dialog.js';
import { NamesDialog } from './view/choose/names-dialog.js';
import { LockedPage } from './view/locked-page.js';
import { ProgressBar } from './view/progress-bar.js';
import { RepositoryPicker } from './view/choose/repository-picker.js';
import { ResultsPage } from './view/results/results-page.js';
import { AgainstPicker, FileRevPicker, RevPicker } from './view/choose/rev-picker.js';

/** The whole page. */
export function App(): JSX.Element {
  const { value } = connection;
  switch (value.state) {
    case 'connecting':
      return <main class="message-page" aria-busy="true" />;
    case 'locked':
      return <LockedPage refused={value.refused} />;
    case 'failed':
      return (
        <main class="message-page">
          <ErrorPanel error={value.error} />
        </main>
      );
    case 'ready':
      return repository.value === '' ? <NoRepository /> : <SearchApp />;
  }
}

function SearchApp(): JSX.Element {
  const { file, query, folder } = place.value;
  const name = repositoryName.value;
  useEffect(() => {
    document.title = [file?.path ?? (query || folder), name, 'Coppice'].filter((part) => part).join(' · ');
  }, [file?.path, query, folder, name]);
  return (
    <>
      <Header />
      <ProgressBar />
      {showsFolder.value ? <FolderPage /> : file === null ? <ResultsPage /> : <FilePage />}
      <Dialogs />
    </>
  );
}

function Dialogs(): JSX.Element | null {
  switch (dialog.value) {
    case 'rev':
      return <RevPicker />;
    case 'file-rev':
      return <FileRevPicker />;
    case 'against':
      return <AgainstPicker />;
    case 'repository':
      return <RepositoryPicker />;
    case 'names':
      return <NamesDialog />;
    case 'keys':
      return <KeysDialog />;
    case null:
      return null;
  }
}

function NoRepository(): JSX.Element {
  return (
    <main class="message-page">
      <h1>No repository yet</h1>
      <p>
        Run <code>coppice open</code> in a git repository: it is indexed when it is first searched.
      </p>
    </main>
  );
}
