import { operations } from '../../api/index.js';
import { defineCommand, given } from '../command.js';
import {
  asksForPackages,
  countFlag,
  fileFilter,
  filterFlags,
  nullFlag,
  packageFilter,
  packageFlags,
  revFlag,
} from '../typed/filter-flags.js';
import { formatBytes, formatTable } from '../terminal/format.js';
import { noteMore } from '../terminal/note-more.js';
import { fullPath, isTreeRev, pathShower, type Located } from '../typed/place.js';
import { quotePath } from '../terminal/quote-path.js';
import { singleRev } from '../typed/rev-range.js';

export const command = defineCommand({
  name: 'files',
  summary: operations.files.summary,
  description:
    "Their paths, of what is below the current folder, as git ls-files. PATHSPEC narrows: src, '*.ts', :/ for the root.",
  args: [{ name: 'PATHSPEC', help: 'only these files or folders', optional: true, many: true }],
  flags: {
    ...revFlag,
    ...filterFlags,
    ...packageFlags,
    long: { type: 'boolean', help: 'with language, size, and why a file has no searchable lines' },
    max: { ...countFlag, bare: true, default: 1_000_000, help: 'at most so many' },
    'full-name': { type: 'boolean', help: 'paths from the root, not from the current folder' },
    ...nullFlag,
    hidden: { type: 'boolean', habits: ['.', 'recursive', 'r'], help: 'accepted for habit: dot files too' },
  },
  elsewhere: {
    d: 'coppice compare HEAD @worktree lists what is deleted',
    s: '--long has languages and sizes',
    l: '--long has languages and sizes',
    c: 'coppice files --rev HEAD lists what is committed',
    cached: 'coppice files --rev HEAD lists what is committed',
    o: 'what git does not track is listed as well, unless it ignores it',
    m: 'coppice compare HEAD @worktree lists what is changed',
  },
  examples: [
    { command: 'coppice files', does: 'on disk, below this folder' },
    { command: 'coppice files -t go --rev main lib', does: 'in Go, below a folder, on a branch' },
    { command: 'coppice files --long -n 20', does: 'with their languages and sizes' },
  ],
  async run(context, { args, flags }) {
    const rev = singleRev(flags.rev, 'files');
    const { place } = context;
    const isTree = isTreeRev(rev);
    const engine = await context.engine();
    const result = await engine.files({
      ...fileFilter(flags, place),
      ...packageFilter(flags),
      ...(args.length > 0 ? { pathspecs: args.map((one) => place.pathspec(one)) } : {}),
      ...(place.folder === '' || isTree || asksForPackages(flags) ? {} : { folder: place.folder }),
      ...given({ rev }),
      limit: flags.max,
      ...context.call(rev ?? null),
    });
    context.clearProgress();
    const { files, total, freshness } = result;
    const shownPath = flags['full-name'] ? fullPath(place) : pathShower(place, rev);
    const written = (file: Located): string => (flags.null ? shownPath(file) : quotePath(shownPath(file)));
    const { out, paint } = context;
    if (context.json) out.json({ rev: result.rev.rev, commit: result.rev.commit, files, total, freshness });
    else if (flags.long) {
      const rows = files.map((file) => [
        paint('magenta', written(file)),
        file.language,
        formatBytes(file.sizeBytes),
        paint('yellow', file.skipped ?? ''),
      ]);
      out.write(formatTable(rows));
    } else for (const file of files) out.write(written(file) + (flags.null ? '\0' : '\n'));
    if (!context.json) {
      await noteMore(context, { shown: files.length, total, flag: '-n' });
      const names = files.length > 0 ? [] : args.filter((arg) => !/[:*?[]/.test(arg));
      for (const name of names) context.note(`no file matches '${name}'; names with it: coppice files '*${name}*'`);
    }
    return files.length > 0 ? 0 : 1;
  },
});
