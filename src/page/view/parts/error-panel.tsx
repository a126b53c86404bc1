import type { JSX } from 'preact';
import type { RequestError } from '../../api/request-error.js';
import { dialog } from '../../state/dialogs.js';
import { refresh } from '../../state/epoch.js';
import { place } from '../../state/navigation.js';
import { focusSearch } from '../focus.js';

export interface ErrorPanelProps {
  readonly error: RequestError;
  readonly id?: string;
}

/** What went wrong, where in the query, and the way out. */
export function ErrorPanel({ error, id }: ErrorPanelProps): JSX.Element {
  const { offset } = error;
  return (
    <div class={offset === null ? 'error' : 'error error-query'} role="alert" {...(id === undefined ? {} : { id })}>
      <p class="error-summary">{error.summary}</p>
      {error.detail !== '' && <pre class="error-detail">{error.detail}</pre>}
      {error.hint !== '' && <p class="error-hint">{error.hint}</p>}
      <p class="error-actions">
        {offset !== null && (
          <button type="button" class="button" onClick={() => focusSearch(offset)}>
            Go to the character
          </button>
        )}
        {error.code === 'REV_NOT_FOUND' && (
          <button
            type="button"
            class="button"
            onClick={() => (dialog.value = place.value.file === null ? 'rev' : 'file-rev')}
          >
            Choose another rev
          </button>
        )}
        {offset === null && (
          <button type="button" class="button" onClick={refresh}>
            Try again
          </button>
        )}
        <code class="error-code">{error.code}</code>
      </p>
    </div>
  );
}
