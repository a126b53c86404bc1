import type { JSX } from 'preact';
import { freshSearch, go } from '../state/navigation.js';
import { home } from '../state/place.js';
import { repositories, repository } from '../state/session.js';
import { Picker, type Choice } from './picker.js';

/** Chooses the repository. */
export function RepositoryPicker(): JSX.Element {
  return (
    <Picker
      title="Repository"
      placeholder="Name or path"
      load={(typed) => Promise.resolve({ choices: choicesOf(typed.toLowerCase()), truncated: false })}
      onPick={({ value }) => go(freshSearch({ repo: value, rev: home.rev, against: '' }))}
    />
  );
}

function choicesOf(typed: string): Choice[] {
  return repositories
    .peek()
    .filter(({ name, path }) => name.toLowerCase().includes(typed) || path.toLowerCase().includes(typed))
    .map(toChoice);
}

function toChoice({ name, path }: { readonly name: string; readonly path: string }): Choice {
  const current = path === repository.peek();
  return { value: path, label: name, detail: path, group: 'Repositories', current };
}
