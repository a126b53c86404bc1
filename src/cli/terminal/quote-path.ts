const special = /[\0-\x1f"\\\x7f]/g;

const named: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

/** A path as git prints it with core.quotePath=false: C-quoted only when it holds `"`, `\` or a control character. */
export function quotePath(path: string): string {
  if (path.search(special) < 0) return path;
  const body = path.replace(special, (char) => named[char] ?? `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return `"${body}"`;
}
