import { operations } from '../../api/index.js';
import { parseRevRange } from '../../model/index.js';
import { defineCommand, given } from '../command.js';
import { fileFilter, filterFlags } from '../filter-flags.js';
import { formatPlanned } from '../model-output.js';
import { formatHit, searchNotes } from '../hit-output.js';
import { pathShower } from '../place.js';

export const command = defineCommand({
  name: 'search',
  summary: operations.search.summary,
  description:
    'Words rank; "exact phrase" and /regex/ match as they are, -term excludes, or and ( ) combine. Filters, each with\n' +
    '- before it to exclude: rev: repo: path: (or file:) lang: sym: kind: case:yes|no. A query that begins with - goes\n' +
    'after --. With a range A..B: what B has new, ranked as in B.',
  args: [{ name: 'QUERY', help: 'what to look for; several words need no quotes', many: true }],
  flags: {
    rev: { type: 'string', value: 'REV|A..B', help: operations.search.parameters.rev.help },
    limit: {
      type: 'integer',
      short: 'n',
      value: 'N',
      default: 10,
      min: 1,
      help: operations.search.parameters.limit.help,
    },
    mode: {
      type: 'string',
      value: 'MODE',
      default: 'hybrid',
      choices: operations.search.parameters.mode.choices,
      help: operations.search.parameters.mode.help,
    },
    weak: { type: 'boolean', help: operations.search.parameters.weak.help },
    explain: { type: 'boolean', help: operations.search.parameters.explain.help },
    effort: {
      type: 'string',
      value: 'EFFORT',
      choices: operations.search.parameters.effort.choices,
      help: operations.search.parameters.effort.help,
    },
    'dry-run': { type: 'boolean', help: operations.search.parameters.dryRun.help },
    ...filterFlags,
  },
  examples: [
    { command: 'coppice search retry with backoff', does: 'where is it done?' },
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
      result.hits.forEach((hit, i) =>
        context.out.write((i > 0 ? '\n' : '') + formatHit(hit, i + 1, context.paint, shownPath)),
      );
    }
    return result.hits.length > 0 ? 0 : 1;
  },
});
