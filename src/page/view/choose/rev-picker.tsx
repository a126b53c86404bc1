import type { JSX } from 'preact';
import type { NamedRev } from '../../api/protocol.js';
import { go, place } from '../../state/navigation.js';
import { unnarrowed, type Place } from '../../state/place.js';
import { api, repository, wireRepo } from '../../state/session.js';
import { Picker, type Choice, type Choices } from './picker.js';

const revsMax = 200;

const groups: Readonly<Record<NamedRev['kind'], string>> = {
  head: 'Here',
  worktree: 'Work trees',
  branch: 'Branches',
  tag: 'Tags',
  fork: 'Forks',
  remote: 'Remote branches',
};

const placeholder = 'Branch, tag, fork, any commit';

/** Chooses the rev that is searched. `A..B` compares B with A; another work tree is searched as a repository of its own. */
export function RevPicker(): JSX.Element {
  return (
    <Picker
      title="Search at"
      placeholder={placeholder}
      load={(typed, signal) => loadRevs(typed, place.peek().rev, signal)}
      onPick={({ rev, repo }) => {
        const range = /^(.+?)\.\.(.+)$/.exec(rev);
        if (range !== null) goToSearch({ against: range[1]!, rev: range[2]! });
        else goToSearch({ rev, ...(repo === undefined ? {} : { repo }) });
      }}
    />
  );
}

/** Chooses the rev at which the file that is open is shown. */
export function FileRevPicker(): JSX.Element {
  const { file } = place.value;
  return (
    <Picker
      title="Show the file at"
      placeholder={placeholder}
      load={(typed, signal) => loadRevs(typed, file?.rev ?? '', signal)}
      onPick={({ rev, repo }) => {
        if (file !== null) go({ file: { ...file, rev }, ...(repo === undefined ? {} : { repo }) });
      }}
    />
  );
}

/** Chooses the rev that the searched one is compared with. */
export function AgainstPicker(): JSX.Element {
  const { rev, against } = place.value;
  const none: RevChoice = {
    value: '',
    rev: '',
    label: 'Nothing',
    detail: 'stop comparing',
    group: 'Comparison',
    current: false,
  };
  return (
    <Picker
      title={`Compare ${rev} with`}
      placeholder={placeholder}
      load={async (typed, signal) => {
        const { choices, truncated } = await loadRevs(typed, against, signal);
        // Revs of two work trees have no repository in common to ask.
        const here = choices.filter(({ repo }) => repo === undefined);
        return { choices: against !== '' && typed === '' ? [none, ...here] : here, truncated };
      }}
      onPick={(choice) => goToSearch({ against: choice.rev })}
    />
  );
}

interface RevChoice extends Choice {
  readonly rev: string;
  /** Of another work tree: the path to ask about it. */
  readonly repo?: string;
}

async function loadRevs(typed: string, current: string, signal: AbortSignal): Promise<Choices<RevChoice>> {
  const repo = wireRepo.peek();
  const { items, result } = await api().call('revs', { repo, match: typed, limit: revsMax }, { signal });
  const found = items.map((named) => choiceOf(named, current));
  if (typed !== '' && !found.some(({ rev }) => rev === typed)) {
    const detail = 'as typed: a sha, HEAD~3, A..B';
    found.push({ value: 'typed', rev: typed, label: typed, detail, group: 'Any rev', current: false });
  }
  return { choices: found, truncated: result.truncated };
}

function choiceOf({ rev, kind, commit, indexed, current: isCheckedOut, path }: NamedRev, current: string): RevChoice {
  const isElsewhere = path !== undefined && path !== repository.peek();
  const details = [isElsewhere ? path : '', isCheckedOut ? 'checked out' : '', commit?.slice(0, 9) ?? ''];
  return {
    value: `${kind} ${rev} ${path ?? ''}`,
    rev,
    label: rev,
    detail: details.filter((text) => text !== '').join(' · '),
    group: groups[kind],
    current: rev === current && !isElsewhere,
    indexed,
    ...(isElsewhere ? { repo: path } : {}),
  };
}

function goToSearch(change: Partial<Place>): void {
  go({ ...change, ...unnarrowed, file: null });
}
