/** Lines that the head of a method may take. */
const headLinesMax = 16;

/** The selector of the Objective-C method whose head begins at a line: `setObject:forKey:`. */
export function selectorAt(lines: readonly string[], line: number): string | undefined {
  if (!/^\s*[-+]\s*\(/.test(lines[line]!)) return undefined;
  let head = '';
  for (let at = line; at < Math.min(lines.length, line + headLinesMax); at++) {
    const end = lines[at]!.search(/[{;]|\/\//);
    head += ` ${end < 0 ? lines[at]! : lines[at]!.slice(0, end)}`;
    if (end >= 0 && lines[at]![end] !== '/') break;
  }
  const bare = withoutParentheses(head.replace(/^\s*[-+]/, ''));
  const parts = [...bare.matchAll(/(\w*)\s*:/g)].map(([, part]) => `${part}:`);
  return parts.length > 0 ? parts.join('') : /\w+/.exec(bare)?.[0];
}

function withoutParentheses(text: string): string {
  let depth = 0;
  let bare = '';
  for (const character of text) {
    if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (depth === 0) bare += character;
    if (character === ')' && depth === 0) bare += ' ';
  }
  return bare;
}
