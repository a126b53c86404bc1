import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { errorKinds } from '../src/base/index.js';

/** The layers: what each module may import. Peers never import each other. The table is explained in src/README.md. */
const layers: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ['base'],
  dependencies: ['base', 'model'],
  git: ['base', 'model'],
  store: ['base', 'model'],
  threads: ['base'],
  remote: ['base', 'store'],
  pattern: ['base', 'threads'],
  chunking: ['base', 'model'],
  text: ['base', 'model'],
  folder: ['base', 'model', 'git', 'pattern'],
  vector: ['base', 'model'],
  endpoint: ['base'],
  chat: ['base', 'endpoint'],
  reranking: ['base', 'endpoint', 'chat'],
  embedding: ['base', 'model', 'text', 'vector', 'endpoint'],
  segment: ['base', 'model', 'text', 'vector', 'store'],
  pack: ['base', 'model', 'git', 'store', 'text', 'segment'],
  snapshot: ['base', 'model', 'store', 'pattern', 'segment'],
  cluster: ['base', 'model', 'store', 'remote', 'pattern', 'text', 'segment', 'snapshot'],
  indexing: [
    'base',
    'model',
    'git',
    'threads',
    'pattern',
    'chunking',
    'text',
    'vector',
    'endpoint',
    'chat',
    'reranking',
    'embedding',
    'store',
    'segment',
    'snapshot',
  ],
  search: ['base', 'model', 'pattern', 'text', 'vector', 'segment', 'snapshot'],
  history: ['base', 'model', 'pattern', 'segment', 'snapshot', 'search'],
  describing: ['base', 'model', 'text', 'endpoint', 'chat', 'store', 'segment', 'snapshot', 'search'],
  engine: [
    'base',
    'model',
    'dependencies',
    'git',
    'folder',
    'store',
    'threads',
    'pattern',
    'chunking',
    'text',
    'endpoint',
    'chat',
    'reranking',
    'embedding',
    'segment',
    'snapshot',
    'indexing',
    'search',
    'describing',
    'history',
    'remote',
    'pack',
    'cluster',
  ],
  api: ['base', 'model', 'engine'],
  lsp: ['base', 'model', 'engine'],
  install: ['base'],
  evaluation: ['base', 'endpoint', 'chat', 'engine'],
  daemon: ['base', 'model', 'git', 'folder', 'store', 'pattern', 'remote', 'engine', 'api'],
  cli: ['base', 'model', 'pattern', 'engine', 'api', 'lsp', 'evaluation', 'daemon', 'install'],
  // What the browser runs: the table of languages, and of the engine types only.
  page: ['model', 'engine'],
  // What runs in VS Code, which talks to the language server alone.
  vscode: [],
  // The entry points: the library, the command's start and, loaded by that, the rest of the command.
  'index.ts': ['base', 'engine'],
  'main.ts': ['cli', 'command.ts'],
  'command.ts': ['cli'],
};

/** Imports that go past a module's index.ts on purpose; types only. */
const deepTypeImports: readonly string[] = [
  'src/index.ts -> src/engine/types.ts',
  'src/page/api/protocol.ts -> src/engine/types.ts',
];

/** What only some modules may do. A file can be excepted by name, with the reason. */
const effects: readonly { what: string; modules: readonly string[]; except: Readonly<Record<string, string>> }[] = [
  {
    what: 'node:child_process',
    modules: ['git'],
    except: { 'src/daemon/client/start-daemon.ts': 'the daemon is a process' },
  },
  { what: 'node:worker_threads', modules: ['threads'], except: {} },
  {
    what: 'file write',
    modules: ['store', 'daemon', 'remote', 'install'],
    except: {
      'src/git/config/seal.ts': "git takes settings that stand in place of a repository's own from a folder only",
    },
  },
  // A user's pattern runs in `scanTexts` alone, which is the only thing of its module that can; other expressions are constants.
  {
    what: 'RegExp of a value',
    modules: ['pattern'],
    except: {
      'src/chunking/grammar.ts': 'from the grammars that come with us',
      'src/chunking/lines/line-rules.ts': 'from the grammars that come with us',
      'src/chunking/recovery/blank-macros.ts': 'put together from pieces of its own',
      'src/chunking/outline/code-rules.ts': 'of parts that stand beside them',
      'src/page/search/marks.ts': 'an escaped literal',
    },
  },
  { what: 'console', modules: ['cli', 'main.ts'], except: {} },
  { what: 'process.exit', modules: ['cli', 'main.ts'], except: {} },
  { what: 'Date.now', modules: ['base'], except: {} },
  { what: 'Math.random', modules: ['base'], except: {} },
];

