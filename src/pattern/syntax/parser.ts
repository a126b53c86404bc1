import { variantsOf } from './case-fold.js';
import { escapedClasses, lineEnds, word } from './character-classes.js';
import { parseClass } from './class-parser.js';
import { complementOf, lineCharacters, setOf, withoutNewline } from './code-set.js';
import type { CodeSet } from './code-set.js';
import { PatternScanner } from './pattern-scanner.js';
import { readCharacterEscape, readPropertyEscape } from './escapes.js';
import { emptyNode } from './syntax.js';
import type { PatternNode, PatternSyntax } from './syntax.js';

/** What inline flags change, up to the end of the group they stand in. */
interface Flags {
  readonly ignoreCase: boolean;
  /** White space and comments mean nothing. */
  readonly extended: boolean;
  /** Quantifiers are lazy, and greedy with `?`. */
  readonly ungreedy: boolean;
  /** Parentheses do not count as groups. */
  readonly uncounted: boolean;
}

/** A backreference by name, or by number, before all groups are known. */
interface Reference {
  readonly node: { type: 'backreference'; group: number };
  readonly to: string | number;
  readonly offset: number;
  readonly ignoreCase: boolean;
}

/**
 * Reads a pattern in any of the common dialects: JavaScript's, Perl's as in PCRE, RE2's, ripgrep's. What means the same in all of them
 * that know it is understood; what does not, or cannot be done, is an error that says what to write instead.
 */
export function parsePattern(source: string, ignoreCase: boolean): PatternSyntax {
  return new PatternParser(source, ignoreCase).parse();
}

/** The same of text in which nothing means anything but itself. */
export function literalSyntax(text: string, ignoreCase: boolean): PatternSyntax {
  const nodes = Array.from(text, (character) => characterNode(character.codePointAt(0)!, ignoreCase));
  return { source: text, root: sequence(nodes), referred: new Set(), ignoreCaseOfBackreferences: false };
}

const characterNode = (code: number, ignoreCase: boolean): PatternNode => ({
  type: 'set',
  set: withoutNewline(setOf(...(ignoreCase ? variantsOf(code) : [code]))),
});

const sequence = (nodes: readonly PatternNode[]): PatternNode =>
  nodes.length === 1 ? nodes[0]! : nodes.length === 0 ? emptyNode : { type: 'sequence', nodes };

const wordSet: PatternNode = { type: 'set', set: word };
const look = (behind: boolean, negate: boolean, node: PatternNode): PatternNode => ({
  type: 'look',
  behind,
  negate,
  node,
});
const wordStart: PatternNode = sequence([{ type: 'boundary' }, look(false, false, wordSet)]);
const wordEnd: PatternNode = sequence([{ type: 'boundary' }, look(true, false, wordSet)]);

class PatternParser extends PatternScanner {
  private flags: Flags;
  private groupCount = 0;
  private readonly names = new Map<string, number>();
  private readonly references: Reference[] = [];
  private readonly mindedCase = new Set<boolean>();
  private behind = 0;

  constructor(source: string, ignoreCase: boolean) {
    super(source);
    this.flags = { ignoreCase, extended: false, ungreedy: false, uncounted: false };
  }

  parse(): PatternSyntax {
    const root = this.parseChoice();
    if (!this.done) this.fail(this.at, "Unmatched ')'");
    const referred = new Set<number>();
    for (const { node, to, offset } of this.references) {
      const group = typeof to === 'number' ? to : this.names.get(to);
      if (group === undefined) this.fail(offset, `there is no group named ${String(to)}`);
      if (group < 1 || group > this.groupCount)
        this.fail(
          offset,
          `there is no group ${String(to)}`,
          'For the character with a number write \\x and two hexadecimal digits.',
        );
      node.group = group;
      referred.add(group);
    }
    const ignoring = this.references.find(({ ignoreCase }) => ignoreCase);
    if (ignoring !== undefined && this.mindedCase.has(true))
      this.fail(
        ignoring.offset,
        'a backreference that ignores case in a pattern of which parts mind it',
        'Ignore case in all of it, or write the backreference where case is minded.',
      );
    return { source: this.source, root, referred, ignoreCaseOfBackreferences: ignoring !== undefined };
  }

