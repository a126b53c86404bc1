import { operations } from '../../api/index.js';
import { defineCommand, given } from '../command.js';
import { countFlag, fileFilter, filterFlags, packageFilter, packageFlags, revFlag } from '../typed/filter-flags.js';
import { formatTable, placeWidth, printable } from '../terminal/format.js';
import { noteMore } from '../terminal/note-more.js';
import { pathShower } from '../typed/place.js';
import { quotePath } from '../terminal/quote-path.js';
import { singleRev } from '../typed/rev-range.js';

const textLength = 80;

export const command = defineCommand({
  name: 'symbols',
  summary: operations.symbols.summary,
  description:
    'Best first: the exact name, then names that begin with it, then those that hold it as a word or nearly.',
  args: [{ name: 'NAME', help: 'the name, or the beginning or a part of it' }],
  flags: {
    ...revFlag,
    kind: { type: 'string', many: true, value: 'KIND', help: 'only these kinds: function, class, method' },
    limit: { ...countFlag, bare: true, default: 20, help: 'how many definitions' },
    ...filterFlags,
    ...packageFlags,
  },
  examples: [
    { command: 'coppice symbols parseConfig', does: 'where it is defined' },
    { command: 'coppice symbols Builder --kind class --rev v1.2', does: 'classes named so, at a tag' },
  ],
  async run(context, { args, flags }) {
    const rev = singleRev(flags.rev, 'symbols');
    const { place } = context;
    const name = args[0]!;
    const engine = await context.engine();
    const result = await engine.symbols(name, {
      ...fileFilter(flags, place),
      ...packageFilter(flags),
      ...context.call(rev ?? null),
      ...(flags.kind.length > 0 ? { kinds: flags.kind } : {}),
      ...given({ rev }),
      limit: flags.limit,
    });
    context.clearProgress();
    const { symbols, total, freshness, tookMs } = result;
    if (context.json) {
      context.out.json({ name, rev: result.rev.rev, commit: result.rev.commit, symbols, total, freshness, tookMs });
    } else {
      const { paint } = context;
      const shownPath = pathShower(place, rev);
      const rows = symbols.map((symbol) => [
        `${paint('magenta', quotePath(shownPath(symbol)))}:${paint('green', String(symbol.line))}`,
        symbol.kind,
        printable(symbol.scope === '' ? '' : `${symbol.scope}.`) + paint('bold', printable(symbol.name)),
        paint('dim', printable(symbol.text.trim().slice(0, textLength))),
      ]);
      context.out.write(formatTable(rows, '', placeWidth));
      await noteMore(context, { shown: symbols.length, total, flag: '-n' });
    }
    return symbols.length > 0 ? 0 : 1;
  },
});
