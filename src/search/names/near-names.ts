import { TimeSlices } from '../../base/index.js';
import { compareNames, plainName } from '../../segment/index.js';
import type { SymbolNames } from '../../segment/index.js';
import type { Snapshot, SnapshotPaths } from '../../snapshot/index.js';
import { foldWord, splitIdentifier, wordTerms } from '../../text/index.js';
import { stemOfName } from '../ranking/evidence/path-terms.js';
import { visiblePostings } from '../term-postings.js';
import { mistakesAllowed, withinEdits } from './edits.js';
import { isVisibleName, nameTables } from './snapshot-names.js';
import type { PlacedName } from './snapshot-names.js';

/** Shorter ones begin too many names. */
const prefixLengthMin = 3;
const namesMax = 3;

/** Names of files, folded: how many have each word, and each name of several words, with the ways that these are written. */
interface FileNames {
  readonly words: ReadonlyMap<string, number>;
  readonly joined: ReadonlyMap<string, readonly string[]>;
}

/** A word, or a name of several words joined, that comes near to one that is asked for. */
interface Near {
  readonly folded: string;
  /** Mistakes that make one of the other; 0 where it only begins so. */
  readonly edits: number;
  readonly kind: NearKind;
}

const enum NearKind {
  Word,
  Name,
}

/** Names of a snapshot's definitions and files, and the words that they are made of, by their folded form. */
export class KnownNames {
  private constructor(
    private readonly snapshot: Snapshot,
    private readonly tables: readonly SymbolNames[],
    private readonly files: FileNames,
  ) {}

  static async of(snapshot: Snapshot): Promise<KnownNames> {
    return new KnownNames(snapshot, await nameTables(snapshot), await fileNames(snapshot.paths));
  }

  has(word: string): boolean {
    const { files } = this;
    return (
      files.words.has(word) ||
      files.joined.has(word) ||
      this.isWordVisible(word) ||
      this.namesJoined(word, () => true).length > 0
    );
  }

