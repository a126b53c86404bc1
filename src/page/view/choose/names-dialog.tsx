import type { JSX } from 'preact';
import { wordsOf } from '../../code/word-at.js';
import { fileContent } from '../../state/shown/file-content.js';
import { fileCursor } from '../../state/file-cursor.js';
import { go, place } from '../../state/navigation.js';
import { Picker } from './picker.js';

/** By the keys: a name of the selected lines (else of the first match, or of any definition of the file) to ask about. */
export function NamesDialog(): JSX.Element {
  return (
    <Picker
      title="Definition and references of"
      placeholder="A name"
      load={(typed) => {
        const names = namesHere();
        const found = names.filter((name) => name.toLowerCase().includes(typed.toLowerCase()));
        if (/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(typed) && !found.includes(typed)) found.push(typed);
        const group = place.peek().file?.lines ? 'In the selected lines' : 'In this file';
        const choices = found.map((name) => ({ value: name, label: name, detail: '', group, current: false }));
        return Promise.resolve({ choices, truncated: false });
      }}
      onPick={({ value }) => go({ name: value })}
    />
  );
}

function namesHere(): string[] {
  const { text, symbols } = fileContent.peek();
  const lines = place.peek().file?.lines;
  const first = fileCursor.peek().matches[0];
  const [start, end] = lines ? [lines.start, lines.end] : [first ?? 0, first ?? 0];
  const selected =
    start > 0
      ? (text ?? '')
          .split('\n')
          .slice(start - 1, end)
          .join('\n')
      : '';
  return selected === '' ? [...new Set(symbols.map(({ name }) => name))] : wordsOf(selected);
}
