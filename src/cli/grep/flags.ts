import { operations } from '../../api/index.js';
import type { FlagTable, FlagValues } from '../command.js';
import { filterFlags, nullFlag, packageFlags } from '../typed/filter-flags.js';
import { patternFlags } from '../typed/pattern-flags.js';

/** What other greps have flags for and this one always does. */
const habits = {
  'line-number': { type: 'boolean', short: 'n', help: 'accepted for habit: line numbers are always shown' },
  'with-filename': { type: 'boolean', short: 'H', help: 'accepted for habit: paths are always shown' },
  recursive: { type: 'boolean', short: 'r', help: 'accepted for habit: folders are always searched' },
  'binary-files-without-match': {
    type: 'boolean',
    short: 'I',
    help: 'accepted for habit: binary files are never searched',
  },
  'extended-regexp': {
    type: 'boolean',
    short: 'E',
    help: 'accepted for habit: one language of patterns is understood',
  },
  'perl-regexp': { type: 'boolean', short: 'P', aliases: ['pcre2'], help: 'accepted for habit: as -E' },
  'no-messages': { type: 'boolean', short: 's', help: 'accepted for habit: no file is left unread in silence' },
  hidden: {
    type: 'boolean',
    short: '.',
    help: 'accepted for habit: what git tracks or does not ignore is searched, dot files too',
  },
  untracked: { type: 'boolean', help: 'accepted for habit: new files are searched as well' },
  break: { type: 'boolean', help: 'accepted for habit: files are apart under --heading' },
  'line-buffered': {
    type: 'boolean',
    habits: (
      'block-buffered mmap no-mmap no-config no-pager crlf one-file-system or exclude-standard no-textconv ' +
      'no-binary no-follow no-recurse-submodules recurse basic no-column-number'
    ).split(' '),
    help: 'accepted for habit, as --no-config, --no-pager, --mmap, --crlf, --or',
  },
  threads: { type: 'integer', short: 'j', value: 'N', help: 'accepted for habit' },
} as const satisfies FlagTable;

export const grepFlags = {
  rev: {
    type: 'string',
    value: 'REV|A..B',
    help: 'where to search, or between which two revs (default @worktree; HEAD where bare)',
  },
  ...patternFlags,
  'smart-case': {
    type: 'boolean',
    short: 'S',
    help: 'a and A are the same unless the pattern has an upper-case letter',
  },
  'line-regexp': { type: 'boolean', short: 'x', help: 'whole lines only' },
  'invert-match': { type: 'boolean', short: 'v', help: operations.grep.parameters.invert.help },
  'only-matching': { type: 'boolean', short: 'o', help: 'only what matches, each match on a line' },
  'files-with-matches': {
    type: 'boolean',
    short: 'l',
    aliases: ['name-only'],
    help: 'only the paths of files that match',
  },
  'files-without-match': { type: 'boolean', short: 'L', help: 'only the paths of files that do not match' },
  count: { type: 'boolean', short: 'c', help: 'only how many lines match in each file' },
  'count-matches': { type: 'boolean', help: 'only how many matches there are in each file' },
  quiet: { type: 'boolean', short: 'q', help: 'print nothing: the exit code tells' },
  'after-context': { type: 'integer', short: 'A', value: 'N', help: operations.grep.parameters.after.help },
  'before-context': { type: 'integer', short: 'B', value: 'N', help: operations.grep.parameters.before.help },
  context: { type: 'integer', short: 'C', bare: true, value: 'N', help: operations.grep.parameters.context.help },
  regexp: { type: 'string', short: 'e', many: true, value: 'PATTERN', help: 'a pattern; of several any may match' },
  file: { type: 'string', short: 'f', many: true, value: 'FILE', help: 'patterns, one a line; - reads standard input' },
  max: { type: 'integer', value: 'N', min: 1, help: operations.grep.parameters.maxCount.help },
  'max-count': { type: 'integer', short: 'm', value: 'N', min: 1, help: 'at most so many lines of each file' },
  'full-name': { type: 'boolean', help: 'paths from the root, not from the current folder' },
  'no-filename': { type: 'boolean', short: 'h', help: 'no paths' },
  'no-line-number': { type: 'boolean', short: 'N', help: 'no line numbers' },
  column: { type: 'boolean', help: 'the column of the first match, in bytes, after the line number' },
  vimgrep: { type: 'boolean', help: 'each match on a line, with its column' },
  trim: { type: 'boolean', help: 'lines without the white space that they begin with' },
  heading: { type: 'boolean', habits: ['group'], help: 'the path once, above its lines (what a terminal gets)' },
  'no-heading': {
    type: 'boolean',
    habits: ['nogroup', 'no-group'],
    help: 'the path before each line (what anything else gets)',
  },
  ...nullFlag,
  ...filterFlags,
  ...packageFlags,
  ...habits,
} as const satisfies FlagTable;

