// Definition and references of the language server: npm run bench -- navigation --repo PATH --repo PATH [--names 200] [--seed N]
//
// Names that universal-ctags finds and that are used elsewhere, evenly from the repositories (work trees, only read), are asked for at one
// of their uses, of a server on stdio as an editor starts it. Right first: the first place is one that ctags has of that name too, or of JavaScript
// and TypeScript, where it misses methods (`exports = class`), one at which TypeScript's parser sees the name declared. Equal: the
// references are the lines of `git grep -w` on which the name stands in code; what is comment or string is told by highlight.js.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Location } from 'vscode-languageserver/node';
import { createProtocolConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node';
import { randomFrom } from '../test/crash/support/random.js';
import { makeFolder } from '../test/support/git.js';
import { declaredNames } from './symbols/declared-names.js';
import { definitionsAmong, readTags } from './symbols/definitions.js';
import { machine, option, printTable, repositoryName, writeJson } from './support/measure.js';

// Its types would bring those of a browser for all files.
const highlighter: string = 'highlight.js';
const { default: hljs } = (await import(highlighter)) as {
  readonly default: { highlight(text: string, options: { readonly language: string }): { readonly value: string } };
};

const namesMax = Number(option('names', '200'));
const random = randomFrom(Number(option('seed', '1')));
const paths = process.argv.flatMap((word, i) => (word === '--repo' ? [resolve(process.argv[i + 1]!)] : []));

const languages: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    javascript: '.js .jsx .mjs .cjs',
    typescript: '.ts .tsx .mts .cts',
    c: '.c .h',
    cpp: '.cc .cpp .hpp .hh',
    go: '.go',
    python: '.py',
    ruby: '.rb',
    java: '.java',
    rust: '.rs',
    lua: '.lua',
    php: '.php',
    kotlin: '.kt',
    swift: '.swift',
    csharp: '.cs',
  }).flatMap(([language, endings]) => endings.split(' ').map((ending) => [ending, language])),
);

/** Columns of each line, from 0, that are comments or text in strings. */
const masks = new Map<string, string[]>();
function maskOf(repo: string, path: string): string[] {
  const key = join(repo, path);
  let mask = masks.get(key);
  if (mask === undefined) {
    const html = hljs.highlight(readFileSync(key, 'utf8'), { language: languages[extname(path)]! }).value;
    const open: boolean[] = [];
    let text = '';
    for (const [token, end, name] of html.matchAll(/<(\/)?span(?: class="([^"]*)")?>|&[#\w]+;|[^]/g)) {
      if (token.startsWith('<') && end !== undefined) open.pop();
      else if (token.startsWith('<') && name !== undefined)
        open.push(
          /hljs-(comment|string|doctag|regexp)/.test(name) || (!name.includes('hljs-subst') && open.at(-1) === true),
        );
      else text += token === '\n' ? '\n' : open.at(-1) === true ? '#' : ' ';
    }
    masks.set(key, (mask = text.split('\n')));
  }
  return mask;
}

interface Line {
  readonly path: string;
  readonly line: number;
  /** From 0, of the first time that the name is code. */
  readonly column: number;
}

