import type { JSX } from 'preact';
import { fileContent } from '../../state/shown/file-content.js';
import { hrefOf, place } from '../../state/navigation.js';
import { otherSide, type OtherSide } from '../../state/shown/other-side.js';
import { CodeView } from './code-view.js';
import { DiffView } from './diff-view.js';
import { ErrorPanel } from '../parts/error-panel.js';
import { FileHead } from './file-head.js';
import { NamePanel } from './name-panel.js';
import { OutdatedHint } from '../parts/outdated-hint.js';
import { Outline } from './outline.js';
import { formatBytes } from '../parts/format-bytes.js';
import { SidePanel } from '../parts/side-panel.js';

/** A file at a rev: its text, its definitions. */
export function FilePage(): JSX.Element {
  const { path, status, error, text, sizeBytes, symbols } = fileContent.value;
  // Of a file the changes are shown, of a line that is pointed at the text around it.
  const shownOther = place.value.file?.lines === null ? otherSide.value : null;
  const other = shownOther?.path === path ? shownOther : null;
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
        {text === '' && other === null && <p class="nothing">The file is empty.</p>}
        {text !== null && other !== null ? (
          <Compared text={text} other={other} />
        ) : (
          text !== null && text !== '' && <CodeView text={text} />
        )}
        <NamePanel />
      </main>
    </div>
  );
}

/** In a comparison: the file's changes, which is what one opens it for; where it cannot be told, its text. */
function Compared({ text, other }: { readonly text: string; readonly other: OtherSide }): JSX.Element {
  const { file, rev, against } = place.value;
  const { path, language } = fileContent.value;
  if (other.status === 'loading') return <p class="nothing">Loading…</p>;
  const isDiff = other.status === 'absent' || other.text !== null;
  const isNewer = file!.rev !== against;
  const [before, after] = isNewer ? [other.text ?? '', text] : [text, other.text ?? ''];
  return (
    <>
      <p class="compared" role="note">
        {other.status === 'absent' && `${other.rev} does not have this file. `}
        {other.status === 'failed' && `The file at ${other.rev} could not be read. `}
        {other.status === 'done' && (isDiff ? `Compared: ${against} → ${rev}. ` : `No text at ${other.rev}. `)}
        <a href={hrefOf({ against: '' })}>The file at {file!.rev} alone</a>
      </p>
      {isDiff ? <DiffView before={before} after={after} language={language} path={path} /> : <CodeView text={text} />}
    </>
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
