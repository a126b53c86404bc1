import type { Random } from '../../crash/support/random.js';
import type { GrepCase } from './git-grep.js';

/** What a pattern is made of, as all dialects can say it; `perl` is said by Perl's alone. */
type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'any' | 'start' | 'end' }
  | { readonly type: 'class'; readonly inside: string; readonly negated: boolean }
  | { readonly type: 'perl'; readonly source: string }
  | { readonly type: 'sequence' | 'choice'; readonly parts: readonly Part[] }
  | {
      readonly type: 'repeat';
      readonly part: Part;
      readonly min: number;
      readonly max: number;
      readonly suffix: string;
    };

type Dialect = 'perl' | 'extended' | 'basic';

/** Escapes, look-arounds and the like, before or after something. */
const perlPieces = [
  '\\b',
  '\\B',
  '\\w',
  '\\w+',
  '\\W',
  '\\d',
  '\\D',
  '\\s',
  '\\s*',
  '\\S',
  '\\h',
  '\\pL',
  '\\p{Lu}',
  '\\P{L}',
].concat([
  '\\x{e9}',
  '\\x41',
  '\\t',
  '(?=\\w)',
  '(?!\\w)',
  '(?<=\\W)',
  '(?<![a-z])',
  '(?<=^|,)',
  '(?:)',
  '(?i:E)',
  '\\Q.\\E?',
  '\\N',
  '[\\w-]',
  '[^\\s\\d]',
]);
const classes = [
  'a-z',
  'A-Z0-9',
  '0-9',
  'abc',
  'aeiou',
  'é',
  'a-zé',
  '日',
  '[:alpha:]',
  '[:digit:]_',
  '[:space:]',
  '[:upper:][:digit:]',
  '[:punct:]',
  ' ',
];

/** Patterns at random, made of what files have and what they have not, in every dialect and with every flag that Coppice knows. */
export class GrepPatterns {
  constructor(
    private readonly random: Random,
    /** A piece of what there is. */
    private readonly piece: () => string,
    private readonly hasPerl = true,
  ) {}

  next(): GrepCase {
    const ignoreCase = this.random(3) === 0;
    const wholeWord = this.random(6) === 0;
    switch (this.random(8)) {
      case 0:
      case 1: {
        const text = this.random(4) === 0 ? this.absent() : this.text();
        return { pattern: text, literal: true, ignoreCase, wholeWord };
      }
      case 2:
      case 3: {
        const part = this.sequence(2, false);
        const dialect = this.random(2) === 0 ? 'extended' : 'basic';
        const pattern = write(part, 'perl');
        // Of case the dialects have two opinions beyond ASCII; where alternatives differ in length one takes the longest, which -w tells.
        const flags = { literal: false, ignoreCase: ignoreCase && /^[\0-\x7f]*$/.test(pattern), wholeWord: false };
        return { pattern, ...flags, dialect, inDialect: write(part, dialect) };
      }
      default:
        if (!this.hasPerl) return { pattern: this.text(), literal: true, ignoreCase, wholeWord };
        // -w tells which of several ways through a pattern was taken: not in whole alternatives that may be empty.
        return {
          pattern: write(this.sequence(wholeWord ? 0 : 2, true), 'perl'),
          literal: false,
          ignoreCase,
          wholeWord,
        };
    }
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.random(from.length)]!;
  }

  private text(): string {
    for (;;) {
      const text = this.piece();
      if (text !== '') return text;
    }
  }

  private absent(): string {
    const text = this.text();
    const at = this.random(text.length);
    return text.slice(0, at) + this.random(1e6).toString(36) + text.slice(at);
  }

  private sequence(depth: number, perl: boolean): Part {
    const parts: Part[] = [];
    const mayAnchor = perl || depth === 2;
    if (mayAnchor && this.random(5) === 0) parts.push({ type: 'start' });
    for (let count = 1 + this.random(3); count > 0; count--) {
      if (perl && this.random(4) === 0) parts.push({ type: 'perl', source: this.pick(perlPieces) });
      else parts.push(this.repeated(depth, perl));
    }
    if (mayAnchor && this.random(5) === 0) parts.push({ type: 'end' });
    return { type: 'sequence', parts };
  }

  private repeated(depth: number, perl: boolean): Part {
    const part = this.atom(depth, perl);
    const [min, max] = this.pick([
      [1, 1],
      [1, 1],
      [1, 1],
      [0, Infinity],
      [1, Infinity],
      [0, 1],
      [2, 2],
      [1, 3],
    ] as const);
    // What repeats without end and is of many shapes takes time without end.
    if ((min === 1 && max === 1) || (part.type === 'choice' && max > 2)) return part;
    // For git, which looks at all lines at once, `[^a]` is a line's end too: what is never given back goes on into the next line.
    const suffixes = part.type === 'class' && part.negated ? ['', '?'] : ['', '', '?', '+'];
    return { type: 'repeat', part, min, max, suffix: perl ? this.pick(suffixes) : '' };
  }

  private atom(depth: number, perl: boolean): Part {
    switch (this.random(8)) {
      case 0:
        return { type: 'any' };
      case 1:
        return { type: 'class', inside: this.pick(classes), negated: this.random(3) === 0 };
      case 2: {
        if (depth === 0) return { type: 'text', text: this.text() };
        const parts = Array.from({ length: 2 + this.random(2) }, () => this.sequence(depth - 1, perl));
        return { type: 'choice', parts };
      }
      default:
        return { type: 'text', text: this.text() };
    }
  }
}

function write(part: Part, dialect: Dialect): string {
  const [open, close] = dialect === 'basic' ? ['\\(', '\\)'] : dialect === 'perl' ? ['(?:', ')'] : ['(', ')'];
  switch (part.type) {
    case 'text':
      return part.text.replace(dialect === 'basic' ? /[\\^$.*[\]]/g : /[\\^$.*+?()[\]{}|]/g, '\\$&');
    case 'any':
      return '.';
    case 'start':
      return '^';
    case 'end':
      return '$';
    case 'class':
      return `[${part.negated ? '^' : ''}${part.inside}]`;
    case 'perl':
      return part.source;
    case 'sequence':
      return part.parts.map((inner) => write(inner, dialect)).join('');
    case 'choice':
      return `${open}${part.parts.map((inner) => write(inner, dialect)).join(dialect === 'basic' ? '\\|' : '|')}${close}`;
    case 'repeat': {
      const { min, max, suffix } = part;
      const [left, right] = dialect === 'basic' ? ['\\{', '\\}'] : ['{', '}'];
      const escape = dialect === 'basic' ? '\\' : '';
      const times =
        max === Infinity
          ? min === 0
            ? '*'
            : `${escape}+`
          : min === 0
            ? `${escape}?`
            : `${left}${min}${max === min ? '' : `,${max}`}${right}`;
      return `${open}${write(part.part, dialect)}${close}${times}${suffix}`;
    }
  }
}
