import { operations } from '../../api/index.js';
import { defineCommand, given } from '../command.js';
import { countFlag, fileFilter, filterFlags, revFlag } from '../typed/filter-flags.js';
import { formatTable, placeWidth, printable } from '../terminal/format.js';
import { noteMore } from '../terminal/note-more.js';
import { pathShower } from '../typed/place.js';
import { quotePath } from '../terminal/quote-path.js';
import { singleRev } from '../typed/rev-range.js';
import { parseShowTarget } from '../typed/show-target.js';

export const command = defineCommand({
  name: 'definition',
  summary: operations.definition.summary,
  description:
    'By name and scope, not by type: where one name has several definitions, those near the use that --from names come first.',
  args: [{ name: 'NAME', help: operations.definition.parameters.name.help }],
  flags: {
    ...revFlag,
    from: { type: 'string', value: 'FILE[:LINE]', help: 'where it is used: what is near comes first' },
    kind: { type: 'string', many: true, value: 'KIND', help: 'only these kinds: function, class, method' },
    limit: { ...countFlag, bare: true, default: 20, help: 'how many definitions' },
    ...filterFlags,
  },
  examples: [
    { command: 'coppice definition parseConfig', does: 'where it is defined' },
    { command: 'coppice definition parseConfig --from src/app.ts:1 --rev v1.2', does: 'as a line of a file means it' },
  ],
  surplusHint: 'one name at a time; --path FILE looks in some files, --from FILE asks from where it is used',
  async run(context, { args, flags }) {
    const rev = singleRev(flags.rev, 'definition');
    const { place, paint } = context;
    const use = flags.from === undefined ? undefined : parseShowTarget(flags.from, true);
    const name = args[0]!;
    const engine = await context.engine();
    const result = await engine.definition(name, {
      ...fileFilter(flags, place),
      ...context.call(rev ?? null),
      ...(flags.kind.length > 0 ? { kinds: flags.kind } : {}),
      ...given({ rev, usedIn: use && place.fileFromHere(use.path), usedOnLine: use?.lines?.start }),
      limit: flags.limit,
    });
    context.clearProgress();
    const { definitions, total, isExact, near, freshness, tookMs } = result;
    if (context.json) {
      const { rev: asked, commit } = result.rev;
      context.out.json({ name, rev: asked, commit, definitions, total, isExact, near, freshness, tookMs });
    } else {
      const shownPath = pathShower(place, rev);
      const rows = definitions.map(({ line, kind, scope, name: own, signature, text, ...at }) => [
        `${paint('magenta', quotePath(shownPath(at)))}:${paint('green', String(line))}`,
        kind,
        printable(scope === '' ? '' : `${scope}.`) + paint('bold', printable(own)),
        paint('dim', printable(signature || text.trim()).slice(0, 100)),
      ]);
      context.out.write(formatTable(rows, '', placeWidth));
      await noteMore(context, { shown: definitions.length, total, flag: '-n' });
      if (definitions.length === 0 && near.length > 0)
        context.note(`nothing is called '${printable(name)}'; near: ${near.map(printable).join(', ')}`);
    }
    return definitions.length > 0 ? 0 : 1;
  },
});
