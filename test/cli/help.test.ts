import { expect, test } from 'vitest';
import { commandNames } from '../../src/cli/command-table.js';
import { runCli } from './fakes.js';

test('the overview lists every command', async () => {
  const { code, stdout, stderr } = await runCli(['help']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatchInlineSnapshot(`
    "coppice: search every branch, tag, commit, fork and work tree of a repository from one index

    Usage: coppice COMMAND [flags] …

    Commands:
      grep     lines that match a pattern, exactly as git grep -n finds them
      search   the best places for some words, ranked
      symbols  definitions by name: exact, then prefix, subword and fuzzy
      log      when the lines that match came and went
      show     the text of a file, or of some of its lines, at a rev
      index    index revs ahead of their first search
      fork     a copy-on-write fork of a rev, to try edits on
      apply    move a fork forward by a diff
      forks    the forks of the repository
      drop     delete a fork
      status   what is indexed, how fresh it is, and how much it takes
      eval     how well search answers a set of queries with known answers
      gc       give back what no ref, fork or lease reaches
      doctor   verify every checksum and invariant of the store
      serve    the daemon: answers commands, editors, agents and the page from one process
      open     the web page, in your browser
      mcp      an MCP server on standard input and output, for coding agents
      lsp      a language server on standard input and output, for editors
      help     explain a command

    Flags of every command:
          --repo DIR    the repository: a work tree, a bare repository or a .git folder
          --store DIR   where the index is kept (default $COPPICE_HOME, else the user's data folder)
          --json        machine-readable output on stdout
          --color WHEN  when to colour (auto, always, never)
          --no-color    the same as --color never
      -h, --help        what the command does, its flags and examples

    Words:
      REV   what git rev-parse accepts, the name of a fork (fork:NAME where a branch has it too), or @worktree
      A..B  a range: what B has and A has not, and the reverse
      GLOB  a path pattern such as src/**/*.ts, or a part of a path; ! before it excludes

    coppice help COMMAND tells more about one. Exit codes: 0 done or found, 1 nothing found, 2 error.
    "
  `);
  expect((await runCli(['--help'])).stdout).toBe(stdout);
});

test('a command explains itself', async () => {
  const { stdout } = await runCli(['grep', '--help']);
  expect(stdout).toMatchInlineSnapshot(`
    "coppice grep: lines that match a pattern, exactly as git grep -n finds them

    Usage: coppice grep [flags] PATTERN [PATHSPEC…]

    Prints path:line:text, sorted by path and line, of what is below the current folder, as git grep does. PATHSPEC
    narrows: src, '*.ts', ../lib, ':!test', :/ for the root. With a range A..B: lines that only B has as +path:line:text
    and lines that only A has as -path:line:text. A rev that is not indexed yet is indexed first.

    Arguments:
      PATTERN PATHSPEC…  a regular expression, or literal text with -F (not after -e); then files or folders

    Flags:
          --rev REV|A..B                where to search, or between which two revs (default @worktree; HEAD where bare)
      -F, --fixed-strings               the pattern is literal text
      -i, --ignore-case                 a and A are the same
      -w, --word-regexp                 whole words only
      -S, --smart-case                  a and A are the same unless the pattern has an upper-case letter
      -v, --invert-match                the lines that do not match
      -o, --only-matching               only what matches, each match on a line
      -l, --files-with-matches          only the paths of files that match (also --name-only)
      -c, --count                       only how many lines match in each file
      -q, --quiet                       print nothing: the exit code tells
      -A, --after-context N             lines to show after each match (default: context)
      -B, --before-context N            lines to show before each match (default: context)
      -C, --context N                   lines to show around each match
      -e, --regexp PATTERN              a pattern; of several any may match (repeatable)
          --max N                       stop after so many lines; counts are always of all
      -m, --max-count N                 at most so many lines of each file
          --full-name                   paths from the root, not from the current folder
          --heading                     the path once, above its lines (what a terminal gets)
          --no-heading                  the path before each line (what anything else gets)
      -z, --null                        a zero byte after each path, which is written as it is (also -0)
      -g, --path GLOB                   only these paths, globs or substrings; !GLOB leaves out (repeatable; also --glob)
      -t, --lang L                      only these languages: go, typescript, ts (repeatable; also --type)
      -n, --line-number                 accepted for habit: line numbers are always shown
      -H, --with-filename               accepted for habit: paths are always shown
      -r, --recursive                   accepted for habit: folders are always searched
      -I, --binary-files-without-match  accepted for habit: binary files are never searched
      -E, --extended-regexp             accepted for habit: one language of patterns is understood
      -P, --perl-regexp                 accepted for habit: as -E (also --pcre2)
      -s, --no-messages                 accepted for habit: no file is left unread in silence

    Flags of every command:
          --repo DIR    the repository: a work tree, a bare repository or a .git folder
          --store DIR   where the index is kept (default $COPPICE_HOME, else the user's data folder)
          --json        machine-readable output on stdout
          --color WHEN  when to colour (auto, always, never)
          --no-color    the same as --color never
      -h, --help        what the command does, its flags and examples

    Examples:
      coppice grep 'func (New|Open)' --lang go  a regular expression, in Go files
      coppice grep -Fi todo src ':!*.test.ts'   literal text in a folder, tests left out
      coppice grep -Fi todo --rev release/2     on a branch that is not checked out
      coppice grep -w retry --rev v1.0..v1.1    what changed between two tags
      coppice grep -e --force                   a pattern that begins with -
    "
  `);
  expect((await runCli(['help', 'grep'])).stdout).toBe(stdout);
  // Help goes before what is wrong with the rest.
  expect(await runCli(['grep', '--frob', '-h'])).toMatchObject({ code: 0, stdout });
});

test.each(commandNames)('%s --help fits a terminal and says how it is used', async (name) => {
  const { code, stdout } = await runCli([name, '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain(`Usage: coppice ${name}`);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
});

test('help is data under --json', async () => {
  const { commands } = JSON.parse((await runCli(['help', '--json'])).stdout) as { commands: { name: string }[] };
  expect(commands.map((command) => command.name)).toEqual(commandNames);
  const grep = JSON.parse((await runCli(['help', 'grep', '--json'])).stdout) as { flags: object };
  expect(grep.flags).toHaveProperty('fixed-strings.short', 'F');
});

test('the version', async () => {
  expect((await runCli(['--version'])).stdout).toMatch(/^coppice \d+\.\d+\.\d+\n$/);
  expect(JSON.parse((await runCli(['--version', '--json'])).stdout)).toHaveProperty('version');
});

test('no command is an error that shows the overview', async () => {
  const { code, stdout, stderr } = await runCli([]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('Commands:');
  expect(stderr).toContain('coppice: error[USAGE]: no command given\nhint: ');
});

test('unknown commands and flags are near to something', async () => {
  expect(await runCli(['gerp', 'x'])).toMatchObject({
    code: 2,
    stderr: "coppice: error[USAGE]: unknown command 'gerp'\nhint: did you mean coppice grep?\n",
  });
  expect(await runCli(['grep', 'x', '--rv', 'main'])).toMatchObject({
    code: 2,
    stderr: 'coppice: error[USAGE]: unknown flag --rv\nhint: did you mean --rev?\n',
  });
  expect((await runCli(['help', 'serch'])).stderr).toContain('did you mean search?');
});
