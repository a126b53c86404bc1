import type { JSX } from 'preact';
import { together } from '../../../model/index.js';
import { asRequestError } from '../../api/request-error.js';
import { freshSearch, go, place } from '../../state/navigation.js';
import { home } from '../../state/place.js';
import { recent } from '../../state/recent.js';
import { api, isTogether, nameOf, repositories, repository, roots } from '../../state/session.js';
import { Picker, type Choice } from './picker.js';

/** Chooses what is searched: one repository, a view that has a name, all of them, or one more than now. */
export function RepositoryPicker(): JSX.Element {
  return (
    <Picker
      title="Search in"
      placeholder="Name or path"
      load={async (typed, signal) => {
        const wanted = typed.toLowerCase();
        const choices = [...single(), ...(await views(signal)), ...added()].filter(
          ({ label, detail }) => label.toLowerCase().includes(wanted) || detail.toLowerCase().includes(wanted),
        );
        return { choices, truncated: false };
      }}
      onPick={({ value }) => {
        const isMany = value.startsWith('[') || value.startsWith('view:') || value === '*';
        // What is asked stays: it is asked elsewhere.
        const { query, mode } = place.peek();
        const rev = recent.peek().find(({ repo }) => repo === value)?.rev ?? home.rev;
        go(freshSearch({ repo: value, rev: isMany ? home.rev : rev, against: '', query, mode, deps: '' }));
      }}
    />
  );
}

const choice = (value: string, label: string, detail: string, group: string): Choice => ({
  value,
  label,
  detail,
  group,
  current: value === repository.peek(),
});

const single = (): Choice[] => repositories.peek().map(({ name, path }) => choice(path, name, path, 'Repositories'));

/** Views that have names, and all repositories. */
async function views(signal: AbortSignal): Promise<Choice[]> {
  const group = 'Several as one';
  const all =
    repositories.peek().length > 1
      ? [choice('*', 'All repositories', `${repositories.peek().length} that are known`, group)]
      : [];
  try {
    const { items } = await api().call('views', {}, { signal });
    return [...items.map(({ name, roots }) => choice(`view:${name}`, name, roots.join(', '), group)), ...all];
  } catch (error) {
    if (asRequestError(error) === null) throw error;
    return all;
  }
}

/** What is searched and one more; of several one less. */
function added(): Choice[] {
  const now = roots.peek();
  const isOpen = !isTogether.peek() || repository.peek().startsWith('[');
  if (!isOpen || now.length === 0) return [];
  const more = repositories
    .peek()
    .filter(({ path }) => !now.includes(path))
    .map(({ name, path }) =>
      choice(together([...now, path]), `+ ${name}`, `with ${now.map(nameOf).join(', ')}`, 'One more'),
    );
  if (now.length < 2) return more;
  const less = now.map((path) =>
    choice(together(now.filter((other) => other !== path)), `− ${nameOf(path)}`, path, 'One less'),
  );
  return [...less, ...more];
}
