import type { JSX } from 'preact';
import { fileContent } from '../state/file-content.js';
import { hrefOf, place } from '../state/navigation.js';
import { CodeView } from './code-view.js';
import { ErrorPanel } from './error-panel.js';
import { FileHead } from './file-head.js';
import { OutdatedHint } from './outdated-hint.js';
import { Outline } from './outline.js';
import { formatBytes } from './format-bytes.js';
import { SidePanel } from './side-panel.js';

/** A file at a rev: its text, its definitions. */
export function FilePage(): JSX.Element {
  const { status, error, text, sizeBytes, symbols } = fileContent.value;
  return (
    <div class="columns">
      <SidePanel label="Outline">
        {symbols.length > 0 ? <Outline /> : status === 'done' && <p class="muted">No definitions.</p>}
      </SidePanel>
      <main class="file" aria-label="File">
        <FileHead />
        <OutdatedHint />
        {error !== null && <ErrorPanel error={error} />}
        {error?.code === 'PATH_NOT_FOUND' && <FileElsewhere />}
        {status === 'loading' && text === null && <p class="nothing">Loading…</p>}
        {status === 'done' && text === null && <p class="nothing">A binary file of {formatBytes(sizeBytes)}.</p>}
        {text === '' && <p class="nothing">The file is empty.</p>}
        {text !== null && text !== '' && <CodeView text={text} />}
      </main>
    </div>
  );
}

/** A file that is not there at another rev may have moved. */
function FileElsewhere(): JSX.Element {
  const { file } = place.value;
  const name = file!.path.split('/').at(-1)!;
  return (
    <p class="nothing">
      It may have another place there:{' '}
      <a href={hrefOf({ rev: file!.rev, query: `path:${name}`, mode: 'ranked', file: null })}>files named {name}</a>.
    </p>
  );
}
