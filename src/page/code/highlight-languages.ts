import type { LanguageFn } from 'highlight.js';

type Loader = () => Promise<{ readonly default: LanguageFn }>;

/** Grammars by the names that highlight.js has for them; each is loaded when a text of its language is shown. */
const grammars: Readonly<Record<string, Loader>> = {
  ada: () => import('highlight.js/lib/languages/ada'),
  asciidoc: () => import('highlight.js/lib/languages/asciidoc'),
  awk: () => import('highlight.js/lib/languages/awk'),
  bash: () => import('highlight.js/lib/languages/bash'),
  c: () => import('highlight.js/lib/languages/c'),
  clojure: () => import('highlight.js/lib/languages/clojure'),
  cmake: () => import('highlight.js/lib/languages/cmake'),
  cpp: () => import('highlight.js/lib/languages/cpp'),
  crystal: () => import('highlight.js/lib/languages/crystal'),
  csharp: () => import('highlight.js/lib/languages/csharp'),
  css: () => import('highlight.js/lib/languages/css'),
  d: () => import('highlight.js/lib/languages/d'),
  dart: () => import('highlight.js/lib/languages/dart'),
  delphi: () => import('highlight.js/lib/languages/delphi'),
  diff: () => import('highlight.js/lib/languages/diff'),
  dockerfile: () => import('highlight.js/lib/languages/dockerfile'),
  dos: () => import('highlight.js/lib/languages/dos'),
  elixir: () => import('highlight.js/lib/languages/elixir'),
  elm: () => import('highlight.js/lib/languages/elm'),
  erlang: () => import('highlight.js/lib/languages/erlang'),
  fortran: () => import('highlight.js/lib/languages/fortran'),
  fsharp: () => import('highlight.js/lib/languages/fsharp'),
  go: () => import('highlight.js/lib/languages/go'),
  graphql: () => import('highlight.js/lib/languages/graphql'),
  groovy: () => import('highlight.js/lib/languages/groovy'),
  handlebars: () => import('highlight.js/lib/languages/handlebars'),
  haskell: () => import('highlight.js/lib/languages/haskell'),
  ini: () => import('highlight.js/lib/languages/ini'),
  java: () => import('highlight.js/lib/languages/java'),
  javascript: () => import('highlight.js/lib/languages/javascript'),
  json: () => import('highlight.js/lib/languages/json'),
  julia: () => import('highlight.js/lib/languages/julia'),
  kotlin: () => import('highlight.js/lib/languages/kotlin'),
  latex: () => import('highlight.js/lib/languages/latex'),
  less: () => import('highlight.js/lib/languages/less'),
  lisp: () => import('highlight.js/lib/languages/lisp'),
  lua: () => import('highlight.js/lib/languages/lua'),
  makefile: () => import('highlight.js/lib/languages/makefile'),
  markdown: () => import('highlight.js/lib/languages/markdown'),
  nim: () => import('highlight.js/lib/languages/nim'),
  nix: () => import('highlight.js/lib/languages/nix'),
  objectivec: () => import('highlight.js/lib/languages/objectivec'),
  ocaml: () => import('highlight.js/lib/languages/ocaml'),
  perl: () => import('highlight.js/lib/languages/perl'),
  php: () => import('highlight.js/lib/languages/php'),
  powershell: () => import('highlight.js/lib/languages/powershell'),
  protobuf: () => import('highlight.js/lib/languages/protobuf'),
  python: () => import('highlight.js/lib/languages/python'),
  r: () => import('highlight.js/lib/languages/r'),
  ruby: () => import('highlight.js/lib/languages/ruby'),
  rust: () => import('highlight.js/lib/languages/rust'),
  scala: () => import('highlight.js/lib/languages/scala'),
  scheme: () => import('highlight.js/lib/languages/scheme'),
  scss: () => import('highlight.js/lib/languages/scss'),
  sql: () => import('highlight.js/lib/languages/sql'),
  swift: () => import('highlight.js/lib/languages/swift'),
  thrift: () => import('highlight.js/lib/languages/thrift'),
  typescript: () => import('highlight.js/lib/languages/typescript'),
  verilog: () => import('highlight.js/lib/languages/verilog'),
  vhdl: () => import('highlight.js/lib/languages/vhdl'),
  vim: () => import('highlight.js/lib/languages/vim'),
  x86asm: () => import('highlight.js/lib/languages/x86asm'),
  xml: () => import('highlight.js/lib/languages/xml'),
  yaml: () => import('highlight.js/lib/languages/yaml'),
};

/** Grammars of languages that we call otherwise, or whose own is missing but another's fits. */
const grammarOf: Readonly<Record<string, string>> = {
  assembly: 'x86asm',
  batch: 'dos',
  fish: 'bash',
  html: 'xml',
  jsx: 'javascript',
  make: 'makefile',
  objc: 'objectivec',
  pascal: 'delphi',
  solidity: 'typescript',
  starlark: 'python',
  svelte: 'xml',
  template: 'handlebars',
  terraform: 'ini',
  toml: 'ini',
  tsx: 'typescript',
  vue: 'xml',
  zig: 'rust',
};

/** Grammars that others include. */
const included: Readonly<Record<string, readonly string[]>> = {
  asciidoc: ['xml'],
  handlebars: ['xml'],
  markdown: ['xml'],
  php: ['xml'],
  xml: ['javascript', 'css'],
};

/** The grammar of one of our languages; undefined when it has none and stays without colours. */
export function grammarOfLanguage(language: string): string | undefined {
  const name = grammarOf[language] ?? language;
  return name in grammars ? name : undefined;
}

/** A grammar and those that it includes, by name. */
export async function loadGrammars(name: string): Promise<ReadonlyMap<string, LanguageFn>> {
  const names = new Set<string>();
  const visit = (grammar: string): void => {
    if (names.has(grammar)) return;
    names.add(grammar);
    included[grammar]?.forEach(visit);
  };
  visit(name);
  const loaded = await Promise.all([...names].map(async (grammar) => [grammar, await grammars[grammar]!()] as const));
  return new Map(loaded.map(([grammar, module]) => [grammar, module.default]));
}
