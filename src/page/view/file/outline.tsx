import type { JSX } from 'preact';
import { fileContent } from '../../state/shown/file-content.js';
import { hrefOf, place } from '../../state/navigation.js';

/** The definitions of the file that is open, as deep as they are nested. */
export function Outline(): JSX.Element {
  const { symbols } = fileContent.value;
  const file = place.value.file!;
  const line = file.lines?.start ?? 0;
  const current = symbols.findLastIndex((symbol) => symbol.line <= line);
  return (
    <nav class="outline" aria-label="Definitions">
      <ul>
        {symbols.map((symbol, index) => {
          const depth = symbol.scope === '' ? 0 : symbol.scope.split('.').length;
          const lines = { start: symbol.line, end: symbol.line };
          return (
            <li key={`${symbol.line} ${symbol.name} ${index}`} class={`depth-${Math.min(depth, 5)}`}>
              <a
                href={hrefOf({ file: { ...file, lines } })}
                title={`${symbol.kind} ${symbol.name}`}
                {...(index === current ? { 'aria-current': 'location' as const } : {})}
              >
                <span class="outline-name">{symbol.name}</span>
                <span class="kind">{symbol.kind}</span>
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
