import { invalidPattern } from './invalid-pattern.js';

/** A place in a pattern that moves forward. */
export class PatternScanner {
  at = 0;

  constructor(readonly source: string) {}

  get done(): boolean {
    return this.at >= this.source.length;
  }

  /** The character here, empty at the end; a pair of surrogates is one. */
  peek(): string {
    const code = this.source.codePointAt(this.at);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  next(): string {
    const character = this.peek();
    this.at += character.length;
    return character;
  }

  /** Goes past the text if it is here. */
  take(text: string): boolean {
    if (!this.source.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** Throws PATTERN_INVALID; the hint says what to write instead. */
  fail(offset: number, reason: string, hint?: string): never {
    throw invalidPattern(this.source, offset, reason, hint === undefined ? {} : { hint });
  }
}
