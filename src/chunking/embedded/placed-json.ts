/** A JSON value with the line of the text, from 0, on which it begins. */
export type PlacedValue =
  | { readonly kind: 'string'; readonly line: number; readonly text: () => string }
  | { readonly kind: 'object'; readonly line: number; readonly members: ReadonlyMap<string, PlacedValue> }
  | { readonly kind: 'array'; readonly line: number; readonly elements: readonly PlacedValue[] }
  | { readonly kind: 'other'; readonly line: number };

const nestingMax = 64;

interface Token {
  readonly start: number;
  readonly kind: 'string' | 'bracket' | 'other';
  readonly text: string;
}

/** Undefined for what is no JSON, or nested without end. */
export function parsePlacedJson(text: string): PlacedValue | undefined {
  let at = 0;
  let line = 0;
  let lineAt = 0;
  const next = (): Token | null => {
    while (at < text.length && ' \t\r\n,:'.includes(text[at]!)) at++;
    if (at >= text.length) return null;
    const start = at;
    const first = text[start]!;
    if (first === '"') at = stringEnd(text, start);
    else if ('{}[]'.includes(first)) at++;
    else while (at < text.length && !' \t\r\n,:{}[]"'.includes(text[at]!)) at++;
    const kind = first === '"' ? 'string' : '{}[]'.includes(first) ? 'bracket' : 'other';
    return { start, kind, text: text.slice(start, at) };
  };
  const lineOf = (offset: number): number => {
    for (let end = text.indexOf('\n', lineAt); end >= 0 && end < offset; end = text.indexOf('\n', lineAt)) {
      line++;
      lineAt = end + 1;
    }
    return line;
  };
  const value = (token: Token | null, nesting: number): PlacedValue | undefined => {
    if (token === null || nesting > nestingMax) return undefined;
    const begins = lineOf(token.start);
    if (token.kind === 'string') return { kind: 'string', line: begins, text: () => decoded(token.text) };
    if (token.kind === 'other') return { kind: 'other', line: begins };
    if (token.text === '[') {
      const elements: PlacedValue[] = [];
      for (let item = next(); item?.text !== ']'; item = next()) {
        const element = value(item, nesting + 1);
        if (element === undefined) return undefined;
        elements.push(element);
      }
      return { kind: 'array', line: begins, elements };
    }
    if (token.text !== '{') return undefined;
    const members = new Map<string, PlacedValue>();
    for (let name = next(); name?.text !== '}'; name = next()) {
      if (name?.kind !== 'string') return undefined;
      const member = value(next(), nesting + 1);
      if (member === undefined) return undefined;
      members.set(decoded(name.text), member);
    }
    return { kind: 'object', line: begins, members };
  };
  return value(next(), 0);
}

/** Offset behind the string that begins at `start`. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text[end - 1 - escapes] === '\\') escapes++;
    if (escapes % 2 === 0) return end + 1;
  }
  return text.length;
}

function decoded(string: string): string {
  try {
    return JSON.parse(string) as string;
  } catch {
    return '';
  }
}
