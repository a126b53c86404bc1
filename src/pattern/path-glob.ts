/** One character of a name: itself, any, one of a class, or (`star`) any run of them. */
type Token = { readonly kind: 'char'; readonly char: string } | { readonly kind: 'any' | 'star' } | ClassToken;

interface ClassToken {
  readonly kind: 'class';
  readonly negate: boolean;
  readonly ranges: readonly (readonly [from: string, to: string])[];
}

/** Matches one name; undefined stands for `**`. */
type Segment = readonly Token[] | undefined;

/** Alternatives that braces may spell out; further ones are dropped into literal text rather than eat memory. */
const expansionsMax = 1_000;

/**
 * Compiles a glob to be matched against a whole path; see `compilePathFilter` for the language. Matching takes at most
 * time proportional to path times pattern, whatever the pattern: it is not turned into a regular expression.
 * `braces`: `{a,b}` is alternatives.
 */
export function compileGlob(glob: string, { braces = true }: { braces?: boolean } = {}): (path: string) => boolean {
  const alternatives = (braces ? expandBraces(glob) : [glob]).map((plain) => {
    const segments = splitSegments(plain);
    // What is below a folder is not the folder itself: a last `**` takes at least one name.
    return (segments.length > 1 && segments.at(-1) === '**' ? [...segments, '*'] : segments).map(parseSegment);
  });
  return (path) => {
    const names = path.split('/');
    return alternatives.some((segments) => matchSegments(segments, names));
  };
}

/** As `compileGlob`, but nothing is special about `/`: `*` and `?` cross it, and so does `**`. There are no braces. */
export function compileWild(pattern: string): (path: string) => boolean {
  const tokens = tokensOf(pattern);
  return (path) => matchName(tokens, path);
}

/** `a{b,c}d` is `abd` and `acd`; nested too. Braces without a comma, or unclosed, are literal, as in a shell. */
function expandBraces(glob: string): string[] {
  let results = [''];
  let at = 0;
  while (at < glob.length) {
    const group = glob[at] === '{' ? readBraces(glob, at) : undefined;
    if (group === undefined) {
      const length = glob[at] === '\\' && at + 1 < glob.length ? 2 : 1;
      const text = glob[at] === '{' ? '\\{' : glob.slice(at, at + length);
      results = results.map((result) => result + text);
      at += length;
      continue;
    }
    const options = group.options.flatMap(expandBraces);
    if (results.length * options.length > expansionsMax)
      return results.map((result) => result + glob.slice(at).replace(/[{}]/g, '\\$&'));
    results = results.flatMap((result) => options.map((option) => result + option));
    at = group.end;
  }
  return results;
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

const matchSegments = (segments: readonly Segment[], names: readonly string[]): boolean =>
  matchWithStars(
    segments,
    names,
    (segment) => segment === undefined,
    (segment, name) => matchName(segment!, name),
  );

const matchName = (tokens: readonly Token[], name: string): boolean =>
  matchWithStars(tokens, Array.from(name), (token) => token.kind === 'star', matchCharacter);

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
