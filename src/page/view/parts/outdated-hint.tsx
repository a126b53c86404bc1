import type { JSX } from 'preact';
import { refresh } from '../../state/epoch.js';
import { outdated } from '../../state/live.js';
import { shortRev } from './short-rev.js';
import { Icon } from './icons.js';

/** Tells that what is shown has changed meanwhile. What one reads does not move by itself. */
export function OutdatedHint(): JSX.Element {
  const rev = outdated.value;
  return (
    <div class="outdated" role="status">
      {rev !== null && (
        <button type="button" class="button outdated-button" title="Shift+R" onClick={refresh}>
          <Icon name="refresh" />
          {rev === '@worktree' ? 'The work tree has changed' : `${shortRev(rev)} has moved`}: show it as it is now
        </button>
      )}
    </div>
  );
}
