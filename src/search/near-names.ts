import { TimeSlices } from '../base/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { foldWord, splitIdentifier } from '../text/index.js';
import { stemOfName } from './ranking/path-terms.js';
import { mistakesAllowed, symbolTable, withinEdits } from './symbol-search.js';

/** Shorter ones begin too many names. */
const prefixLengthMin = 3;
const namesMax = 3;
/** Ways of writing one name that are kept. */
const waysMax = 4;

interface Known {
  /** As it is written, in the ways that are met first. */
  readonly names: string[];
  count: number;
}

/** Names of a snapshot's definitions and files, and the words that they are made of, by their folded form. */
export class KnownNames {
  private readonly words = new Map<string, Known>();
  private readonly names = new Map<string, Known>();

  private constructor() {}

  /** Made once for a snapshot. */
  static of(snapshot: Snapshot): Promise<KnownNames> {
    return snapshot.derived.once(
      'knownNames',
      async () => {
        const known = new KnownNames();
        const slices = new TimeSlices();
        for (const { definitions } of (await symbolTable(snapshot)).values()) {
          if (slices.isOver) await slices.next();
          for (const { symbol } of definitions) known.add(symbol.name, 1);
        }
        for (const path of snapshot.paths.list) {
          if (slices.isOver) await slices.next();
          known.add(stemOfName(path.slice(path.lastIndexOf('/') + 1)), 1);
        }
        return known;
      },
      (known) => 120 * (known.words.size + known.names.size),
    );
  }

  private add(name: string, count: number): void {
    const words = splitIdentifier(name);
    for (const word of words) addTo(this.words, foldWord(word), word, count);
    if (words.length > 1) addTo(this.names, foldWord(words.join('')), name, count);
  }

  has(word: string): boolean {
    return this.words.has(word) || this.names.has(word);
  }

  /** The names and words that a word begins, else those that it is a slip of: the likeliest first. */
  async near(text: string, slices: TimeSlices): Promise<readonly string[]> {
    const asked = foldWord(splitIdentifier(text).join(''));
    const mistakes = mistakesAllowed(asked);
    const found: { readonly known: Known; readonly key: readonly number[] }[] = [];
    for (const [kind, map] of [this.words, this.names].entries()) {
      for (const [folded, known] of map) {
        if (slices.isOver) await slices.next();
        if (folded === asked) continue;
        const isLonger = asked.length >= prefixLengthMin && folded.startsWith(asked);
        let edits = 0;
        if (!isLonger) {
          edits = 1;
          while (edits <= mistakes && !withinEdits(folded, asked, edits)) edits++;
          if (edits > mistakes) continue;
        }
        // Slips are rarely made in a word's first letter.
        const begins = folded[0] === asked[0] ? 0 : 1;
        found.push({ known, key: [edits, begins, kind, -known.count, folded.length] });
      }
    }
    found.sort((a, b) => {
      for (let i = 0; i < a.key.length; i++) if (a.key[i] !== b.key[i]) return a.key[i]! - b.key[i]!;
      return a.known.names[0]! < b.known.names[0]! ? -1 : 1;
    });
    return found
      .slice(0, namesMax)
      .map(({ known: { names } }) => names.find((name) => beginsAs(name, text)) ?? names[0]!);
  }
}

/** Both begin with a capital, or neither. */
const beginsAs = (a: string, b: string): boolean => isCapital(a[0]!) === isCapital(b[0]!);
const isCapital = (char: string): boolean => char !== char.toLowerCase();

function addTo(map: Map<string, Known>, folded: string, name: string, count: number): void {
  const known = map.get(folded);
  if (known === undefined) {
    map.set(folded, { names: [name], count });
    return;
  }
  known.count += count;
  if (known.names.length < waysMax && !known.names.includes(name)) known.names.push(name);
}
