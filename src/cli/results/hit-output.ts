import type { Hit, HitExplanation, SearchResult } from '../../engine/index.js';
import { printable, shortCommit } from '../terminal/format.js';
import { formatRerank } from './model-output.js';
import type { PathShower } from '../typed/place.js';
import { quotePath } from '../terminal/quote-path.js';
import type { Paint } from '../terminal/style.js';

const snippetLines = 8;
/** Lines of minified code would bury the rest. */
const lineLength = 160;

/** A hit for people: rank, place, definition and score, then the lines that matter. */
export function formatHit(hit: Hit, rank: number, paint: Paint, shownPath: PathShower = ({ path }) => path): string {
  const place = `${paint('magenta', quotePath(shownPath(hit)))}:${String(hit.startLine)}-${String(hit.endLine)}`;
  const symbol = [hit.kind, paint('bold', printable(hit.symbol))].filter((part) => part !== '').join(' ');
  const score = paint('dim', hit.score.toFixed(2));
  const { firstSeen } = hit;
  const since = firstSeen && paint('dim', `since ${firstSeen.date.slice(0, 10)} ${shortCommit(firstSeen.commit)}`);
  const weak = hit.confidence === 'weak' ? paint('dim', 'weak') : '';
  const parts = [paint('cyan', String(rank)), place, symbol, score, weak, since ?? ''];
  const head = parts.filter((part) => part !== '').join('  ');
  const why = hit.explanation === undefined ? '' : paint('dim', formatExplanation(hit.explanation));
  const said = hit.description === undefined ? '' : `  ${paint('dim', printable(hit.description))}\n`;
  return `${head}\n${said}${why}${formatSnippet(hit, paint)}`;
}

/** A hit as a line of grep: the line of the definition that the query names, else the one that says most about why it was found. */
export function formatCompactHit(hit: Hit, shownPath: string, paint: Paint, zero = false): string {
  const lines = hit.text.split(/\r?\n/);
  const matching = hit.matches.map(({ line }) => line);
  const count = (line: number): number => matching.filter((other) => other === line).length;
  const most = [...new Set(matching)].reduce(
    (best, line) => (count(line) > count(best) ? line : best),
    matching[0] ?? 0,
  );
  const named = namedLine(hit);
  const line = named !== null ? named + hit.startLine : most || hit.symbolLine || hit.startLine;
  const spans = hit.matches.filter((match) => match.line === line);
  const text = highlightLine(lines[line - hit.startLine] ?? '', spans, paint);
  const mark = zero ? '\0' : paint('cyan', ':');
  return `${shownPath}${mark}${paint('green', String(line))}${mark}${text}\n`;
}

/** What gave the score, most first: `= (words 3.20 + definition 2.10) × test 0.70`, then the terms that are there. */
function formatExplanation({ points, fileKind, repeat, confidence, terms }: HitExplanation): string {
  const given = Object.entries(points)
    .filter(([, value]) => value > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, value]) => `${name} ${value.toFixed(2)}`);
  const factors = [
    fileKind === 1 ? '' : ` × file kind ${fileKind.toFixed(2)}`,
    repeat === 1 ? '' : ` × same file ${repeat.toFixed(2)}`,
  ].join('');
  const places = terms.map(({ term, code, comments, names }) => {
    const counts = [code > 0 && `code ${code}`, comments > 0 && `comments ${comments}`, names > 0 && `names ${names}`];
    return `${printable(term)} (${counts.filter((count) => count !== false).join(', ')})`;
  });
  const found = places.length === 0 ? '' : `  has ${places.join('; ')}\n`;
  return `  = (${given.join(' + ')})${factors}; confidence ${confidence.toFixed(2)}\n${found}`;
}

/** What has to be said of an answer besides its hits. */
export function searchNotes(
  { didYouMean = [], notes = [], nearest, confidence, hits, rerank }: SearchResult,
  shownPath: PathShower,
): string[] {
  const lines = [...notes];
  if (rerank !== undefined) lines.push(formatRerank(rerank));
  if (didYouMean.length > 0)
    lines.push(`did you mean ${didYouMean.map((query) => `'${printable(query)}'`).join(' or ')}?`);
  if (nearest !== undefined)
    lines.push(
      `nothing good was found; the nearest is ${quotePath(shownPath(nearest))}:${String(nearest.startLine)}-${String(nearest.endLine)}; --weak shows such hits`,
    );
  else if (confidence === 'weak' && hits.length > 0) lines.push('little of the query was found: these are weak hits');
  return lines;
}

function formatSnippet(hit: Hit, paint: Paint): string {
  const lines = hit.text.replace(/\r?\n$/, '').split(/\r?\n/);
  const matching = hit.matches.map((match) => match.line - hit.startLine);
  const { start, end } = snippetRange(lines.length, matching, namedLine(hit));
  const width = String(hit.startLine + end - 1).length;
  let text = '';
  for (let i = start; i < end; i++) {
    const line = hit.startLine + i;
    const spans = hit.matches.filter((match) => match.line === line);
    text +=
      `  ${paint('green', String(line).padStart(width))}  ${highlightLine(lines[i]!, spans, paint)}`.trimEnd() + '\n';
  }
  return text;
}

/** Index in the text of the line of the definition that the query names; null when it names none. */
function namedLine({ symbolLine, startLine, matches }: Hit): number | null {
  return symbolLine !== null && matches.some(({ line }) => line === symbolLine) ? symbolLine - startLine : null;
}

/** The window of at most 8 lines that holds the most matching lines, `must` among them, with a line of lead where there is room. */
export function snippetRange(
  lineCount: number,
  matching: readonly number[],
  must: number | null = null,
): { start: number; end: number } {
  const marked = [...new Set(matching)].filter((line) => line >= 0 && line < lineCount).sort((a, b) => a - b);
  let best = { from: 0, to: 0, count: 0 };
  marked.forEach((from, i) => {
    const inside = marked.slice(i).filter((line) => line < from + snippetLines);
    if (must !== null && !inside.includes(must)) return;
    if (inside.length > best.count) best = { from, to: inside.at(-1)!, count: inside.length };
  });
  // The first line names the definition, so a match close to it keeps it in view.
  const lead = best.to < snippetLines ? best.from : Math.min(1, snippetLines - 1 - (best.to - best.from));
  const start = Math.max(0, Math.min(best.from - lead, lineCount - snippetLines));
  return { start, end: Math.min(lineCount, start + snippetLines) };
}

interface ColumnSpan {
  readonly column: number;
  readonly length: number;
}

function highlightLine(line: string, spans: readonly ColumnSpan[], paint: Paint): string {
  let text = '';
  let at = 0;
  for (const { column, length } of [...spans].sort((a, b) => a.column - b.column)) {
    const start = Math.max(at, column - 1);
    const end = Math.min(lineLength, column - 1 + length);
    if (end <= start) continue;
    text += printable(line.slice(at, start)) + paint('boldRed', printable(line.slice(start, end)));
    at = end;
  }
  const rest = line.length > lineLength ? `${line.slice(at, lineLength)}…` : line.slice(at);
  return text + printable(rest);
}
