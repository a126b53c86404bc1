import type { JSX } from 'preact';
import { freshSearch, go } from '../state/navigation.js';
import { home } from '../state/place.js';
import { repositories, repository } from '../state/session.js';
import { Picker } from './picker.js';

/** Chooses the repository. */
export function RepositoryPicker(): JSX.Element {
  return (
    <Picker
      title="Repository"
      placeholder="Name or path"
      load={(typed) => Promise.resolve(choicesOf(typed.toLowerCase()))}
      onPick={(repo) => go(freshSearch({ repo, rev: home.rev, against: '' }))}
    />
  );
}

function choicesOf(typed: string): ReturnType<typeof toChoice>[] {
  return repositories
    .peek()
    .filter(({ name, path }) => name.toLowerCase().includes(typed) || path.toLowerCase().includes(typed))
    .map(toChoice);
}

function toChoice({ name, path }: { readonly name: string; readonly path: string }) {
  const current = path === repository.peek();
  return { value: path, label: name, detail: path, group: 'Repositories', current };
}
