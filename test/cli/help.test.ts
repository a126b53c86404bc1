import { expect, test } from 'vitest';
import { commandNames } from '../../src/cli/command-table.js';
import { runCli } from './fakes.js';

test('the overview lists every command', async () => {
  const { code, stdout, stderr } = await runCli(['help']);
  expect([code, stderr]).toEqual([0, '']);
  const sections = stdout.split('\n\n');
  expect(sections.map((section) => section.split('\n', 1)[0]!.replace(/:.*/, ''))).toEqual([
    'coppice',
    'Usage',
    'Commands',
    'Flags of every command',
    'Words',
    'Topics',
    'coppice help COMMAND or TOPIC tells more about one. Exit codes',
  ]);
  const names = [...sections[2]!.matchAll(/^ {2}(\S+) {2,}\S/gm)].map(([, name]) => name);
  expect(names).toEqual(commandNames);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  expect((await runCli(['--help'])).stdout).toBe(stdout);
});

test('a command explains itself', async () => {
  const { stdout } = await runCli(['grep', '--help']);
  const sections = stdout.split('\n\n');
  expect(sections.map((section) => section.split('\n', 1)[0])).toEqual([
    'coppice grep: lines that match a pattern, exactly as git grep -n finds them',
    'Usage: coppice grep [flags] PATTERN [REV] [--] [PATHSPEC…]',
    'Prints path:line:text, sorted by path and line, of what is below the current folder, as git grep does. PATHSPEC',
    'Arguments:',
    'Flags:',
    'Flags of every command:',
    'Examples:',
  ]);
  for (const line of [
    '  -F, --fixed-strings               the pattern is literal text',
    '  -l, --files-with-matches          only the paths of files that match (also --name-only)',
    '  -g, --path GLOB                   only these paths, globs or substrings; !GLOB leaves out (repeatable; also --glob)',
    '      --color WHEN  when to colour (auto, always, never)',
    "  coppice grep 'func (New|Open)' --lang go  a regular expression, in Go files",
  ])
    expect(stdout.split('\n')).toContain(line);
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
  expect((await runCli(['--version'])).stdout).toMatch(/^coppice \d+\.\d+\.\d+( \([0-9a-f]{12}\+?\))?\n$/);
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
