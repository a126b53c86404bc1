import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { dialog } from '../../state/dialogs.js';
import { fileContent } from '../../state/shown/file-content.js';
import { freshSearch, hrefOf, leaveFile, place } from '../../state/navigation.js';
import { formatLines, formatPlace } from '../../state/place.js';
import { FileName } from '../parts/path-name.js';
import { PathTrail } from '../parts/path-trail.js';
import { shortRev } from '../parts/short-rev.js';
import { Icon } from '../parts/icons.js';
import { formatBytes } from '../parts/format-bytes.js';
import { FreshnessNote } from '../parts/summary-bar.js';

/** Where the file is, at which rev, and what can be done with it. */
export function FileHead(): JSX.Element {
  const { rev, status, text, sizeBytes, language, freshness } = fileContent.value;
  const file = place.value.file!;
  const permanent = permalink();
  return (
    <header class="file-head">
      <div class="file-head-row">
        <button
          type="button"
          class="icon-button"
          aria-label="Back to the results"
          title="Back (Esc)"
          onClick={leaveFile}
        >
          <Icon name="arrow" />
        </button>
        <h1 class="file-path">
          <PathTrail path={file.path} last={<FileName name={file.path.slice(file.path.lastIndexOf('/') + 1)} />} />
        </h1>
        <CopyButton text={file.path} what="path" />
      </div>
      <div class="file-head-row">
        <button
          type="button"
          class="button"
          title="Show it at another rev (r)"
          onClick={() => (dialog.value = 'file-rev')}
        >
          <Icon name="branch" />
          <span class="visually-hidden">Rev: </span>
          <span class="button-label">{shortRev(file.rev)}</span>
        </button>
        {rev !== null && rev.commit !== null && rev.commit !== file.rev && (
          <code class="sha">{rev.commit.slice(0, 9)}</code>
        )}
        {status === 'done' && <FreshnessNote freshness={freshness} />}
        <span class="muted">
          {language}
          {text !== null && `, ${formatBytes(sizeBytes)}`}
          {file.lines !== null &&
            `, ${file.lines.start === file.lines.end ? 'line' : 'lines'} ${formatLines(file.lines)}`}
        </span>
        <span class="file-actions">
          {permanent !== null && (
            <a class="button" href={permanent} title="Link to this commit (y)">
              <Icon name="link" />
              <span class="button-label">permalink</span>
            </a>
          )}
          <a class="button" href={historyOfLines()} title="When these lines came and went">
            <Icon name="history" />
            <span class="button-label">history</span>
          </a>
        </span>
      </div>
    </header>
  );
}

/** The file at the commit that its rev names now; null where there is none: a work tree, an edited fork. */
export function permalink(): string | null {
  const commit = fileContent.value.rev?.commit ?? null;
  const { file } = place.value;
  return commit === null || file === null ? null : hrefOf({ file: { ...file, rev: commit } });
}

/** History search for the selected line or, without one, for the file's name. */
function historyOfLines(): string {
  const { text } = fileContent.value;
  const { lines, path, rev } = place.value.file!;
  const line = lines === null ? '' : (text?.split('\n', lines.start)[lines.start - 1] ?? '').trim();
  const query = line === '' ? path.split('/').at(-1)! : line;
  return `?${formatPlace({ ...freshSearch({ mode: 'history', query, matchCase: true }), rev, against: '' })}`;
}

const copiedMs = 1_500;

function CopyButton({ text, what }: { readonly text: string; readonly what: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  return (
    <button
      type="button"
      class="link-button"
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => {
            setCopied(true);
            setTimeout(() => setCopied(false), copiedMs);
          },
          // Not allowed: the text is there to be selected.
          () => undefined,
        );
      }}
    >
      <span role="status">{copied ? 'copied' : `copy ${what}`}</span>
    </button>
  );
}
