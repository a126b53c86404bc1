import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { commandNames, loadAllCommands, loadCommand } from '../../src/cli/command-table.js';
import { readTopics } from '../../src/cli/help/manual.js';
import { renderMarkdown } from '../../src/cli/terminal/markdown.js';
import { parseCommand, splitCommandLine } from '../../src/cli/typed/parse.js';
import { createPaint } from '../../src/cli/terminal/style.js';
import { openEngine, type Engine } from '../../src/engine/index.js';
import { makeFolder, type TestRepository } from '../support/git.js';
import { runCli } from './fakes.js';
import { borrowedEngine } from './support/borrowed-engine.js';
import { makeSample, pages, readPage as read, root } from './support/documents.js';
import { splitShellLine, type ShellCommand } from './support/shell-words.js';

/** The repository of this test depends on nothing: what these find is the matter of test/engine. */
const needsPackages = /^--(?:with-)?deps\b|^dep:/;
/** Commands that stay, need another machine, or talk to something else, as `--from model` does: their words are checked, and they are run by other tests. */
const notRun = new Set('serve open mcp lsp install describe tune push pull remote view'.split(' '));

let repo: TestRepository;
let engine: Engine;
let bound: Engine;

beforeAll(async () => {
  repo = makeSample();
  engine = await openEngine({ repo: repo.path, store: join(makeFolder(), 'store') });
  bound = borrowedEngine(engine);
});
afterAll(() => engine.close());
afterEach(async () => {
  for (const { name } of await engine.forks()) await engine.drop(name);
});

interface Documented {
  readonly line: string;
  readonly commands: readonly ShellCommand[];
}

/** Lines of the blocks of a page that name coppice. */
function documented(page: string): Documented[][] {
  const blocks = [...read(page).matchAll(/^```(?:sh|console)\n(.*?)^```/gms)].map(([, block]) =>
    block!
      .replaceAll('\\\n', ' ')
      .split('\n')
      .map((line) => line.replace(/^\$ /, ''))
      .filter((line) => line.includes('coppice'))
      .map((line) => ({ line, commands: splitShellLine(line) })),
  );
  return blocks.filter((block) => block.length > 0);
}

/** Runs one line: what finds nothing, or complains, is no example. */
async function runLine({ line, commands }: Documented): Promise<void> {
  let printed = '';
  for (const { words, after } of commands) {
    const stdin = after === '|' ? printed : '';
    const [program, ...rest] = words;
    if (program === 'coppice') {
      const { name } = splitCommandLine(rest);
      const isElsewhere =
        notRun.has(name ?? '') || rest.includes('model') || rest.some((word) => needsPackages.test(word));
      if (isElsewhere) await checkWords(line, rest);
      else {
        const { code, stdout, stderr } = await runCli(rest, { engine: bound, cwd: repo.path, stdin });
        expect({ line, code, stderr }).toEqual({
          line,
          code: 0,
          stderr: expect.not.stringContaining('error') as string,
        });
        printed = stdout;
      }
    } else if (program === 'git') printed = execFileSync('git', rest, { cwd: repo.path, encoding: 'utf8' });
    else expect(['npm', 'node', 'curl', 'claude', 'codex', 'gemini', 'cat', 'echo', 'head']).toContain(program);
  }
}

/** The command exists and takes these flags and arguments. */
async function checkWords(line: string, words: readonly string[]): Promise<void> {
  const split = splitCommandLine(words);
  const command = await loadCommand(split.name ?? '');
  expect(command, line).toBeDefined();
  expect(() => parseCommand(command!, split.before, split.rest), line).not.toThrow();
}

describe('every command that the documents show', () => {
  const blocks = pages.flatMap((page) =>
    documented(page).map((block, i) => [`${page}, block ${i + 1}`, block] as const),
  );

  test.each(blocks)('%s', async (_, block) => {
    for (const line of block) await runLine(line);
  });

  test('there are enough of them for the check to mean something', () => {
    expect(blocks.flatMap(([, block]) => block).length).toBeGreaterThan(20);
  });
});

describe('every example of the help', () => {
  test.each(commandNames)('%s', async (name) => {
    const command = (await loadCommand(name))!;
    for (const { command: line } of command.examples) {
      for (const fork of ['try', 'review']) {
        if (name !== 'fork') await engine.fork(fork, { from: 'v1.2' }).catch(() => undefined);
      }
      await runLine({ line, commands: splitShellLine(line) });
    }
  });
});

