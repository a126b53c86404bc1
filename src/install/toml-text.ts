/**
 * The text of a TOML file with one table set, whole, at its end or where it stood; the rest stays letter by letter. Values are strings, numbers,
 * and lists of them. SyntaxError where the table is written in a way that is not changed here.
 */
export function setTable(text: string, path: readonly string[], table: object): string {
  const rows = Object.entries(table).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  const block = [`[${path.join('.')}]`, ...rows].join('\n');
  const found = findTable(text, path);
  if (found !== null) return `${text.slice(0, found.start)}${block}\n${text.slice(found.end)}`;
  if (text === '') return `${block}\n`;
  return `${text}${text.endsWith('\n') ? '' : '\n'}\n${block}\n`;
}

/** The text without that table; the same text where it is not there. */
export function removeTable(text: string, path: readonly string[]): string {
  const found = findTable(text, path);
  if (found === null) return text;
  // The empty line that stood before it goes too.
  const before = text.slice(0, found.start).replace(/(\n|^)\n$/, '$1');
  return before + text.slice(found.end);
}

/** Where a table begins with its head, and where its last line of content ends, its own sub-tables included. */
function findTable(text: string, path: readonly string[]): { start: number; end: number } | null {
  const name = path.join('.');
  let start = -1;
  let end = -1;
  let at = 0;
  let isIn = false;
  let multiline = '';
  for (const line of text.split(/(?<=\n)/)) {
    const head = multiline === '' ? /^\s*\[\[?\s*([^\]]+?)\s*\]\]?/.exec(line)?.[1] : undefined;
    if (head !== undefined) {
      const own = head
        .split('.')
        .map((part) => part.trim().replace(/^(["'])(.*)\1$/, '$2'))
        .join('.');
      isIn = own === name || own.startsWith(`${name}.`);
      if (isIn && start < 0) start = at;
    } else if (multiline === '' && !isIn && isInline(line, path)) {
      throw new SyntaxError(`${name} is written as a value: change it by hand`);
    }
    for (const quotes of line.match(/"""|'''/g) ?? [])
      multiline = multiline === '' ? quotes : multiline === quotes ? '' : multiline;
    at += line.length;
    if (isIn && line.trim() !== '' && !line.trim().startsWith('#')) end = at;
  }
  return start < 0 ? null : { start, end };
}

/** `mcp_servers = { … }` or `mcp_servers.coppice = …`, outside of a table. */
function isInline(line: string, path: readonly string[]): boolean {
  const key = /^\s*([\w."'-]+)\s*=/.exec(line)?.[1]?.replace(/["']/g, '');
  return key !== undefined && (key === path.join('.') || (key === path[0] && /=\s*\{/.test(line)));
}
