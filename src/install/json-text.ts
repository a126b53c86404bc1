/** A member of an object as it stands in the text. */
interface Member {
  readonly key: string;
  /** From the key's quote. */
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

interface ObjectText {
  /** Of its braces. */
  readonly open: number;
  readonly close: number;
  readonly members: readonly Member[];
}

/**
 * The text of a JSON file with one member set, in objects that are made where they are missing; the rest stays letter by letter, comments and
 * trailing commas too. SyntaxError where the text is no JSON with comments, or a member on the way is no object.
 */
export function setMember(text: string, path: readonly string[], value: unknown): string {
  const [name, ...rest] = path as [string, ...string[]];
  const source = text.trim() === '' ? '{}\n' : text;
  return edit(source, readRoot(source), 0, name, rest, value);
}

function edit(
  text: string,
  object: ObjectText,
  depth: number,
  name: string,
  rest: readonly string[],
  value: unknown,
): string {
  const member = object.members.find(({ key }) => key === name);
  const step = indentOf(text);
  if (member !== undefined && rest.length > 0) {
    const inner = readObject(text, member.valueStart, name);
    return edit(text, inner, depth + 1, rest[0]!, rest.slice(1), value);
  }
  const nested = rest.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  const shown = JSON.stringify(nested, null, step).replaceAll('\n', `\n${step.repeat(depth + 1)}`);
  if (member !== undefined) return text.slice(0, member.valueStart) + shown + text.slice(member.end);
  const line = `${JSON.stringify(name)}: ${shown}`;
  const last = object.members.at(-1);
  if (last === undefined) {
    const inside = text.slice(object.open + 1, object.close).trimEnd();
    const made = `${inside}\n${step.repeat(depth + 1)}${line}\n${step.repeat(depth)}`;
    return text.slice(0, object.open + 1) + made + text.slice(object.close);
  }
  const isTrailing = text.slice(skip(text, last.end), object.close).startsWith(',');
  const at = isTrailing ? skip(text, last.end) + 1 : last.end;
  const isOneLine = !text.slice(object.open, object.close).includes('\n');
  const before = isOneLine ? ' ' : `\n${step.repeat(depth + 1)}`;
  return `${text.slice(0, at)}${isTrailing ? '' : ','}${before}${line}${isTrailing ? ',' : ''}${text.slice(at)}`;
}

/** The text without a member, and without the object that it was alone in; the same text where it is not there. */
export function removeMember(text: string, path: readonly string[]): string {
  if (text.trim() === '') return text;
  let object = readRoot(text);
  /** What goes: the member, or the outermost of those that have nothing else. */
  let doomed: { readonly object: ObjectText; readonly member: Member } | null = null;
  for (const [i, name] of path.entries()) {
    const member = object.members.find(({ key }) => key === name);
    if (member === undefined) return text;
    if (doomed === null || object.members.length > 1) doomed = { object, member };
    if (i === path.length - 1) break;
    object = readObject(text, member.valueStart, name);
  }
  return doomed === null ? text : without(text, doomed.object, doomed.member);
}

function without(text: string, { open, close, members }: ObjectText, member: Member): string {
  const i = members.indexOf(member);
  const before = members[i - 1];
  if (before !== undefined) {
    const comma = skip(text, member.end);
    const isTrailing = text[comma] === ',';
    // Between two members goes the comma before, and with it the blanks.
    const from = isTrailing ? skip(text, before.end) + 1 : before.end;
    return text.slice(0, from) + text.slice(isTrailing ? comma + 1 : member.end);
  }
  const after = members[i + 1];
  if (after !== undefined) return text.slice(0, member.start) + text.slice(after.start);
  const comma = skip(text, member.end);
  const end = text[comma] === ',' ? comma + 1 : member.end;
  const inside = text.slice(open + 1, member.start).trimEnd() + text.slice(end, close).trim();
  return text.slice(0, open + 1) + (inside === '' ? '' : `${inside}\n`) + text.slice(close);
}

function indentOf(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
}

function readRoot(text: string): ObjectText {
  const start = skip(text, text.startsWith('\ufeff') ? 1 : 0);
  const object = readObject(text, start, 'the whole');
  if (skip(text, object.close + 1) < text.length) throw new SyntaxError('something follows the object that it is');
  return object;
}

function readObject(text: string, start: number, what: string): ObjectText {
  if (text[start] !== '{') throw new SyntaxError(`${what} is no object`);
  const members: Member[] = [];
  let at = skip(text, start + 1);
  while (text[at] !== '}') {
    const keyEnd = endOfString(text, at);
    const colon = skip(text, keyEnd);
    if (text[colon] !== ':') throw new SyntaxError(`a colon is missing at ${place(text, colon)}`);
    const valueStart = skip(text, colon + 1);
    const end = endOfValue(text, valueStart);
    members.push({ key: JSON.parse(text.slice(at, keyEnd)) as string, start: at, valueStart, end });
    at = skip(text, end);
    if (text[at] === ',') at = skip(text, at + 1);
    else if (text[at] !== '}') throw new SyntaxError(`a comma or brace is missing at ${place(text, at)}`);
  }
  return { open: start, close: at, members };
}

function endOfValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return endOfString(text, start);
  if (first === '{') return readObject(text, start, '').close + 1;
  if (first === '[') {
    let at = skip(text, start + 1);
    while (text[at] !== ']') {
      at = skip(text, endOfValue(text, at));
      if (text[at] === ',') at = skip(text, at + 1);
      else if (text[at] !== ']') throw new SyntaxError(`a comma or bracket is missing at ${place(text, at)}`);
    }
    return at + 1;
  }
  const literal = /^(?:true|false|null|-?\d[\d.eE+-]*)/.exec(text.slice(start, start + 40))?.[0];
  if (literal === undefined) throw new SyntaxError(`a value is missing at ${place(text, start)}`);
  return start + literal.length;
}

function endOfString(text: string, start: number): number {
  const string = /"(?:[^"\\\n]|\\.)*"/y;
  string.lastIndex = start;
  const match = string.exec(text);
  if (match === null) throw new SyntaxError(`a string is missing at ${place(text, start)}`);
  return start + match[0].length;
}

/** Past blanks and comments. */
function skip(text: string, start: number): number {
  const blank = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
  blank.lastIndex = start;
  return start + blank.exec(text)![0].length;
}

const place = (text: string, at: number): string => `line ${text.slice(0, at).split('\n').length}`;