export type GrepFlags = FlagValues<typeof grepFlags>;

/** What other greps can be told to do, and what to type here. */
export const elsewhere: Readonly<Record<string, string>> = Object.fromEntries(
  (
    [
      [
        'U multiline',
        'a pattern is matched line by line: search for one line of it, -A and -B show what stands around',
      ],
      [
        'u uu unrestricted no-ignore no-ignore-vcs no-ignore-parent no-ignore-dot no-ignore-global no-ignore-exclude no-ignore-files no-exclude-standard',
        'what git ignores is not searched; rg -uu PATTERN or grep -rn PATTERN DIR reads it',
      ],
      ['no-index', 'name the folder: --repo REPO'],
      ['cached', 'the work tree (no --rev) and commits (--rev HEAD) are searched, what is staged is not'],
      ['files', 'coppice files lists them'],
      ['type-list', 'coppice help indexing has the languages'],
      ['a text binary', 'binary files are never searched; coppice show REV:PATH prints one'],
      ['replace', 'nothing is changed here: coppice grep -l PATTERN | xargs sed -i s/A/B/'],
      ['and all-match', "write one pattern: 'a.*b|b.*a' for both on a line; -e A -e B for either"],
      ['not', "write one pattern: '^(?!.*B).*A' for A without B on a line; -v for lines that do not match"],
      ['b byte-offset', '--column tells where in its line the first match is'],
      ['M max-columns max-columns-preview', 'coppice grep PATTERN | cut -c -200 cuts long lines'],
      [
        'branches tags all remotes',
        'coppice log PATTERN looks in all of history, coppice grep PATTERN --rev REV at one rev',
      ],
      ['include-zero', '-L lists the files without a match'],
      ['encoding', 'text is read as UTF-8'],
      ['debug trace', 'COPPICE_DEBUG=1 coppice grep PATTERN tells more of an error'],
      ['V version', 'coppice --version'],
      ['passthru passthrough', 'coppice grep -C 1000000 PATTERN FILE shows all of its lines'],
      ['search-zip pre pre-glob', 'what is packed is not searched; coppice show REV:PATH prints a file as it is'],
      ['recurse-submodules', 'a submodule is a repository of its own: coppice grep PATTERN --repo . --repo SUBMODULE'],
      ['type-add type-clear', "-g '*.ext' names files by their ending"],
      ['ignore-file', '--exclude GLOB leaves files out, once for each'],
      ['null-data multiline-dotall', 'a pattern is matched line by line'],
      ['engine regex-size-limit dfa-size-limit', 'coppice help patterns tells what is understood'],
      ['max-filesize', 'coppice help limits tells from which size a file is not searched'],
      ['generate', 'coppice completion SHELL'],
      ['W function-context p show-function', 'coppice search PATTERN shows whole definitions; -C N shows lines around'],
      ['G basic-regexp', 'alternatives are a|b, groups ( ), one or more +; -F searches for literal text'],
      ['sort sortr', 'what is found is sorted by path and line'],
      ['follow', 'symbolic links are not followed'],
      ['iglob', "write both cases: -g '*.[tT][sS]'"],
      ['max-depth maxdepth depth d', "-g './*' for the files of this folder alone"],
      ['O open-files-in-pager', '$PAGER $(coppice grep -l PATTERN)'],
      ['stats', '-c counts the lines of each file, --count-matches the matches'],
      ['pretty', '--heading --color always'],
    ] as const
  ).flatMap(([names, hint]) => names.split(' ').map((name) => [name, hint])),
);