describe('what the documents name exists', () => {
  test.each(pages)('commands, flags and links of %s', async (page) => {
    const text = read(page);
    const commands = await loadAllCommands();
    const names = new Set<string>([...commandNames, ...readTopics().map(({ name }) => name)]);
    // `coppice NAME …` inside of code.
    const spans = [...text.matchAll(/`(?:\$ )?coppice ([a-z][\w-]*)([^`]*)`/g)];
    expect(spans.map(([, name]) => name!).filter((name) => !names.has(name))).toEqual([]);
    const flags = new Map(commands.map(({ name, flags }) => [name, new Set(Object.keys(flags))]));
    const common = ['repo', 'all-repos', 'view', 'store', 'json', 'color', 'no-color', 'help', 'version'];
    const unknown = spans.flatMap(([span, name, rest]) =>
      [...rest!.matchAll(/ \[?--([a-z][\w-]*)/g)]
        .map(([, flag]) => flag!)
        .filter((flag) => !common.includes(flag) && flags.get(name!)?.has(flag) === false)
        .map((flag) => `${span}: --${flag}`),
    );
    expect(unknown).toEqual([]);
    const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target]) => target!);
    expect(links.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });

  test('the README has all topics, and is short', () => {
    const readme = read('README.md');
    expect(
      readTopics()
        .map(({ name }) => name)
        .filter((name) => !readme.includes(`(src/manual/${name}.md)`)),
    ).toEqual([]);
    expect(readme.split('\n').length).toBeLessThan(250);
  });
});

describe('coppice help TOPIC', () => {
  test('a page as it is written, for a pipe; set for a terminal', async () => {
    const piped = await runCli(['help', 'queries']);
    expect(piped).toMatchObject({ code: 0, stdout: read('src/manual/queries.md') });
    const shown = (await runCli(['help', 'queries'], { terminal: true, env: { NO_COLOR: '1' } })).stdout;
    expect(shown).toMatch(/^The query language of search\n/);
    expect(shown).toContain('  lang:go      ');
    expect(shown).not.toMatch(/^\||```/m);
  });

  test('topics are in the overview, near to what is mistyped, and data', async () => {
    expect((await runCli(['help'])).stdout).toMatch(/^ {2}patterns +Patterns of grep/m);
    expect((await runCli(['help', 'qeries'])).stderr).toContain('did you mean queries?');
    const { topics } = JSON.parse((await runCli(['help', '--json'])).stdout) as { topics: unknown };
    expect(topics).toEqual(readTopics());
  });

  test.each(readTopics().map(({ name }) => name))('%s fits a terminal', (name) => {
    const text = read(`src/manual/${name}.md`);
    const shown = renderMarkdown(text, createPaint(false), 120);
    // Lines of code are the reader's to copy.
    const lines = shown.split('\n').filter((line) => !line.startsWith('    '));
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });

  test('links, bars in code, long cells', () => {
    const page =
      '# A\n\nSee [models](models.md), [it](models.md#x) and [b](https://b).\n\n| a | b |\n|---|---|\n| `x\\|y` | long words here |\n';
    expect(renderMarkdown(page, createPaint(false), 24)).toBe(
      'A\n\nSee coppice help models,\nit (models.md#x) and b\n(https://b).\n\n  a    b\n  x|y  long words here\n',
    );
    expect(renderMarkdown(page, createPaint(false), 18)).toContain('  x|y  long words\n       here\n');
  });
});

test('the man page has every command and flag, and is one', async () => {
  const { stdout } = await runCli(['help', '--man']);
  for (const { name, flags } of await loadAllCommands()) {
    expect(stdout).toContain(`.SS coppice ${name}`);
    for (const flag of Object.keys(flags)) expect(stdout).toContain(`\\-\\-${flag.replaceAll('-', '\\-')}`);
  }
  const requests = stdout
    .split('\n')
    .filter((line) => /^[.']/.test(line))
    .map((line) => line.split(' ')[0]);
  expect(new Set(requests)).toEqual(
    new Set(['.TH', '.SH', '.SS', '.B', '.I', '.TP', '.PP', '.nf', '.fi', '.RS', '.RE']),
  );
});
