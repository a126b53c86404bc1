import { languageNumber, languages } from '../model/index.js';
import { lexicalSyntaxes } from './lexical-syntax.js';
import type { Hole, LexicalSyntax, Opening, OpeningMatch } from './lexical-syntax.js';

/** What a place in a file is in. `text`: the file is prose or data, and no code at all. */
export type LexicalPlace = 'code' | 'comment' | 'string' | 'text';

/** No language that runs: prose, data, lists. */
const textLanguages = new Set(
  'text markdown restructuredtext asciidoc latex json yaml toml ini csv diff ignore lockfile gomod'.split(' '),
);

/**
 * What each of some offsets of a file's text, in ascending order, is in. Read by the rules of the language's words: comments, nested ones
 * too, strings and the code in them, heredocs, regular expressions where one can begin. It costs one pass and no parser,
 * and is wrong where only a parser could tell.
 */
export function lexicalPlaces(text: string, language: string, offsets: readonly number[]): LexicalPlace[] {
  if (textLanguages.has(language)) return offsets.map(() => 'text');
  const end = (offsets.at(-1) ?? -1) + 1;
  const scan = new LexicalScan(text, end, syntaxOf(language));
  scan.run();
  let region = 0;
  return offsets.map((offset) => {
    while (region + 1 < scan.starts.length && scan.starts[region + 1]! <= offset) region++;
    return scan.places[region]!;
  });
}

interface CompiledSyntax extends LexicalSyntax {
  readonly byFirst: readonly (readonly Opening[] | undefined)[];
  /** Of each ASCII character whether code is looked at there. */
  readonly kinds: Uint8Array;
}

const enum CharacterKind {
  Plain,
  Word,
  /** An opening, a bracket or the like may be here; or a word, which an opening may begin with. */
  Looked,
}

const compiled = new Map<string, CompiledSyntax>();

function syntaxOf(language: string): CompiledSyntax {
  let syntax = compiled.get(language);
  if (syntax === undefined) {
    const given = lexicalSyntaxes[language] ?? plainSyntax(language);
    const byFirst = new Array<Opening[] | undefined>(128).fill(undefined);
    const kinds = Uint8Array.from({ length: 128 }, (_, code) =>
      isWord(code) ? CharacterKind.Word : '\n(){}?'.includes(String.fromCharCode(code)) ? CharacterKind.Looked : 0,
    );
    for (const opening of given.openings) {
      for (const first of opening.first) {
        const code = first.charCodeAt(0);
        (byFirst[code] ??= []).push(opening);
        kinds[code] = CharacterKind.Looked;
      }
    }
    compiled.set(language, (syntax = { ...given, byFirst, kinds }));
  }
  return syntax;
}

function plainSyntax(language: string): LexicalSyntax {
  const { line, block } = languages[languageNumber(language)]!;
  const openings: Opening[] = [
    ...block.map(([open, close]) => ({ first: open[0]!, open, place: 'comment' as const, close })),
    ...line.map((open) => ({ first: open[0]!, open, place: 'comment' as const, close: '\n' })),
  ];
  for (const quote of openings.length === 0 ? [] : ['"', "'"]) {
    if (openings.some(({ first }) => first === quote)) continue;
    openings.push({
      first: quote,
      open: quote,
      place: 'string',
      close: quote,
      escape: 'backslash',
      line: true,
    });
  }
  return { openings };
}

/** What the scan is inside of; the innermost is last. */
type Frame =
  | { readonly kind: 'code'; readonly close: Hole['close']; depth: number }
  | {
      readonly kind: 'closed';
      readonly opening: Opening;
      readonly close: string;
      readonly nested: string;
      depth: number;
    };

/** Letters, digits, `_`, `$`, and all beyond ASCII. */
const isWord = (code: number): boolean =>
  code >= 128 ||
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  (code >= 48 && code <= 57) ||
  code === 95 ||
  code === 36;
const newline = 10;
const backslash = 92;

