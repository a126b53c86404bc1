import { lowerBound } from '../base/index.js';

/** Where a language's hint occurs in a text: where it does not, nothing is defined inside of functions. */
export class Hints {
  private places: readonly number[] | undefined;

  constructor(
    private readonly text: string,
    private readonly hint: RegExp | undefined,
  ) {}

  /** Whether it begins in a stretch; it does everywhere where the language has none. */
  occurs(start: number, end: number): boolean {
    if (this.hint === undefined) return true;
    this.places ??= Array.from(this.text.matchAll(this.hint), ({ index }) => index);
    const next = this.places[lowerBound(this.places, start)];
    return next !== undefined && next < end;
  }
}