/** Functions of node:fs (with or without `Sync`) that change something on disk. */
const writingFunctions = new Set(
  (
    'appendFile chmod chown copyFile cp createWriteStream fchmod fchown fdatasync fsync ftruncate futimes lchmod lchown ' +
    'link lutimes mkdir mkdtemp rename rm rmdir symlink truncate unlink utimes write writeFile writev'
  ).split(' '),
);

const linesWarn = 400;
const linesMax = 700;

/** Error codes that nothing raises yet. Empty once the first version is whole. */
const pendingCodes: readonly string[] = [];

const root = fileURLToPath(new URL('..', import.meta.url));
const files = listFiles('src').map(readSource);

describe('layers', () => {
  test.each(files.map((file) => [file.path, file] as const))('%s imports only what its layer may', (_, file) => {
    const wrong: string[] = [];
    for (const { specifier, typeOnly } of file.imports) {
      if (!specifier.startsWith('.')) continue;
      const target = relative(root, resolve(root, dirname(file.path), specifier)).replace(/\.js$/, '.ts');
      const module = moduleOf(target);
      if (!target.startsWith('src/')) wrong.push(`${specifier}: outside src`);
      else if (module === file.module) {
        if (target === `src/${module}/index.ts`) wrong.push(`${specifier}: a module does not import its own index.ts`);
      } else if (!layers[file.module]?.includes(module)) {
        wrong.push(`${specifier}: ${file.module} may not import ${module}`);
      } else if (target !== `src/${module}` && target !== `src/${module}/index.ts`) {
        const allowed = typeOnly && deepTypeImports.includes(`${file.path} -> ${target}`);
        if (!allowed) wrong.push(`${specifier}: only ${module}/index.ts may be imported from outside`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('every folder and file directly under src is in the table', () => {
    const unknown = files.map((file) => file.module).filter((module) => !(module in layers));
    expect([...new Set(unknown)]).toEqual([]);
  });

  test('no files need each other, in a circle, to be loaded', () => {
    const importsOf = new Map(
      files.map(({ path, imports }) => [
        path,
        imports
          .filter(({ specifier, typeOnly, later }) => specifier.startsWith('.') && !typeOnly && later !== true)
          .map(({ specifier }) => join(dirname(path), specifier).replace(/\.js$/, '.ts')),
      ]),
    );
    const whole = new Set<string>();
    const circles: string[] = [];
    const follow = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' -> '));
      else if (!whole.has(path)) {
        for (const target of importsOf.get(path) ?? []) follow(target, [...way, path]);
        whole.add(path);
      }
    };
    for (const path of importsOf.keys()) follow(path, []);
    expect(circles).toEqual([]);
  });

  test("an index.ts has nothing but exports of its module's names", () => {
    const wrong = files
      .filter((file) => file.path.endsWith('/index.ts'))
      .filter((file) => !file.tree.statements.every((node) => ts.isExportDeclaration(node) && node.moduleSpecifier));
    expect(wrong.map((file) => file.path)).toEqual([]);
  });
});

describe('effects', () => {
  test.each(effects.map((effect) => [effect.what, effect] as const))('%s only where it belongs', (what, effect) => {
    const wrong = files
      .filter(
        (file) => file.effects.has(what) && !effect.modules.includes(file.module) && !(file.path in effect.except),
      )
      .map((file) => file.path);
    expect(wrong).toEqual([]);
  });
});

test("nothing but scanTexts and its threads can run a user's pattern", () => {
  const users = files.filter(
    ({ path, tree }) => path !== 'src/pattern/pattern.ts' && tree.text.includes('unguardedMatcherOf'),
  );
  expect(users.map(({ path }) => path)).toEqual(['src/pattern/scan/scan-texts.ts', 'src/pattern/scan/scan-thread.ts']);
  // What can be imported from outside is in the index, and has neither it nor a matcher.
  const index = files.find(({ path }) => path === 'src/pattern/index.ts')!.tree.text;
  expect(index).not.toMatch(/line-matcher|find-in-text|emit-regex|runWithDeadline/);
});

describe('files', () => {
  test(`none is longer than ${linesMax} lines`, () => {
    const long = files.filter((file) => file.lines > linesWarn).map((file) => `${file.path}: ${file.lines} lines`);
    if (long.length > 0) console.warn(`long files, do they have two subjects?\n${long.join('\n')}`);
    expect(files.filter((file) => file.lines > linesMax).map((file) => file.path)).toEqual([]);
  });

  test('every folder of src is in the code map, and every path that the code map names exists', () => {
    const map = join(root, 'src/README.md');
    if (!existsSync(map)) return;
    const text = readFileSync(map, 'utf8');
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map((entry) => entry.name).filter((name) => !text.includes(`\`${name}`))).toEqual([]);
    const named = [...text.matchAll(/`((?:src|test|bench|grammars)\/[\w./-]+)`/g)].map((match) => match[1]!);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('every error code is raised somewhere', () => {
    const used = new Set(files.flatMap((file) => (file.path === 'src/base/errors.ts' ? [] : [...file.strings])));
    const unused = Object.keys(errorKinds).filter((code) => !used.has(code));
    expect(unused.filter((code) => !pendingCodes.includes(code))).toEqual([]);
  });
});

interface Source {
  /** From the root, with slashes. */
  readonly path: string;
  readonly module: string;
  readonly lines: number;
  readonly tree: ts.SourceFile;
  /** `later`: by `import()`, when it is called. */
  readonly imports: readonly { specifier: string; typeOnly: boolean; later?: boolean }[];
  readonly effects: ReadonlySet<string>;
  readonly strings: ReadonlySet<string>;
}

function listFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? listFiles(path) : path.endsWith('.ts') ? [path] : [];
    })
    .sort();
}