/** After these words an expression begins, not an operator. */
const beforeExpression =
  /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield|if|unless|while|until|and|or|not|when|puts)$/;
const depthMax = 200;

class LexicalScan {
  /** Where each region begins, and what it is. */
  readonly starts: number[] = [0];
  readonly places: LexicalPlace[] = ['code'];
  private at = 0;
  private readonly frames: Frame[] = [{ kind: 'code', close: '', depth: 0 }];
  /** Heredocs whose text begins with the next line. */
  private waiting: { readonly opening: Opening; readonly word: string; readonly raw: boolean }[] = [];

  constructor(
    private readonly text: string,
    private readonly end: number,
    private readonly syntax: CompiledSyntax,
  ) {}

  run(): void {
    const { island } = this.syntax;
    if (island !== undefined) this.skipTo(island[0]);
    while (this.at < this.end) {
      const frame = this.frames.at(-1)!;
      if (frame.kind === 'code') this.stepCode(frame);
      else this.stepClosed(frame);
    }
  }

  private skipTo(mark: string): void {
    const at = this.text.indexOf(mark, this.at);
    this.at = at < 0 ? this.end : at + mark.length;
  }

  private mark(at: number, place: LexicalPlace): void {
    if (this.places.at(-1) === place) return;
    this.starts.push(at);
    this.places.push(place);
  }

  private stepCode(frame: Extract<Frame, { kind: 'code' }>): void {
    const { text, end, syntax } = this;
    while (this.at < end) {
      const { at } = this;
      const code = text.charCodeAt(at);
      const kind = code < 128 ? syntax.kinds[code]! : CharacterKind.Word;
      if (kind === CharacterKind.Plain) {
        this.at++;
        continue;
      }
      if (kind === CharacterKind.Looked && this.enterAny(code)) return;
      if (isWord(code)) {
        do this.at++;
        while (this.at < end && isWord(text.charCodeAt(this.at)));
        continue;
      }
      this.at++;
      if (kind !== CharacterKind.Looked) continue;
      const character = text[at]!;
      if (code === newline && this.waiting.length > 0) this.readHeredocs();
      else if (syntax.island !== undefined && character === '?' && text.startsWith(syntax.island[1], at))
        this.skipTo(syntax.island[0]);
      if (frame.close === '') continue;
      if (character === (frame.close === '}' ? '{' : '(')) frame.depth++;
      else if (character === frame.close && --frame.depth < 0) {
        this.leave();
        return;
      }
    }
  }

  private enterAny(code: number): boolean {
    for (const opening of this.syntax.byFirst[code] ?? []) {
      const match = this.matchAt(opening.open);
      if (match === null || (opening.expression === true && !this.expressionBegins())) continue;
      this.enter(opening, match);
      return true;
    }
    return false;
  }

  private matchAt(open: string | RegExp): OpeningMatch | null {
    if (typeof open === 'string') return this.text.startsWith(open, this.at) ? [open] : null;
    open.lastIndex = this.at;
    return open.exec(this.text);
  }

  private enter(opening: Opening, match: OpeningMatch): void {
    const close = typeof opening.close === 'string' ? opening.close : opening.close(match);
    const nested = typeof opening.nested === 'function' ? opening.nested(match) : (opening.nested ?? '');
    if (opening.heredoc === true) {
      this.waiting.push({ opening, word: close, raw: (match.groups?.['quote'] ?? '') === "'" });
      this.at += match[0]!.length;
      return;
    }
    this.mark(this.at, opening.place);
    if (opening.whole === true) {
      this.at += match[0]!.length;
      this.mark(this.at, 'code');
      return;
    }
    this.at += match[0]!.length;
    this.frames.push({ kind: 'closed', opening, close, nested, depth: 0 });
  }

