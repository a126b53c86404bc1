import { CoppiceError } from '../../base/index.js';

/** One character of a name: itself, any, one of a class, or (`star`) any run of them. */
type Token = { readonly kind: 'char'; readonly char: string } | { readonly kind: 'any' | 'star' } | ClassToken;

interface ClassToken {
  readonly kind: 'class';
  readonly negate: boolean;
  readonly ranges: readonly (readonly [from: string, to: string])[];
}

/** Matches one name; undefined stands for `**`. */
type Segment = readonly Token[] | undefined;

/** Characters that some globs may be when their braces are spelled out, and alternatives: each path is compared with all of them. */
const spelledMax = 128 * 1024;
const alternativesMax = 4096;

/** What is left of these for the globs of one filter. */
export class GlobBudget {
  private characters = spelledMax;
  private alternatives = alternativesMax;

  /** USAGE when it is too much. */
  take(alternatives: number, characters: number): void {
    this.alternatives -= alternatives;
    this.characters -= characters;
    if (this.alternatives >= 0 && this.characters >= 0) return;
    throw new CoppiceError('USAGE', 'the path filters spell out too much', {
      hint: `with their braces spelled out they may be ${alternativesMax} globs of ${spelledMax} characters together; name folders instead of files`,
      data: { alternativesMax, charactersMax: spelledMax },
    });
  }
}

/**
 * Compiles a glob to be matched against a whole path; see `compilePathFilter` for the language. Matching takes at most
 * time proportional to path times pattern, whatever the pattern: it is not turned into a regular expression.
 * With a budget, `{a,b}` is alternatives.
 */
export function compileGlob(glob: string, budget?: GlobBudget): (path: string) => boolean {
  const alternatives = (budget === undefined ? [glob] : expandBraces(glob, budget)).map((plain) => {
    const segments = splitSegments(plain);
    // What is below a folder is not the folder itself: a last `**` takes at least one name.
    return (segments.length > 1 && segments.at(-1) === '**' ? [...segments, '*'] : segments).map(parseSegment);
  });
  return (path) => {
    const names = path.split('/').map((name): Name => ({ name, characters: null }));
    return alternatives.some((segments) => matchSegments(segments, names));
  };
}

/** As `compileGlob`, but nothing is special about `/`: `*` and `?` cross it, and so does `**`. There are no braces. */
export function compileWild(pattern: string): (path: string) => boolean {
  const tokens = tokensOf(pattern);
  return (path) => matchName(tokens, { name: path, characters: null });
}

/** A name in a path, and its characters once they were asked for. */
interface Name {
  readonly name: string;
  characters: readonly string[] | null;
}

/** `a{b,c}d` is `abd` and `acd`; nested too. Braces without a comma, or unclosed, are literal, as in a shell. */
function expandBraces(glob: string, budget: GlobBudget): string[] {
  const all = spellOut(glob);
  if (all !== null)
    budget.take(
      all.length,
      all.reduce((sum, { length }) => sum + length, 0),
    );
  else budget.take(Infinity, Infinity);
  return all ?? [];
}

/** Null when it is more than any budget has. */
function spellOut(glob: string): string[] | null {
  let results = [''];
  let length = 0;
  let literal = '';
  const append = (options: readonly string[]): boolean => {
    length += options.reduce((most, option) => Math.max(most, option.length), 0);
    if (results.length * options.length > alternativesMax || results.length * options.length * length > 64 * spelledMax)
      return false;
    results = results.flatMap((result) => options.map((option) => result + option));
    return true;
  };
  for (let at = 0; at < glob.length;) {
    const group = glob[at] === '{' ? readBraces(glob, at) : undefined;
    if (group === undefined) {
      const size = glob[at] === '\\' && at + 1 < glob.length ? 2 : 1;
      literal += glob[at] === '{' ? '\\{' : glob.slice(at, at + size);
      at += size;
      continue;
    }
    const options: string[] = [];
    for (const option of group.options) {
      const spelled = spellOut(option);
      if (spelled === null) return null;
      for (const one of spelled) options.push(one);
    }
    if (!append([literal]) || !append(options)) return null;
    literal = '';
    at = group.end;
  }
  return append([literal]) ? results : null;
}