  /** The names and words that a word begins, else those that it is a slip of: the likeliest first. */
  async near(text: string, slices: TimeSlices): Promise<readonly string[]> {
    const asked = foldWord(splitIdentifier(text).join(''));
    const groups = new Map<number, Near[]>();
    for (const near of await this.allNear(asked, slices)) {
      // Slips are rarely made in a word's first letter.
      const key = near.edits * 4 + (near.folded[0] === asked[0] ? 0 : 2) + near.kind;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [near]);
      else group.push(near);
    }
    const found: string[] = [];
    for (const [, group] of [...groups].sort(([a], [b]) => a - b)) {
      const counted: { readonly near: Near; readonly count: number; readonly name: string }[] = [];
      for (const near of group) {
        if (slices.isOver) await slices.next();
        const known =
          near.kind === NearKind.Word ? this.knownWord(near.folded, text) : this.knownName(near.folded, text);
        if (known !== null) counted.push({ near, ...known });
      }
      counted.sort(
        (a, b) =>
          b.count - a.count || a.near.folded.length - b.near.folded.length || (a.near.folded < b.near.folded ? -1 : 1),
      );
      for (const { name } of counted) found.push(name);
      if (found.length >= namesMax) break;
    }
    return found.slice(0, namesMax);
  }

  private async allNear(asked: string, slices: TimeSlices): Promise<Near[]> {
    const { files, tables } = this;
    const mistakes = mistakesAllowed(asked);
    const isBeginning = asked.length >= prefixLengthMin;
    const all = new Map<string, Near>();
    const add = (folded: string, kind: NearKind): void => {
      const key = `${kind}${folded}`;
      if (folded === asked || all.has(key)) return;
      if (isBeginning && folded.startsWith(asked)) {
        all.set(key, { folded, edits: 0, kind });
        return;
      }
      let edits = 1;
      while (edits <= mistakes && !withinEdits(folded, asked, edits)) edits++;
      if (edits <= mistakes) all.set(key, { folded, edits, kind });
    };
    for (const word of files.words.keys()) add(word, NearKind.Word);
    for (const name of files.joined.keys()) add(name, NearKind.Name);
    for (const table of tables) {
      const { names, words } = table;
      if (slices.isOver) await slices.next();
      const addName = (name: string): void => {
        const joined = joinedName(name);
        if (joined !== null) add(joined, NearKind.Name);
      };
      if (mistakes > 0) {
        words.forEachAlike(asked, mistakes, (block, at) => add(block.name(at), NearKind.Word));
        names.forEachAlike(asked, mistakes, (block, at) => addName(block.name(at)), table.blocksAlike(asked, mistakes));
      }
      if (!isBeginning) continue;
      words.forEachWithPrefix(asked, (block, at) => add(block.name(at), NearKind.Word));
      for (const number of table.blocksWith(asked) ?? names.blockNumbers()) {
        if (slices.isOver) await slices.next();
        const block = names.block(number);
        for (let at = 0; at < block.count; at++) {
          const name = block.name(at);
          if (plainName(name)?.startsWith(asked) ?? true) addName(name);
        }
      }
    }
    return [...all.values()];
  }

  /** How many chunks and files have a word, and how it is written as a text is; null when none has it. */
  private knownWord(word: string, text: string): { readonly count: number; readonly name: string } | null {
    const inFiles = this.files.words.get(word) ?? 0;
    if (inFiles === 0 && !this.isWordVisible(word)) return null;
    const inChunks = Math.max(...wordTerms(word).map((term) => visiblePostings(this.snapshot, term).docs.length));
    return {
      count: inChunks + inFiles,
      name: isCapital(text[0]!) ? word.charAt(0).toUpperCase() + word.slice(1) : word,
    };
  }

  /** How many definitions and files have a name of several words, and it as it is written: as the text begins, where it is so. */
  private knownName(joined: string, text: string): { readonly count: number; readonly name: string } | null {
    const { snapshot, files } = this;
    const ways = [...(files.joined.get(joined) ?? [])];
    let count = ways.length;
    for (const { table, block, at } of this.namesJoined(joined, () => false)) {
      ways.push(block.name(at));
      table.forEachDoc(block, at, (doc) => {
        if (snapshot.visible.has(doc)) snapshot.forEachOccurrence(doc, () => count++);
      });
    }
    if (count === 0) return null;
    const keyed = ways.map((name) => ({ name, lower: name.toLowerCase(), begins: beginsAs(name, text) ? 0 : 1 }));
    keyed.sort((a, b) => a.begins - b.begins || compareNames(a, b));
    return { count, name: keyed[0]!.name };
  }

  /** Whether a visible definition has a word in its name. */
  private isWordVisible(word: string): boolean {
    for (const table of this.tables) {
      for (const number of table.blocksOfTerms(wordTerms(word)) ?? []) {
        const block = table.names.block(number);
        for (let at = 0; at < block.count; at++) {
          if (plainName(block.lower(at))?.includes(word) === false) continue;
          if (!splitIdentifier(block.name(at)).some((own) => foldWord(own) === word)) continue;
          if (isVisibleName(this.snapshot, { table, block, at })) return true;
        }
      }
    }
    return false;
  }

  /** The names of visible definitions that are these words joined; until `isEnough`. */
  private namesJoined(joined: string, isEnough: () => boolean): PlacedName[] {
    const found: PlacedName[] = [];
    for (const table of this.tables) {
      for (const number of table.blocksWith(joined) ?? table.names.blockNumbers()) {
        const block = table.names.block(number);
        for (let at = 0; at < block.count; at++) {
          const name = block.name(at);
          if ((plainName(name) ?? joined) !== joined || joinedName(name) !== joined) continue;
          const placed = { table, block, at };
          if (isVisibleName(this.snapshot, placed)) found.push(placed);
          if (found.length > 0 && isEnough()) return found;
        }
      }
    }
    return found;
  }
}

/** The words of a name, folded and joined; null when it has no more than one. */
function joinedName(name: string): string | null {
  const words = splitIdentifier(name);
  return words.length > 1 ? foldWord(words.join('')) : null;
}

function fileNames(paths: SnapshotPaths): Promise<FileNames> {
  return paths.derived.once('fileNames', async () => {
    const words = new Map<string, number>();
    const joined = new Map<string, string[]>();
    const slices = new TimeSlices();
    for (const path of paths.list) {
      if (slices.isOver) await slices.next();
      const name = stemOfName(path.slice(path.lastIndexOf('/') + 1));
      const own = splitIdentifier(name);
      for (const word of own) words.set(foldWord(word), (words.get(foldWord(word)) ?? 0) + 1);
      if (own.length < 2) continue;
      const folded = foldWord(own.join(''));
      const ways = joined.get(folded);
      if (ways === undefined) joined.set(folded, [name]);
      else ways.push(name);
    }
    return { words, joined };
  });
}

/** Both begin with a capital, or neither. */
const beginsAs = (a: string, b: string): boolean => isCapital(a[0]!) === isCapital(b[0]!);
const isCapital = (char: string): boolean => char !== char.toLowerCase();