  /** Alternatives up to the end, or to a `)` that it leaves. Flags set inside hold up to there. */
  private parseChoice(): PatternNode {
    const outer = this.flags;
    const alternatives: PatternNode[] = [];
    do alternatives.push(this.parseSequence());
    while (this.take('|'));
    this.flags = outer;
    return alternatives.length === 1 ? alternatives[0]! : { type: 'choice', nodes: alternatives };
  }

  private parseSequence(): PatternNode {
    const nodes: PatternNode[] = [];
    for (;;) {
      if (this.flags.extended) this.skipSpace();
      if (this.done || this.peek() === '|' || this.peek() === ')') return sequence(nodes);
      const start = this.at;
      const atom = this.parseAtom();
      if (atom === null) continue; // flags, a comment
      if (Array.isArray(atom)) {
        // Of quoted text a quantifier takes the last character.
        const last = atom.pop();
        nodes.push(...atom);
        if (last !== undefined) nodes.push(this.parseQuantifiers(last, start));
      } else nodes.push(this.parseQuantifiers(atom, start));
    }
  }

  private skipSpace(): void {
    for (;;) {
      if (/[\s]/.test(this.peek()) && !this.done) this.at++;
      else if (this.peek() === '#') while (!this.done && this.peek() !== '\n') this.at++;
      else return;
    }
  }

  /** Null when it is none; several characters when they were quoted. */
  private parseAtom(): PatternNode | null | PatternNode[] {
    const start = this.at;
    const character = this.next();
    switch (character) {
      case '.':
        return this.set(lineCharacters);
      case '^':
        return { type: 'start' };
      case '$':
        return { type: 'end' };
      case '(':
        return this.parseGroup(start);
      case '[':
        return this.parseBracket(start);
      case '\\':
        return this.parseEscape(start);
      case '*':
      case '+':
      case '?':
        return this.fail(start, 'Nothing to repeat', `For the character itself write \\${character}.`);
      case '{':
        this.at = start;
        if (this.readBraces() !== null) this.fail(start, 'Nothing to repeat', 'For the character itself write \\{.');
        this.at = start + 1;
        return this.character(character);
      default:
        return this.character(character);
    }
  }

  private character(character: string): PatternNode {
    return this.codeNode(character.codePointAt(0)!);
  }

  private codeNode(code: number): PatternNode {
    if (code > 0x7f || /[a-z]/i.test(String.fromCharCode(code))) this.mindedCase.add(!this.flags.ignoreCase);
    return characterNode(code, this.flags.ignoreCase);
  }

  private set(set: CodeSet): PatternNode {
    return { type: 'set', set: withoutNewline(set) };
  }

  private parseBracket(start: number): PatternNode {
    if (this.take('[:<:]]')) return wordStart;
    if (this.take('[:>:]]')) return wordEnd;
    const named = /^\[([:.=])[\w^]+\1\]/.exec(this.source.slice(start, start + 40));
    if (named !== null)
      this.fail(start, `${named[0]} stands for a class only in another pair of brackets`, `Write [${named[0]}].`);
    const { ignoreCase } = this.flags;
    const { set, negate } = parseClass(this, start, ignoreCase);
    this.mindedCase.add(!ignoreCase);
    return this.set(negate ? complementOf(set) : set);
  }

