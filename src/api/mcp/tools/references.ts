import type { Reference, ReferenceGroup, ReferencesResult } from '../../../engine/index.js';
import { operations } from '../../operations.js';
import { integer, listSchema, objectSchema, provenance, text } from '../answers/answer-schema.js';
import { clipLine, plural, showPath } from '../answers/code-text.js';
import { leftOutNote, summarizePaths } from '../answers/left-out.js';
import { provenanceOf, showRev } from '../answers/provenance.js';
import { largestFitting } from '../answers/token-budget.js';
import { defineTool, filterArguments, offsetArgument, revArgument, sizeArgument } from '../tool.js';

const { name } = operations.references.parameters;
/** Lines that are asked of the engine at most, past the offset. */
const linesMax = 5000;
/** Characters of a line that are shown. */
const lineLength = 160;

export const references = defineTool({
  name: 'references',
  title: 'Find references',
  description:
    'Who uses a name, by the function around each use: what calls it, what a change of it would touch. As grep -w in code, without ' +
    'comments and strings.',
  effect: operations.references.effect,
  parameters: {
    name: { ...name, help: 'exact name' },
    ...revArgument,
    mentions: { type: 'boolean', help: 'comments, strings and docs too' },
    ...filterArguments,
    ...offsetArgument,
    ...sizeArgument,
  },
  answer: listSchema(
    'groups',
    objectSchema({
      path: text,
      symbol: { ...text, description: 'what the uses are in; empty: no function or type' },
      kind: text,
      start_line: integer,
      end_line: integer,
      references: { type: 'array', items: objectSchema({ line: integer, text }) },
    }),
    provenance,
  ),
  run: (context, { rev, name, offset, max_tokens, ...options }) =>
    context.atRev(rev, async (at) => {
      const limit = offset + linesMax;
      const found = await context.engine().references(name, { ...options, rev: at, limit, ...context.call });
      const asked = provenanceOf(context.repo(), found.rev, found.freshness);
      const title = `${titleOf(found)} at ${showRev(asked)}`;
      const answer = context.list({ maxTokens: max_tokens, title, list: 'groups', fields: asked });
      const rest = after(found.groups, offset);
      let path = '';
      let shown = 0;
      for (const group of rest) {
        const block = (count: number): [string, object] => blockOf(group, count, group.path !== path);
        const count = largestFitting(group.references.length, (count) => answer.fits(...block(count)));
        if (count > 0) answer.add(...block(count));
        shown += count;
        if (count < group.references.length) break;
        path = group.path;
      }
      const left = countByPath(after(rest, shown));
      const ways = [`go on with offset: ${offset + shown}`, 'narrow with paths'];
      const count = [...left.values()].reduce((a, b) => a + b, 0);
      const places = summarizePaths(left);
      return answer.end(leftOutNote({ unit: 'line', count, atLeast: found.truncated, places, shown, ways }));
    }),
});

function titleOf({ groups, lines, truncated, unmatched }: ReferencesResult): string {
  const listed = groups.reduce((sum, { references }) => sum + references.length, 0);
  const functions = groups.filter(({ symbol }) => symbol !== '').length;
  const files = new Set(groups.map(({ path }) => path)).size;
  const { comment, string, text } = lines;
  const elsewhere = [
    ...(comment > 0 ? [plural(comment, 'comment')] : []),
    ...(string > 0 ? [plural(string, 'string')] : []),
    ...(text > 0 ? [`${plural(text, 'line')} of docs or data`] : []),
  ];
  const others = elsewhere.length === 0 ? '' : `; named in ${elsewhere.join(', ')} too`;
  const missed = unmatched.length === 0 ? '' : `; no file matches ${unmatched.join(', ')}`;
  if (listed === 0) return `no code uses it${others}${missed}`;
  const where = `${plural(functions, 'function or type', 'functions and types')} of ${plural(files, 'file')}`;
  return `${truncated ? 'more than ' : ''}${plural(listed, 'line')} in ${where}${others}${missed}`;
}

function blockOf(group: ReferenceGroup, count: number, isNewFile: boolean): [string, object] {
  const { path, symbol, kind, startLine, endLine } = group;
  const shown = group.references.slice(0, count);
  const rows = shown.map(showReference);
  const head = symbol === '' ? [] : [`${startLine}-${endLine} ${kind} ${symbol}`];
  const references = shown.map(({ line, text }) => ({ line, text: clipLine(text.trim(), 1, lineLength) }));
  return [
    [...(isNewFile ? [showPath(path)] : []), ...head, ...rows].join('\n'),
    { path, symbol, kind, start_line: startLine, end_line: endLine, references },
  ];
}

function showReference({ line, column, text, place, isDefinition }: Reference): string {
  const note = isDefinition === true ? ' (defines it)' : place === 'code' ? '' : ` (${place})`;
  return ` ${line}:${note} ${clipLine(text.trim(), column, lineLength)}`;
}

/** The groups without their first references. */
function after(groups: readonly ReferenceGroup[], count: number): ReferenceGroup[] {
  const left: ReferenceGroup[] = [];
  for (const group of groups) {
    const skipped = Math.min(count, group.references.length);
    count -= skipped;
    if (skipped < group.references.length) left.push({ ...group, references: group.references.slice(skipped) });
  }
  return left;
}

function countByPath(groups: readonly ReferenceGroup[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { path, references } of groups) counts.set(path, (counts.get(path) ?? 0) + references.length);
  return counts;
}
