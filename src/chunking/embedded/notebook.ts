import { languageByAlias } from '../../model/index.js';
import type { EmbeddedBlock } from './block.js';
import { parsePlacedJson } from './placed-json.js';
import type { PlacedValue } from './placed-json.js';

/** The cells of a Jupyter notebook: code in the kernel's language, and text as Markdown. */
export function notebookCells(text: string): EmbeddedBlock[] {
  const notebook = parsePlacedJson(text);
  if (notebook === undefined) return [];
  const metadata = member(notebook, 'metadata');
  const named =
    textOf(member(member(metadata, 'language_info'), 'name')) ??
    textOf(member(member(metadata, 'kernelspec'), 'language'));
  const kernel = languageByAlias(named ?? 'python') ?? 'text';
  // Before version 4 cells lay in sheets.
  const sheets = elements(member(notebook, 'worksheets'));
  const cells = [notebook, ...sheets].flatMap((sheet) => elements(member(sheet, 'cells')));
  return cells.flatMap((cell) => {
    const type = textOf(member(cell, 'cell_type'));
    if (type === 'code') return codeBlock(member(cell, 'source') ?? member(cell, 'input'), kernel);
    return type === 'markdown' ? [blockOf(member(cell, 'source'), 'markdown')] : [];
  });
}

function codeBlock(source: PlacedValue | undefined, kernel: string): EmbeddedBlock[] {
  const block = blockOf(source, kernel);
  // `%%bash` says that the cell is in another language; `%%time` does not.
  const magic = /^\s*%%(\w+)[^\n]*/.exec(block.text);
  const language = magic === null ? kernel : (languageByAlias(magic[1]!) ?? kernel);
  // Lines for the notebook itself are no code.
  return [{ ...block, language, text: block.text.replace(/^[ \t]*[%!?].*$/gm, '') }];
}

/** A source is one string, or one for each line. */
function blockOf(source: PlacedValue | undefined, language: string): EmbeddedBlock {
  let text = '';
  const lines: number[] = [];
  for (const part of source?.kind === 'string' ? [source] : elements(source)) {
    const piece = textOf(part) ?? '';
    // A part that goes on the line before it is on that line too.
    const newlines = piece.split('\n').length - 1;
    if (text === '' || text.endsWith('\n')) lines.push(part.line);
    for (let i = 1; i < newlines; i++) lines.push(part.line);
    if (newlines > 0 && !piece.endsWith('\n')) lines.push(part.line);
    text += piece;
  }
  const last = lines[lines.length - 1] ?? 0;
  return { language, text, lines: (line) => lines[line] ?? last };
}

const member = (value: PlacedValue | undefined, name: string): PlacedValue | undefined =>
  value?.kind === 'object' ? value.members.get(name) : undefined;
const elements = (value: PlacedValue | undefined): readonly PlacedValue[] =>
  value?.kind === 'array' ? value.elements : [];
const textOf = (value: PlacedValue | undefined): string | undefined =>
  value?.kind === 'string' ? value.text() : undefined;
