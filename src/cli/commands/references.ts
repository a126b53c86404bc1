import { operations } from '../../api/index.js';
import type { ReferenceGroup } from '../../engine/index.js';
import { defineCommand, given } from '../command.js';
import { countFlag, fileFilter, filterFlags, revFlag } from '../typed/filter-flags.js';
import { plural, printable } from '../terminal/format.js';
import { highlightSpans, noteUnsearched } from '../results/grep-output.js';
import { pathShower, type PathShower } from '../typed/place.js';
import { quotePath } from '../terminal/quote-path.js';
import { singleRev } from '../typed/rev-range.js';
import type { Paint } from '../terminal/style.js';

export const command = defineCommand({
  name: 'references',
  summary: operations.references.summary,
  description:
    'Lines that have NAME as a whole word, as git grep -w, but for comments, strings, prose and data, which are counted\n' +
    'below. A terminal gets them by the function they are in, anything else as path:line:text. By name, not by type.',
  args: [
    { name: 'NAME', help: operations.references.parameters.name.help },
    {
      name: 'PATHSPEC',
      help: 'only these files or folders; all of the repository without',
      optional: true,
      many: true,
    },
  ],
  flags: {
    ...revFlag,
    mentions: { type: 'boolean', help: operations.references.parameters.mentions.help },
    'files-with-matches': { type: 'boolean', short: 'l', help: 'only the paths of files' },
    heading: { type: 'boolean', help: 'by function (what a terminal gets)' },
    'no-heading': { type: 'boolean', help: 'as path:line:text (what anything else gets)' },
    max: { ...countFlag, bare: true, default: 1000, help: 'stop after so many lines' },
    ...filterFlags,
  },
  examples: [
    { command: 'coppice references retry', does: 'who calls it' },
    { command: 'coppice references retry --rev v1.1 src', does: 'at a tag, in a folder' },
  ],
  async run(context, { args, flags }) {
    const rev = singleRev(flags.rev, 'references');
    const { place, paint, out } = context;
    const [name, ...pathspecs] = args as [string, ...string[]];
    const engine = await context.engine();
    const result = await engine.references(name, {
      ...fileFilter(flags, place),
      ...(pathspecs.length > 0 ? { pathspecs: pathspecs.map((one) => place.pathspec(one)), folder: place.folder } : {}),
      ...context.call(rev ?? null),
      ...given({ rev }),
      ...(flags.mentions && { mentions: true }),
      limit: flags.max,
    });
    context.clearProgress();
    const { groups, lines, truncated, unsearched, unmatched } = result;
    if (context.json) {
      const { rev: asked, ...rest } = result;
      out.json({ ...rest, rev: asked.rev, commit: asked.commit });
      return groups.length > 0 ? 0 : 1;
    }
    const shownPath = pathShower(place, rev);
    const byFunction = !flags['no-heading'] && (flags.heading || context.io.stdout.isTerminal);
    if (flags['files-with-matches']) {
      for (const path of new Set(groups.map(shownPath))) out.write(`${paint('magenta', quotePath(path))}\n`);
    } else if (byFunction) out.write(groups.map((group) => formatGroup(group, shownPath, paint)).join('\n'));
    else for (const group of groups) out.write(formatLines(group, shownPath, paint));
    await context.out.end();
    if (truncated) context.note(`stopped after ${plural(flags.max, 'line')} (-n); there are more`);
    const elsewhere = (['comment', 'string', 'text'] as const).filter((what) => lines[what] > 0);
    if (!flags.mentions && !flags['files-with-matches'] && elsewhere.length > 0) {
      const names = { comment: 'comments', string: 'strings', text: 'prose or data' };
      const counted = elsewhere.map((what) => `${String(lines[what])} in ${names[what]}`).join(', ');
      context.note(`besides ${plural(lines.code, 'line')} of code: ${counted} (--mentions)`);
    }
    await noteUnsearched(context, unsearched, shownPath);
    for (const path of unmatched) context.note(`no file matches '${path}'`);
    return groups.length > 0 ? 0 : 1;
  },
});

function formatGroup(group: ReferenceGroup, shownPath: PathShower, paint: Paint): string {
  const { kind, symbol, startLine, references } = group;
  const inside =
    symbol === '' ? '' : `  ${kind} ${paint('bold', printable(symbol))}${paint('dim', `:${String(startLine)}`)}`;
  const rows = references.map((reference) => `${paint('green', String(reference.line))}:${marked(reference, paint)}\n`);
  return `${paint('magenta', quotePath(shownPath(group)))}${inside}\n${rows.join('')}`;
}

function formatLines(group: ReferenceGroup, shownPath: PathShower, paint: Paint): string {
  const mark = paint('cyan', ':');
  const head = paint('magenta', quotePath(shownPath(group))) + mark;
  return group.references
    .map((reference) => `${head}${paint('green', String(reference.line))}${mark}${marked(reference, paint)}\n`)
    .join('');
}

const marked = (
  { text, column, length }: { readonly text: string; readonly column: number; readonly length: number },
  paint: Paint,
): string => (column < 1 ? text : highlightSpans(paint, text, [{ start: column - 1, end: column - 1 + length }]));