function readBraces(glob: string, start: number): { options: string[]; end: number } | undefined {
  const options: string[] = [];
  let depth = 0;
  let from = start + 1;
  for (let at = start; at < glob.length; at++) {
    const char = glob[at];
    if (char === '\\') at++;
    else if (char === '{') depth++;
    else if (char === ',' && depth === 1) {
      options.push(glob.slice(from, at));
      from = at + 1;
    } else if (char === '}' && --depth === 0) {
      options.push(glob.slice(from, at));
      return options.length > 1 ? { options, end: at + 1 } : undefined;
    }
  }
  return undefined;
}

/** Splits at `/`, except in classes. */
function splitSegments(glob: string): string[] {
  return glob.match(/(?:\\.|\[[!^]?\]?[^\]/]*\]|[^/\\]|\\$)+|(?<=\/|^)(?=\/|$)/gs) ?? [];
}

const parseSegment = (segment: string): Segment => (segment === '**' ? undefined : tokensOf(segment));

function tokensOf(segment: string): Token[] {
  const tokens: Token[] = [];
  const characters = Array.from(segment);
  for (let at = 0; at < characters.length; at++) {
    const char = characters[at]!;
    if (char === '*') {
      if (tokens.at(-1)?.kind !== 'star') tokens.push({ kind: 'star' });
    } else if (char === '?') tokens.push({ kind: 'any' });
    else if (char === '\\' && at + 1 < characters.length) tokens.push({ kind: 'char', char: characters[++at]! });
    else if (char === '[') {
      const parsed = parseClass(characters, at);
      if (parsed === undefined) tokens.push({ kind: 'char', char });
      else {
        tokens.push(parsed.token);
        at = parsed.end;
      }
    } else tokens.push({ kind: 'char', char });
  }
  return tokens;
}

function parseClass(characters: readonly string[], start: number): { token: ClassToken; end: number } | undefined {
  let at = start + 1;
  const negate = characters[at] === '!' || characters[at] === '^';
  if (negate) at++;
  const ranges: [string, string][] = [];
  for (let first = true; at < characters.length; first = false) {
    if (characters[at] === ']' && !first) return { token: { kind: 'class', negate, ranges }, end: at };
    if (characters[at] === '\\' && at + 1 < characters.length) at++;
    const from = characters[at++]!;
    const isRange = characters[at] === '-' && at + 1 < characters.length && characters[at + 1] !== ']';
    ranges.push([from, isRange ? characters[at + 1]! : from]);
    if (isRange) at += 2;
  }
  return undefined;
}

const matchSegments = (segments: readonly Segment[], names: readonly Name[]): boolean =>
  matchWithStars(
    segments,
    names,
    (segment) => segment === undefined,
    (segment, name) => matchName(segment!, name),
  );

function matchName(tokens: readonly Token[], name: Name): boolean {
  // Most globs are told from most names by how they begin.
  const [first] = tokens;
  if (first?.kind === 'char' && !name.name.startsWith(first.char)) return false;
  name.characters ??= Array.from(name.name);
  return matchWithStars(tokens, name.characters, (token) => token.kind === 'star', matchCharacter);
}

function matchCharacter(token: Token, char: string): boolean {
  if (token.kind === 'char') return token.char === char;
  if (token.kind !== 'class') return true;
  const code = char.codePointAt(0)!;
  return token.ranges.some(([from, to]) => from.codePointAt(0)! <= code && code <= to.codePointAt(0)!) !== token.negate;
}

/** Only the last star seen ever needs to take more: what an earlier one could give it, it can take itself. */
function matchWithStars<P, I>(
  pattern: readonly P[],
  items: readonly I[],
  isStar: (part: P) => boolean,
  matches: (part: P, item: I) => boolean,
): boolean {
  let p = 0;
  let i = 0;
  let starAt = -1;
  let taken = 0;
  while (i < items.length) {
    if (p < pattern.length && isStar(pattern[p]!)) {
      starAt = p++;
      taken = i;
    } else if (p < pattern.length && matches(pattern[p]!, items[i]!)) {
      p++;
      i++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      i = ++taken;
    } else return false;
  }
  while (p < pattern.length && isStar(pattern[p]!)) p++;
  return p === pattern.length;
}