  private stepClosed(frame: Extract<Frame, { kind: 'closed' }>): void {
    const { text } = this;
    const { opening, close, nested } = frame;
    const isSimple =
      opening.holes === undefined && opening.escape === undefined && nested === '' && opening.line !== true;
    if (isSimple) {
      const at = text.indexOf(close, this.at);
      this.at = at < 0 ? this.end : close === '\n' ? at : at + close.length;
      if (at >= 0) this.leave();
      return;
    }
    const closeCode = close.charCodeAt(0);
    const nestedCode = nested === '' ? -1 : nested.charCodeAt(0);
    for (; this.at < this.end; this.at++) {
      const { at } = this;
      const code = text.charCodeAt(at);
      if (isWord(code) && code !== 36 && code !== closeCode) continue;
      if (opening.holes !== undefined && this.frames.length < depthMax) {
        if (code === 123 && text.charCodeAt(at + 1) === 123 && opening.holes.some(({ doubled }) => doubled === true)) {
          this.at++;
          continue;
        }
        if (this.enterHole(opening.holes)) return;
      }
      if (code === backslash && opening.escape === 'backslash') {
        this.at++;
        continue;
      }
      if (code === closeCode && text.startsWith(close, at)) {
        if (opening.escape === 'double' && text.startsWith(close, at + close.length)) {
          this.at += 2 * close.length - 1;
          continue;
        }
        this.at += close.length;
        if (frame.depth-- > 0) {
          this.at--;
          continue;
        }
        this.leave();
        return;
      }
      if (code === nestedCode && text.startsWith(nested, at)) {
        frame.depth++;
        this.at += nested.length - 1;
        continue;
      }
      if (code === newline && opening.line === true) {
        this.leave();
        return;
      }
    }
  }

  private enterHole(holes: readonly Hole[]): boolean {
    for (const { open, close } of holes) {
      open.lastIndex = this.at;
      const match = open.exec(this.text);
      if (match === null) continue;
      this.mark(this.at, 'code');
      this.at += match[0].length;
      if (close === '') this.mark(this.at, 'string');
      else this.frames.push({ kind: 'code', close, depth: 0 });
      return true;
    }
    return false;
  }

  private leave(): void {
    this.frames.pop();
    const frame = this.frames.at(-1)!;
    this.mark(this.at, frame.kind === 'code' ? 'code' : frame.opening.place);
  }

  private readHeredocs(): void {
    for (const { opening, word, raw } of this.waiting.splice(0)) {
      const end = this.lineBeginningWith(word);
      this.mark(this.at, 'string');
      for (; this.at < Math.min(end, this.end) && !raw; this.at++) {
        for (const { open, close } of opening.holes ?? []) {
          open.lastIndex = this.at;
          const match = open.exec(this.text);
          if (match === null) continue;
          const closed = close === '' ? this.at + match[0].length : this.text.indexOf(close, this.at);
          this.mark(this.at, 'code');
          this.at = Math.max(this.at + match[0].length, Math.min(end, closed < 0 ? end : closed)) - 1;
          this.mark(this.at + 1, 'string');
          break;
        }
      }
      this.at = Math.max(this.at, this.text.indexOf(word, end) + word.length);
      this.mark(end, 'code');
    }
  }

  /** Where the next line is that has a word first, and its blanks before it; the text's end when there is none. */
  private lineBeginningWith(word: string): number {
    const { text } = this;
    for (let start = this.at; start < text.length;) {
      let at = start;
      while (text[at] === ' ' || text[at] === '\t') at++;
      if (text.startsWith(word, at) && !isWord(text.charCodeAt(at + word.length))) return start;
      const next = text.indexOf('\n', at);
      if (next < 0) break;
      start = next + 1;
    }
    return text.length;
  }

  /** Whether an operand can come here: not after a name, a number or a closing bracket. */
  private expressionBegins(): boolean {
    let at = this.at - 1;
    while (at >= 0 && (this.text[at] === ' ' || this.text[at] === '\t')) at--;
    if (at < 0) return true;
    const before = this.text[at]!;
    if (')]}<"\'`'.includes(before)) return false; // `<` begins a closing tag
    if (!isWord(before.charCodeAt(0))) return true;
    return beforeExpression.test(this.text.slice(Math.max(0, at - 12), at + 1));
  }
}
