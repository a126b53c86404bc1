import type { JSX } from 'preact';
import type { NamedRev } from '../api/protocol.js';
import { go, place } from '../state/navigation.js';
import { unnarrowed, type Place } from '../state/place.js';
import { api, repository } from '../state/session.js';
import { Picker, type Choice } from './picker.js';

const revsMax = 200;

const groups: Readonly<Record<NamedRev['kind'], string>> = {
  head: 'Here',
  worktree: 'Work trees',
  branch: 'Branches',
  tag: 'Tags',
  fork: 'Forks',
  remote: 'Remote branches',
};

/** Chooses the rev that is searched or, in a file that is open, the rev at which it is shown. */
export function RevPicker(): JSX.Element {
  const { file, rev } = place.value;
  const current = file?.rev ?? rev;
  return (
    <Picker
      title={file === null ? 'Search at' : 'Show the file at'}
      placeholder="Branch, tag, fork, any commit"
      load={(typed, signal) => loadRevs(typed, current, signal)}
      onPick={(value) => pickRev(value)}
    />
  );
}

/** Chooses the rev that the searched one is compared with. */
export function AgainstPicker(): JSX.Element {
  const { rev, against } = place.value;
  const none: Choice = { value: '', label: 'Nothing', detail: 'stop comparing', group: 'Comparison', current: false };
  return (
    <Picker
      title={`Compare ${rev} with`}
      placeholder="Branch, tag, fork, any commit"
      load={async (typed, signal) => {
        const found = await loadRevs(typed, against, signal);
        return against !== '' && typed === '' ? [none, ...found] : found;
      }}
      onPick={(value) => goToSearch({ against: value })}
    />
  );
}

async function loadRevs(typed: string, current: string, signal: AbortSignal): Promise<readonly Choice[]> {
  const { items } = await api().call('revs', { repo: repository.peek(), match: typed, limit: revsMax }, { signal });
  const own = items.filter(({ path }) => path === undefined || path === repository.peek());
  const found = own.map((named): Choice => {
    const { rev, kind, commit, indexed } = named;
    const detail = [named.current ? 'checked out' : '', commit?.slice(0, 9) ?? ''].filter((text) => text !== '');
    return {
      value: rev,
      label: rev,
      detail: detail.join(' · '),
      group: groups[kind],
      current: rev === current,
      indexed,
    };
  });
  if (typed === '' || found.some(({ value }) => value === typed)) return found;
  const asTyped: Choice = {
    value: typed,
    label: typed,
    detail: 'as typed: a sha, HEAD~3, A..B',
    group: 'Any rev',
    current: false,
  };
  return found.length === 0 ? [asTyped] : [...found, asTyped];
}

/** `A..B` compares B with A. */
function pickRev(value: string): void {
  const { file } = place.peek();
  const range = /^(.+?)\.\.(.+)$/.exec(value);
  if (file !== null) go({ file: { ...file, rev: value } });
  else if (range !== null) goToSearch({ against: range[1]!, rev: range[2]! });
  else goToSearch({ rev: value });
}

function goToSearch(change: Partial<Place>): void {
  go({ ...change, ...unnarrowed, file: null });
}