  private parseEscape(start: number): PatternNode | null | PatternNode[] {
    if (this.done) return this.fail(start, '\\ at end of pattern', 'For the character itself write \\\\.');
    const letter = this.peek();
    switch (letter) {
      case 'b':
      case 'B': {
        this.at++;
        if (letter === 'b' && this.take('{start}')) return wordStart;
        if (letter === 'b' && this.take('{end}')) return wordEnd;
        if (/^\{[a-z-]+\}/.test(this.source.slice(this.at, this.at + 16)))
          this.fail(start, 'a kind of boundary that is not known', 'Write \\b, or look around with (?=…) and (?<=…).');
        return { type: letter === 'b' ? 'boundary' : 'no-boundary' };
      }
      case 'A':
        this.at++;
        return { type: 'start' };
      case 'z':
      case 'Z':
        this.at++;
        return { type: 'end' };
      case 'N':
        if (!/^N\{U\+/.test(this.source.slice(this.at, this.at + 4))) {
          this.at++;
          if (/^\{[A-Z]/.test(this.source.slice(this.at, this.at + 2)))
            this.fail(start, 'characters are not known by name', 'Write its code point as \\x{…}.');
          return this.set(lineCharacters);
        }
        break;
      case 'R':
        this.at++;
        return { type: 'set', set: lineEnds };
      case 'Q': {
        const end = this.source.indexOf('\\E', this.at + 1);
        const text = this.source.slice(this.at + 1, end < 0 ? undefined : end);
        this.at = end < 0 ? this.source.length : end + 2;
        return Array.from(text, (character) => this.character(character));
      }
      case 'E':
        this.at++;
        return null;
      case 'k':
        return this.parseNamedReference(start);
      case 'g':
        return this.parseNumberedReference(start);
      case 'K':
        return this.fail(start, '\\K, which keeps what was matched before out of the match', 'Write that as (?<=…).');
      case 'G':
        return this.fail(
          start,
          '\\G, the end of the last match',
          'Lines are searched one by one: write ^ or leave it out.',
        );
      case 'X':
        return this.fail(start, '\\X, a character with its marks', 'Write \\P{M}\\p{M}*.');
      case 'C':
        return this.fail(start, '\\C, a single byte', 'Characters are matched whole: write . for one.');
      case '<':
      case '>': {
        const side = letter === '<' ? 'start' : 'end';
        return this.fail(
          start,
          `\\${letter} is a word's ${side} in some dialects and the character ${letter} in others`,
          `Write \\b for a word's ${side}, ${letter} for the character; -w searches for whole words.`,
        );
      }
      case 'p':
      case 'P':
        return this.set(readPropertyEscape(this, start));
    }
    const inverse = letter !== letter.toLowerCase();
    const known = escapedClasses[letter.toLowerCase()];
    if (known !== undefined) {
      this.at++;
      return this.set(inverse ? complementOf(known) : known);
    }
    const backreference = /^[1-9]\d*/.exec(this.source.slice(this.at, this.at + 8))?.[0];
    // With more digits it is an octal number unless there are so many groups.
    if (backreference !== undefined && (backreference.length === 1 || Number(backreference) <= this.countGroups())) {
      this.at += backreference.length;
      return this.reference(Number(backreference), start);
    }
    const octal = /^[1-3]?[0-7]{2}/.exec(this.source.slice(this.at, this.at + 3))?.[0];
    if (octal !== undefined && octal[0] !== '0') {
      this.at += octal.length;
      return this.codeNode(parseInt(octal, 8));
    }
    return this.codeNode(readCharacterEscape(this, start));
  }

  /** How many groups the whole pattern has. */
  private countGroups(): number {
    const opened = this.source.match(/\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?!\?(?!P?<(?![=!])|')|\*)/gs) ?? [];
    return opened.filter((part) => part === '(').length;
  }

  private reference(to: string | number, offset: number): PatternNode {
    const node = { type: 'backreference' as const, group: 0 };
    this.references.push({ node, to, offset, ignoreCase: this.flags.ignoreCase });
    return node;
  }

  /** `\k<n>`, `\k{n}`, `\k'n'`. */
  private parseNamedReference(start: number): PatternNode {
    const match = /^k(?:<([^>]+)>|\{([^}]+)\}|'([^']+)')/.exec(this.source.slice(this.at));
    if (match === null) return this.fail(start, '\\k without a name', 'Write \\k<name>.');
    this.at += match[0].length;
    return this.reference(match[1] ?? match[2] ?? match[3]!, start);
  }

  /** `\g1`, `\g{1}`, `\g{-1}`, `\g{n}`. */
  private parseNumberedReference(start: number): PatternNode {
    const match = /^g(?:\{([^}]+)\}|([+-]?\d+))/.exec(this.source.slice(this.at));
    if (match === null) return this.fail(start, '\\g as a call of a group', 'Write out what the group has.');
    this.at += match[0].length;
    const to = match[1] ?? match[2]!;
    if (!/^[+-]?\d+$/.test(to)) return this.reference(to, start);
    const number = Number(to);
    if (to.startsWith('-')) return this.reference(this.groupCount + 1 + number, start);
    return this.reference(to.startsWith('+') ? this.groupCount + number : number, start);
  }

  private parseGroup(start: number): PatternNode | null {
    if (this.take('*'))
      return this.fail(start, 'a verb of Perl, (*…)', 'Leave it out; for the characters themselves write \\(\\*.');
    if (!this.take('?')) {
      if (this.flags.uncounted) return this.closeGroup(start);
      const group = ++this.groupCount;
      return { type: 'group', group, node: this.closeGroup(start) };
    }
    if (this.take('#')) {
      const end = this.source.indexOf(')', this.at);
      if (end < 0) this.fail(start, 'a comment that is not closed');
      this.at = end + 1;
      return null;
    }
    if (this.take(':')) return this.closeGroup(start);
    if (this.take('=')) return look(false, false, this.closeGroup(start));
    if (this.take('!')) return look(false, true, this.closeGroup(start));
    if (this.take('>')) return this.atomic(this.closeGroup(start), start);
    if (this.take('<=') || this.take('<!')) {
      const negate = this.source[this.at - 1] === '!';
      this.behind++;
      const node = this.closeGroup(start);
      this.behind--;
      return look(true, negate, node);
    }
    const named = /^(?:P?<(\w+)>|'(\w+)')/.exec(this.source.slice(this.at));
    if (named !== null) return this.parseNamedGroup(start, named);
    const reference = /^P=(\w+)\)/.exec(this.source.slice(this.at));
    if (reference !== null) {
      this.at += reference[0].length;
      return this.reference(reference[1]!, start);
    }
    return this.parseFlags(start);
  }