/** `src/git/refs/refs.ts` is of module `git`; `src/main.ts` is of module `main.ts`. */
function moduleOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const imports: { specifier: string; typeOnly: boolean; later?: boolean }[] = [];
  const found = new Set<string>();
  const strings = new Set<string>();
  const fileSystem = new Set<string>();

  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      const specifier = (node.moduleSpecifier as ts.StringLiteral).text;
      const clause = ts.isImportDeclaration(node) ? node.importClause : undefined;
      const typeOnly = ts.isExportDeclaration(node) ? node.isTypeOnly : clause?.isTypeOnly === true;
      imports.push({ specifier, typeOnly });
      if (!typeOnly) noteBuiltin(specifier, clause);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const argument = node.arguments[0];
      if (argument && ts.isStringLiteral(argument)) {
        imports.push({ specifier: argument.text, typeOnly: false, later: true });
        noteBuiltin(argument.text, undefined);
      }
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const literal = node.argument.literal;
      if (ts.isStringLiteral(literal)) imports.push({ specifier: literal.text, typeOnly: true });
    } else if (ts.isPropertyAccessExpression(node)) {
      const object = node.expression.getText(tree);
      const name = node.name.text;
      if (object === 'console') found.add('console');
      if (['process.exit', 'Date.now', 'Math.random'].includes(`${object}.${name}`)) found.add(`${object}.${name}`);
      if (fileSystem.has(object.split('.')[0]!) && isWriting(name)) found.add('file write');
    } else if (ts.isStringLiteralLike(node)) strings.add(node.text);
    else if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText(tree) === 'RegExp') {
      const [source] = node.arguments ?? [];
      // What is made while a module loads is made of constants.
      const isConstant =
        source !== undefined && (ts.isStringLiteralLike(source) || ts.isRegularExpressionLiteral(source));
      if (!isConstant && ts.findAncestor(node, ts.isFunctionLike) !== undefined) found.add('RegExp of a value');
    }
    ts.forEachChild(node, visit);
  };
  const noteBuiltin = (specifier: string, clause: ts.ImportClause | undefined): void => {
    const builtin = specifier.startsWith('node:') ? specifier : `node:${specifier}`;
    found.add(builtin);
    if (builtin !== 'node:fs' && builtin !== 'node:fs/promises') return;
    if (clause?.name) fileSystem.add(clause.name.text);
    const bindings = clause?.namedBindings;
    if (bindings && ts.isNamespaceImport(bindings)) fileSystem.add(bindings.name.text);
    if (bindings && ts.isNamedImports(bindings)) {
      for (const element of bindings.elements) {
        const imported = (element.propertyName ?? element.name).text;
        if (imported === 'promises') fileSystem.add(element.name.text);
        if (!element.isTypeOnly && isWriting(imported)) found.add('file write');
      }
    }
  };
  const isWriting = (name: string): boolean => writingFunctions.has(name.replace(/Sync$/, ''));

  visit(tree);
  return { path, module: moduleOf(path), lines: text.split('\n').length, tree, imports, effects: found, strings };
}
