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
    let low = 0;
    let high = this.places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.places[middle]! < start) low = middle + 1;
      else high = middle;
    }
    return low < this.places.length && this.places[low]! < end;
  }
}
