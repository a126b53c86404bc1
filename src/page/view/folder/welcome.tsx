import type { JSX } from 'preact';
import { hrefOf } from '../../state/navigation.js';
import type { Place } from '../../state/place.js';

const examples: readonly (readonly [what: string, shown: string, change: Partial<Place>])[] = [
  ['words, the best places first', 'parse arguments', { query: 'parse arguments' }],
  ['with filters', 'error -path:test kind:function', { query: 'error -path:test kind:function' }],
  ['every matching line', 'TODO', { query: 'TODO', mode: 'exact', matchCase: true }],
  ['a definition by name', 'main', { query: 'main', mode: 'symbols' }],
  ['when a line came and went', 'version', { query: 'version', mode: 'history' }],
];

/** For who has not typed anything yet: what can be typed. */
export function Welcome(): JSX.Element {
  return (
    <section class="welcome" aria-label="Examples">
      <ul>
        {examples.map(([what, shown, change]) => (
          <li key={what}>
            <a href={hrefOf(change)}>
              <code>{shown}</code>
            </a>{' '}
            <span class="muted">{what}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
