import type { JSX } from 'preact';
import { Modal } from './modal.js';

const sections: readonly (readonly [title: string, keys: readonly (readonly [keys: string, what: string])[]])[] = [
  [
    'Everywhere',
    [
      ['/', 'search'],
      ['r', 'choose the rev'],
      ['c', 'compare with another rev'],
      ['1 2 3 4', 'ranked, exact, symbols, history'],
      ['Shift+R', 'ask again'],
      ['?', 'these keys'],
    ],
  ],
  [
    'In the results',
    [
      ['↓ ↑ or j k', 'next, previous'],
      ['Enter', 'open (with Ctrl in a new tab)'],
      ['Esc', 'back to the search box'],
    ],
  ],
  [
    'In a folder',
    [
      ['↓ ↑ or j k', 'next, previous entry'],
      ['u', 'the folder above'],
    ],
  ],
  [
    'In a file',
    [
      ['j k', 'next, previous line; with Shift select more'],
      ['n p', 'next, previous match'],
      ['d', 'definition and references of a name (or double click it)'],
      ['u', 'the folder that it is in'],
      ['y', 'permanent link: the commit instead of its name'],
      ['Esc', 'close what is below, back to the results'],
    ],
  ],
];

/** All keys. */
export function KeysDialog(): JSX.Element {
  return (
    <Modal title="Keys">
      <div class="keys" tabIndex={0} role="group" aria-label="All keys">
        {sections.map(([title, keys]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([key, what]) => (
                <div key={key}>
                  <dt>{key.split(' ').map((part) => (part === 'or' ? ' or ' : <kbd key={part}>{part}</kbd>))}</dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
