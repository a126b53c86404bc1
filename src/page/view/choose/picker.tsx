import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { asRequestError } from '../../api/request-error.js';
import { dialog } from '../../state/dialogs.js';
import { Modal } from './modal.js';

export interface Choice {
  /** Tells it apart from the others. */
  readonly value: string;
  readonly label: string;
  readonly detail: string;
  /** Choices of one group stand together, below its name. */
  readonly group: string;
  readonly current: boolean;
  /** Whether searching it needs no indexing first; absent where that is not asked. */
  readonly indexed?: boolean;
}

export interface Choices<C extends Choice = Choice> {
  readonly choices: readonly C[];
  /** There are more, which are found by typing. */
  readonly truncated: boolean;
}

export interface PickerProps<C extends Choice> {
  readonly title: string;
  readonly placeholder: string;
  /** The choices for what was typed. */
  readonly load: (typed: string, signal: AbortSignal) => Promise<Choices<C>>;
  readonly onPick: (choice: C) => void;
}

const pauseMs = 80;

/** A dialog in which one of many is chosen: typing narrows, arrows move, Enter chooses. */
export function Picker<C extends Choice>({ title, placeholder, load, onPick }: PickerProps<C>): JSX.Element {
  const [typed, setTyped] = useState('');
  const [loaded, setLoaded] = useState<Choices<C> | null>(null);
  /** What the choices are for, and whether the first of those for what was typed is to be chosen once they are there. */
  const loadedFor = useRef<string | null>(null);
  const picksFirst = useRef(false);
  const [failure, setFailure] = useState('');
  const [chosen, setChosen] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const shown = loaded?.choices ?? [];

  useEffect(() => {
    const controller = new AbortController();
    const timer = setTimeout(
      () => {
        load(typed.trim(), controller.signal).then(
          (found) => {
            setLoaded(found);
            loadedFor.current = typed;
            setFailure('');
            if (picksFirst.current) return pick(found.choices[0]);
            setChosen(
              typed === ''
                ? Math.max(
                    0,
                    found.choices.findIndex(({ current }) => current),
                  )
                : 0,
            );
          },
          (error: unknown) => setFailure(asRequestError(error)?.summary ?? ''),
        );
      },
      loaded === null ? 0 : pauseMs,
    );
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [typed]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [chosen, loaded]);

  const pick = (choice: C | undefined): void => {
    if (choice === undefined) return;
    dialog.value = null;
    onPick(choice);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setChosen(Math.min(chosen + 1, shown.length - 1));
    else if (event.key === 'ArrowUp') setChosen(Math.max(chosen - 1, 0));
    // Who types fast is ahead of the choices.
    else if (event.key === 'Enter' && loadedFor.current !== typed) picksFirst.current = true;
    else if (event.key === 'Enter') pick(shown[chosen]);
    else return;
    event.preventDefault();
  };

  const groups = [...new Set(shown.map(({ group }) => group))];
  return (
    <Modal title={title}>
      <input
        class="picker-input"
        type="text"
        role="combobox"
        aria-label={placeholder}
        aria-autocomplete="list"
        aria-expanded="true"
        aria-controls="choices"
        {...(shown.length > 0 ? { 'aria-activedescendant': `choice-${chosen}` } : {})}
        autocomplete="off"
        spellcheck={false}
        autofocus
        placeholder={placeholder}
        value={typed}
        onInput={({ currentTarget }) => {
          picksFirst.current = false;
          setTyped(currentTarget.value);
        }}
        onKeyDown={onKeyDown}
      />
      <div id="choices" class="choices" role="listbox" aria-label={title} ref={list} tabIndex={-1}>
        {groups.map((group) => (
          <div role="group" aria-label={group} key={group} class="choice-group">
            <div class="choice-group-name" aria-hidden="true">
              {group}
            </div>
            {shown.map((choice, index) =>
              choice.group !== group ? null : (
                <div
                  key={choice.value}
                  id={`choice-${index}`}
                  role="option"
                  class="choice"
                  aria-selected={index === chosen}
                  onClick={() => pick(choice)}
                >
                  {choice.indexed !== undefined && <IndexedDot indexed={choice.indexed} />}
                  <span class="choice-label">{choice.label}</span>
                  <span class="choice-detail">{choice.detail}</span>
                </div>
              ),
            )}
          </div>
        ))}
      </div>
      <p class="picker-note" role="status">
        {failure || noteOf(loaded)}
      </p>
    </Modal>
  );
}

function noteOf(loaded: Choices | null): string {
  if (loaded === null) return 'Loading…';
  if (loaded.choices.length === 0) return 'Nothing matches.';
  return loaded.truncated ? 'There are more: type to find them.' : '';
}

function IndexedDot({ indexed }: { readonly indexed: boolean }): JSX.Element {
  const text = indexed ? 'indexed' : 'not indexed';
  return (
    <span class={indexed ? 'dot dot-on' : 'dot'} title={text}>
      <span class="visually-hidden">{text}</span>
    </span>
  );
}