  private parseNamedGroup(start: number, { 0: { length }, 1: plain, 2: quoted }: RegExpExecArray): PatternNode {
    const name = plain ?? quoted!;
    if (/^\d/.test(name)) this.fail(this.at, 'Invalid capture group name', 'A name begins with a letter.');
    if (this.names.has(name)) this.fail(this.at, 'Duplicate capture group name', 'Give each group a name of its own.');
    this.at += length;
    const group = ++this.groupCount;
    this.names.set(name, group);
    return { type: 'group', group, node: this.closeGroup(start) };
  }

  /** `(?i)`, which holds up to the end of the group around it, or `(?i:…)`. */
  private parseFlags(start: number): PatternNode | null {
    const match = /^(\^?)([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/.exec(this.source.slice(this.at));
    if (match === null || match[0] === ')') return this.failGroup(start);
    const [whole, reset, on, off = '', end] = match;
    if ((/[PR]/.test(on!) || /^C\d*$/.test(on!)) && reset === '') return this.failGroup(start);
    let flags = reset === '' ? this.flags : { ignoreCase: false, extended: false, ungreedy: false, uncounted: false };
    for (const [letters, value] of [[on!, true] as const, [off, false] as const]) {
      for (const letter of letters) {
        if (letter === 'i') flags = { ...flags, ignoreCase: value };
        else if (letter === 'x') flags = { ...flags, extended: value };
        else if (letter === 'U') flags = { ...flags, ungreedy: value };
        else if (letter === 'n') flags = { ...flags, uncounted: value };
        // A line is searched by itself: `m` and `s` change nothing. Unicode is always understood.
        else if (!(letter === 'm' || letter === 's' || (letter === 'u' && value)))
          this.fail(start, `the flag ${letter} is not known`, 'Known are i, m, s, x, n and U.');
      }
    }
    this.at += whole.length;
    if (end === ')') {
      this.flags = flags;
      return null;
    }
    const outer = this.flags;
    this.flags = flags;
    const node = this.closeGroup(start);
    this.flags = outer;
    return node;
  }

  private failGroup(start: number): never {
    const rest = this.source.slice(this.at);
    if (/^\|/.test(rest)) this.fail(start, 'groups that share their numbers, (?|…)', 'Write (?:…|…).');
    if (/^\(/.test(rest)) this.fail(start, 'a condition, (?(…)…|…)', 'Write the two cases as (?:…|…).');
    if (/^(?:R|[+-]?\d|&|P>)/.test(rest))
      this.fail(start, 'a call of a group, which may call itself', 'Write out what the group has.');
    if (/^P?[<']/.test(rest)) this.fail(this.at, 'Invalid capture group name', 'A name has letters, digits and _.');
    return this.fail(start, 'Invalid group', 'For the characters themselves write \\(\\?.');
  }

  /** What is in the parentheses, to behind their end. */
  private closeGroup(start: number): PatternNode {
    const node = this.parseChoice();
    if (this.take(')')) return node;
    void start;
    return this.fail(
      this.at,
      'Unterminated group',
      'For the character itself write \\(, or search for literal text (-F).',
    );
  }

  private atomic(node: PatternNode, start: number): PatternNode {
    if (this.behind > 0)
      this.fail(
        start,
        'a group that is not taken back, in a look behind',
        'Write (?:…) there, and *, + or ? without a second +.',
      );
    return { type: 'atomic', node };
  }

  private parseQuantifiers(atom: PatternNode, start: number): PatternNode {
    let node = atom;
    for (let first = true; ; first = false) {
      if (this.flags.extended) this.skipSpace();
      const at = this.at;
      const times = this.readQuantifier();
      if (times === null) return node;
      if (!first && this.source[at] !== '{')
        this.fail(at, 'Nothing to repeat', 'Put what is repeated in a group: (?:…)*.');
      if (this.source[start] !== '(' && /^(?:start|end|boundary|no-boundary)$/.test(node.type))
        this.fail(at, 'Nothing to repeat', 'Put what is repeated in a group: (?:…)*.');
      const [min, max] = times;
      if (min > max) this.fail(at, 'numbers out of order in {} quantifier');
      const lazy = this.take('?');
      node = { type: 'repeat', node, min, max, lazy: lazy !== this.flags.ungreedy };
      if (!lazy && this.take('+')) node = this.atomic(node, start);
    }
  }

  private readQuantifier(): readonly [min: number, max: number] | null {
    if (this.take('*')) return [0, Infinity];
    if (this.take('+')) return [1, Infinity];
    if (this.take('?')) return [0, 1];
    return this.readBraces();
  }

  /** `{2}`, `{2,}`, `{2,3}`; any other brace is a character. */
  private readBraces(): readonly [min: number, max: number] | null {
    const match = /^\{(\d*)(,?)(\d*)\}/.exec(this.source.slice(this.at, this.at + 40));
    if (match === null || (match[1] === '' && match[3] === '')) return null;
    const [whole, min, comma, max] = match;
    if (min === '')
      this.fail(
        this.at,
        '{,n} is a quantifier in some dialects and text in others',
        `Write {0,${max!}}, or \\{,${max!}}.`,
      );
    this.at += whole.length;
    return [Number(min), comma === '' ? Number(min) : max === '' ? Infinity : Number(max)];
  }
}
