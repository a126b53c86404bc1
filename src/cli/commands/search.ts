import { operations } from '../../api/index.js';
import type { Hit } from '../../engine/index.js';
import { parseRevRange } from '../../model/index.js';
import { defineCommand, given } from '../command.js';
import { countFlag, fileFilter, filterFlags, nullFlag, packageFilter, packageFlags } from '../typed/filter-flags.js';
import { formatPlanned } from '../results/model-output.js';
import type { CommandContext } from '../context.js';
import { formatCompactHit, formatHit, searchNotes } from '../results/hit-output.js';
import { quotePath } from '../terminal/quote-path.js';
import { pathShower, type PathShower } from '../typed/place.js';

/** What greps can be told, and where it is. */
const elsewhere: Readonly<Record<string, string>> = Object.fromEntries(
  (
    [
      ['A B C context', 'a hit shows its definition; coppice grep -C N shows lines around a match'],
      ['e E P F w x v c o q', 'coppice grep has it; in a query: "exact phrase", /regex/, -word'],
      ['1 2 3 4 5 6 7 8 9', '-n N is how many hits'],
      ['m', '-n N is how many hits'],
    ] as const
  ).flatMap(([names, hint]) => names.split(' ').map((name) => [name, hint])),
);

export const command = defineCommand({
  name: 'search',
  summary: operations.search.summary,
  description:
    'Words rank; "exact phrase" and /regex/ match as they are, -term excludes, or and ( ) combine. Filters, each with\n' +
    '- before it to exclude: rev: repo: path: (or file:) lang: sym: kind: case:yes|no. After -- all is query. With a range\n' +
    'A..B: what B has new, ranked as in B. coppice help queries tells more.',
  args: [{ name: 'QUERY', help: 'what to look for; several words need no quotes', many: true }],
  flags: {
    rev: { type: 'string', value: 'REV|A..B', help: operations.search.parameters.rev.help },
    limit: { ...countFlag, default: 10, help: operations.search.parameters.limit.help },
    mode: {
      type: 'string',
      value: 'MODE',
      default: 'hybrid',
      choices: operations.search.parameters.mode.choices,
      help: operations.search.parameters.mode.help,
    },
    weak: { type: 'boolean', help: operations.search.parameters.weak.help },
    'files-with-matches': { type: 'boolean', short: 'l', help: 'only the paths of files with hits, the best first' },
    compact: { type: 'boolean', help: 'a line for each hit, as path:line:text' },
    ...nullFlag,
    explain: { type: 'boolean', help: operations.search.parameters.explain.help },
    effort: {
      type: 'string',
      value: 'EFFORT',
      choices: operations.search.parameters.effort.choices,
      help: operations.search.parameters.effort.help,
    },
    'dry-run': { type: 'boolean', help: operations.search.parameters.dryRun.help },
    ...filterFlags,
    ...packageFlags,
    'ignore-case': { type: 'boolean', short: 'i', help: 'accepted for habit: words are compared without case' },
  },
  dashedWords: true,
  elsewhere,
  examples: [
    { command: 'coppice search retry with backoff', does: 'where is it done?' },
    { command: 'coppice search merge cookies -test', does: 'not what has the word test' },
    { command: `coppice search '"merge base" lang:go -path:test'`, does: 'a phrase, in Go, outside of tests' },
    { command: 'coppice search parse config --rev v1.2 -n 3', does: 'the three best hits at a tag' },
    { command: 'coppice search retry --rev main..@worktree', does: 'in what is not on main yet' },
  ],
  async run(context, { args, flags }) {
    const { rev, limit, mode, weak, explain, effort } = flags;
    const { place } = context;
    const range = rev === undefined ? undefined : parseRevRange(rev);
    const engine = await context.engine();
    const options = {
      ...fileFilter(flags, place),
      ...packageFilter(flags),
      ...context.call(range?.to ?? rev ?? null),
      ...given({ rev, effort }),
      limit,
      mode,
      ...(weak && { weak }),
      ...(explain && { explain }),
      ...(flags['dry-run'] && { dryRun: true }),
    };
    const result = await engine.search(args.join(' '), options);
    context.clearProgress();
    const shownPath = pathShower(place, rev);
    if (result.planned !== undefined) {
      if (context.json) context.out.json({ query: result.query, rev: result.rev, planned: result.planned });
      else context.out.write(formatPlanned(result.planned));
      return 0;
    }
    if (context.json) {
      const { query, commit, from, hits, confidence, nearest, didYouMean, notes, rerank, coverage, tookMs } = result;
      const told = { confidence, nearest, didYouMean, notes };
      context.out.json({ query, rev: result.rev, commit, from, hits, ...told, rerank, coverage, tookMs });
    } else {
      for (const line of searchNotes(result, shownPath)) context.note(line);
      printHits(context, result.hits, flags, shownPath);
    }
    return result.hits.length > 0 ? 0 : 1;
  },
});

/** For people, or a line a hit or file for what reads lines. */
function printHits(
  { out, paint }: CommandContext,
  hits: readonly Hit[],
  flags: { readonly 'files-with-matches': boolean; readonly compact: boolean; readonly null: boolean },
  shownPath: PathShower,
): void {
  const { null: zero } = flags;
  const written = (path: string): string => paint('magenta', zero ? path : quotePath(path));
  if (flags['files-with-matches']) {
    for (const path of new Set(hits.map(shownPath))) out.write(written(path) + (zero ? '\0' : '\n'));
  } else if (flags.compact || zero) {
    for (const hit of hits) out.write(formatCompactHit(hit, written(shownPath(hit)), paint, zero));
  } else hits.forEach((hit, i) => out.write((i > 0 ? '\n' : '') + formatHit(hit, i + 1, paint, shownPath)));
}