/** The lines of git grep on which a name is code. */
function linesInCode(repo: string, name: string): Line[] {
  const { stdout } = spawnSync('git', ['-c', 'core.quotePath=false', 'grep', '-nIwF', '-z', '-e', name], {
    cwd: repo,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return stdout.split('\n').flatMap((row): Line[] => {
    const [path, number, text] = row.split('\0') as [string, string, string];
    if (text === undefined || languages[extname(path)] === undefined) return [];
    const mask = maskOf(repo, path)[Number(number) - 1] ?? '';
    for (const { index } of text.matchAll(new RegExp(`(?<!\\w)${name.replace(/\$/g, '\\$')}(?!\\w)`, 'g')))
      if (mask[index] === ' ') return [{ path, line: Number(number), column: index }];
    return [];
  });
}

interface Answer {
  readonly repository: string;
  readonly name: string;
  readonly definitions: number;
  readonly first: string;
  readonly isRight: boolean;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

const answers: Answer[] = [];
for (const repo of paths) {
  const name = repositoryName(repo);
  const server = spawn(process.execPath, [join('dist', 'main.js'), 'lsp'], {
    env: { ...process.env, COPPICE_HOME: makeFolder(), COPPICE_DAEMON: 'off' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const connection = createProtocolConnection(
    new StreamMessageReader(server.stdout),
    new StreamMessageWriter(server.stdin),
  );
  connection.listen();
  const folder = pathToFileURL(repo).href;
  await connection.sendRequest('initialize', {
    processId: null,
    rootUri: folder,
    capabilities: {},
    workspaceFolders: [{ uri: folder, name }],
  });
  await connection.sendNotification('initialized', {});

  const tracked = new Set(execFileSync('git', ['ls-files', '-z'], { cwd: repo, encoding: 'utf8' }).split('\0'));
  const byName = new Map<string, Set<string>>();
  const tags = readTags(repo);
  // Whatever ctags finds of that name will do, a field or a constant too; what is asked for are the kinds that people look for.
  const tagged = new Set(tags.map((tag) => `${tag.name} ${tag.path}:${tag.line}`));
  const isDefinition = (name: string, place: string): boolean => {
    if (tagged.has(`${name} ${place}`)) return true;
    const [path = '', line] = place.split(':');
    if (!/^(?:java|type)script$/.test(languages[extname(path)] ?? '')) return false;
    return declaredNames(readFileSync(join(repo, path), 'utf8'), path).has(`${name} ${line}`);
  };
  for (const tag of definitionsAmong(tags)) {
    if (!/^[A-Za-z_$][\w$]{2,}$/.test(tag.name) || !tracked.has(tag.path)) continue;
    if (languages[extname(tag.path)] === undefined) continue;
    byName.set(tag.name, (byName.get(tag.name) ?? new Set()).add(`${tag.path}:${tag.line}`));
  }
  const candidates = [...byName].sort(([a], [b]) => (a < b ? -1 : 1));
  for (let wanted = Math.ceil(namesMax / paths.length); wanted > 0 && candidates.length > 0;) {
    const [[name, places]] = candidates.splice(random(candidates.length), 1) as [[string, Set<string>]];
    const lines = linesInCode(repo, name);
    const uses = lines.filter(({ path, line }) => !places.has(`${path}:${line}`));
    if (uses.length === 0) continue;
    wanted--;
    const use = uses[random(uses.length)]!;
    const at = {
      textDocument: { uri: pathToFileURL(join(repo, use.path)).href },
      position: { line: use.line - 1, character: use.column },
    };
    const placed = ({ uri, range }: Location): string =>
      `${fileURLToPath(uri).slice(repo.length + 1)}:${range.start.line + 1}`;
    const definitions = await connection.sendRequest<Location[]>('textDocument/definition', at);
    const references = await connection.sendRequest<Location[]>('textDocument/references', {
      ...at,
      context: { includeDeclaration: true },
    });
    const told = new Set(
      references.map(placed).filter((place) => languages[extname(place.split(':')[0]!)] !== undefined),
    );
    const expected = new Set(lines.map(({ path, line }) => `${path}:${line}`));
    const first = definitions[0] === undefined ? '' : placed(definitions[0]);
    answers.push({
      repository: repositoryName(repo),
      name,
      definitions: places.size,
      first,
      isRight: isDefinition(name, first),
      missing: [...expected].filter((place) => !told.has(place)),
      extra: [...told].filter((place) => !expected.has(place)),
    });
  }
  connection.dispose();
  server.kill();
}

for (const { repository, name, first, isRight, missing, extra } of answers) {
  if (!isRight) console.log(`${repository}: ${name}: ${first === '' ? 'nothing' : first} first`);
  if (missing.length + extra.length > 0)
    console.log(
      `${repository}: ${name}: missing ${missing.slice(0, 3).join(' ')}; extra ${extra.slice(0, 3).join(' ')}`,
    );
}
const share = (some: readonly Answer[], passes: (answer: Answer) => boolean): string =>
  `${some.filter(passes).length} of ${some.length} (${(some.filter(passes).length / some.length).toFixed(3)})`;
const isEqual = ({ missing, extra }: Answer): boolean => missing.length + extra.length === 0;
const right = answers.filter(({ isRight }) => isRight).length / answers.length;
printTable(`${answers.length} names of ${paths.map(repositoryName).join(', ')}; ${machine()}`, [
  {
    what: 'definition right first',
    measured: share(answers, ({ isRight }) => isRight),
    target: '0.97',
    met: right >= 0.97,
  },
  {
    what: 'of those with one definition',
    measured: share(
      answers.filter(({ definitions }) => definitions === 1),
      ({ isRight }) => isRight,
    ),
    target: '',
    met: null,
  },
  {
    what: 'references equal the lines of git grep -w in code',
    measured: share(answers, isEqual),
    target: 'all',
    met: answers.every(isEqual),
  },
  {
    what: 'lines that are missing; too many',
    measured: `${answers.reduce((sum, { missing }) => sum + missing.length, 0)}; ${answers.reduce((sum, { extra }) => sum + extra.length, 0)}`,
    target: '0; 0',
    met: answers.every(isEqual),
  },
]);
writeJson('navigation', { answers });
