import { visibleLength, type Paint } from './style.js';

/** The widest that text is set, however wide the terminal: longer lines are hard to read. */
const columnsMax = 120;

/**
 * A page of the manual for a terminal: headings and code are painted, links name their topic, tables are set in columns. Lines of text
 * that fit stay as they are written.
 */
export function renderMarkdown(text: string, paint: Paint, columns: number): string {
  const width = Math.min(columnsMax, columns);
  const lines = text.trimEnd().split('\n');
  const out: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.startsWith('```')) {
      for (i++; i < lines.length && !lines[i]!.startsWith('```'); i++) out.push(`    ${paint('cyan', lines[i]!)}`);
    } else if (line.startsWith('|')) {
      const rows: string[][] = [];
      for (; i < lines.length && lines[i]!.startsWith('|'); i++) rows.push(cellsOf(lines[i]!));
      i--;
      out.push(...setTable(rows, paint, width));
    } else if (/^#+ /.test(line)) out.push(paint('bold', line.replace(/^#+ /, '')));
    else {
      const indent = /^ *(?:- )?/.exec(line)![0];
      const [first, ...more] = wrap(inline(line.slice(indent.length), paint), width - indent.length);
      out.push(indent + first!, ...more.map((rest) => ' '.repeat(indent.length) + rest));
    }
  }
  return `${out.join('\n')}\n`;
}

/** Code, emphasis and links within a line. */
function inline(text: string, paint: Paint): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) =>
      part.startsWith('`') && part.length > 1
        ? paint('cyan', part.slice(1, -1))
        : part
            .replace(/\[([^\]]*)\]\(([\w-]+)\.md\)/g, (_, shown: string, name: string) =>
              shown === name ? `coppice help ${name}` : `${shown} (coppice help ${name})`,
            )
            .replace(/\[([^\]]*)\]\(([^)]*)\)/g, '$1 ($2)')
            .replace(/\*\*([^*]+)\*\*/g, (_, strong: string) => paint('bold', strong)),
    )
    .join('');
}

/** The cells of a row of a table; `\|` and bars inside of code are no borders. */
function cellsOf(line: string): string[] {
  const cells = line.match(/(?:\\.|`[^`]*`|[^|\\`]|`)+/g) ?? [];
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|')).filter((cell, i) => i > 0 || cell !== '');
}

/** Columns two spaces apart; the last one is wrapped to the width. The head is left out where it says nothing. */
function setTable(rows: readonly (readonly string[])[], paint: Paint, width: number): string[] {
  const body = rows.filter((row) => !row.every((cell) => /^:?-+:?$/.test(cell)));
  const shown = body.map((row) => row.map((cell) => inline(cell, paint)));
  const last = Math.max(...shown.map((row) => row.length)) - 1;
  const widths = Array.from({ length: last }, (_, i) => Math.max(...shown.map((row) => visibleLength(row[i] ?? ''))));
  const indent = widths.reduce((sum, one) => sum + one + 2, 2);
  // Where the columns before take most of the line, what follows goes below.
  const below = indent > width / 2;
  return shown.flatMap((row) => {
    const head = `  ${row
      .slice(0, last)
      .map((cell, i) => cell + ' '.repeat(widths[i]! - visibleLength(cell) + 2))
      .join('')}`;
    const [first = '', ...more] = wrap(row[last] ?? '', width - (below ? 6 : indent));
    const rest = below
      ? [first, ...more].map((line) => `      ${line}`)
      : more.map((line) => ' '.repeat(indent) + line);
    return [(below ? head : head + first).trimEnd(), ...rest.filter((line) => line.trim() !== '')];
  });
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && visibleLength(line) + 1 + visibleLength(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
