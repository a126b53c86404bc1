import type { Snapshot } from '../../../snapshot/index.js';
import { foldWord, stemsOf } from '../../../text/index.js';
import type { QueryWord } from '../../query/query-terms.js';
import type { NameSignal } from '../ranking-signals.js';

/** Stems of the words a name is made of, found once for each name that a snapshot is asked about. */
export function nameStems(snapshot: Snapshot): (name: string) => readonly string[] {
  const stems = snapshot.derived.once('nameStems', () => new Map<string, readonly string[]>());
  return (name) => {
    let own = stems.get(name);
    if (own === undefined) stems.set(name, (own = [...new Set(stemsOf(name))]));
    return own;
  };
}

/** The query, to compare names of definitions and files with. */
export class QueryNames {
  /** The words' stems and how much each says. */
  private readonly weights = new Map<string, number>();
  private readonly total: number;
  private readonly whole: string;
  private readonly typed: string;

  constructor(
    words: readonly QueryWord[],
    idf: ReadonlyMap<string, number>,
    private readonly stems: (name: string) => readonly string[],
    private readonly caseSensitive: boolean,
  ) {
    this.typed = words.map(({ text }) => text).join('');
    this.whole = words.map(({ text }) => this.plain(text)).join('');
    for (const { text } of words) for (const term of stemsOf(text)) this.weights.set(term, idf.get(term) ?? 0);
    let total = 0;
    for (const weight of this.weights.values()) total += weight;
    this.total = total;
  }

  /** The name is all of the query, written in whatever way identifiers are. */
  isQuery(name: string): boolean {
    return this.plain(name) === this.whole;
  }

  /** The name is all of the query, as it is typed. */
  isTyped(name: string): boolean {
    return name === this.typed;
  }

  /** What the signal gives for a name. */
  value(name: string, { weight, ofQuery, ofName }: NameSignal): number {
    const terms = this.stems(name);
    let said = 0;
    let count = 0;
    for (const term of terms) {
      const own = this.weights.get(term);
      if (own === undefined) continue;
      said += own;
      count++;
    }
    if (said === 0) return 0;
    return weight * (said / this.total) ** ofQuery * (count / terms.length) ** ofName;
  }

  private plain(name: string): string {
    return this.caseSensitive ? name : foldWord(name).replace(/[_$-]/g, '');
  }
}
