/** How a language is recognised and how its comments look. */
export interface Language {
  readonly id: string;
  /** Other names people type for it; the id itself is always understood. */
  readonly aliases: readonly string[];
  /** Without the dot, lower case. */
  readonly extensions: readonly string[];
  /** Whole file names, lower case. */
  readonly fileNames: readonly string[];
  /** Programs of a `#!` line. */
  readonly interpreters: readonly string[];
  /** What starts a comment that runs to the end of the line. */
  readonly line: readonly string[];
  /** What opens and closes a block comment. */
  readonly block: readonly (readonly [open: string, close: string])[];
}

const slashes = { line: ['//'], block: [['/*', '*/']] } as const;
const hash = { line: ['#'], block: [] } as const;
const dashes = { line: ['--'], block: [] } as const;
const semicolon = { line: [';'], block: [] } as const;
const percent = { line: ['%'], block: [] } as const;
const markup = { line: [], block: [['<!--', '-->']] } as const;
const none = { line: [], block: [] } as const;

type Comments = Pick<Language, 'line' | 'block'>;
type Names = { aliases?: string; files?: string; run?: string };

/** One row; the lists are written as words, because that is how one reads them. */
function row(id: string, extensions: string, comments: Comments, names: Names = {}): Language {
  const words = (text = ''): string[] => text.split(' ').filter((word) => word !== '');
  return {
    id,
    extensions: words(extensions),
    aliases: words(names.aliases),
    fileNames: words(names.files),
    interpreters: words(names.run),
    line: comments.line,
    block: comments.block,
  };
}

/** All languages we tell apart. Append only: positions are stored as one byte. */
export const languages: readonly Language[] = [
  row('text', 'txt text log', none, {
    aliases: 'plain plaintext',
    files: 'license licence copying authors notice readme',
  }),
  row('typescript', 'ts mts cts', slashes, { aliases: 'ts', run: 'ts-node tsx deno bun' }),
  row('tsx', 'tsx', slashes),
  row('javascript', 'js mjs cjs es6', slashes, { aliases: 'js node', files: 'jakefile', run: 'node nodejs' }),
  row('jsx', 'jsx', slashes),
  row('python', 'py pyi pyw bzl', hash, {
    aliases: 'py python3',
    files: 'sconstruct sconscript wscript build.bazel module.bazel workspace',
    run: 'python python2 python3 pypy pypy3 uv',
  }),
  row('go', 'go', slashes, { aliases: 'golang' }),
  row('rust', 'rs', slashes, { aliases: 'rs' }),
  row('java', 'java', slashes),
  row('kotlin', 'kt kts', slashes, { aliases: 'kt' }),
  row('scala', 'scala sc sbt', slashes, { run: 'scala amm' }),
  row('swift', 'swift', slashes, { run: 'swift' }),
  row('dart', 'dart', slashes, { run: 'dart' }),
  row('c', 'c h', slashes),
  row('cpp', 'cc cpp cxx c++ hh hpp hxx h++ ipp tpp inl cu cuh ino', slashes, { aliases: 'c++ cxx cc' }),
  row('csharp', 'cs csx cake', slashes, { aliases: 'c# cs dotnet' }),
  row('php', 'php phtml php3 php4 php5 php7', { line: ['//', '#'], block: [['/*', '*/']] }, { run: 'php' }),
  row(
    'ruby',
    'rb rake gemspec ru podspec jbuilder',
    { line: ['#'], block: [['=begin', '=end']] },
    {
      aliases: 'rb',
      files:
        'rakefile gemfile guardfile vagrantfile podfile fastfile brewfile dangerfile capfile berksfile puppetfile appfile matchfile thorfile steepfile .irbrc .pryrc',
      run: 'ruby jruby rake',
    },
  ),
  row('elixir', 'ex exs', hash, { aliases: 'ex', run: 'elixir' }),
  row('haskell', 'hs lhs hsc', { line: ['--'], block: [['{-', '-}']] }, { aliases: 'hs', run: 'runhaskell stack' }),
  row('lua', 'lua rockspec', { line: ['--'], block: [['--[[', ']]']] }, { run: 'lua luajit' }),
  row('zig', 'zig zon', { line: ['//'], block: [] }),
  row('bash', 'sh bash zsh ksh bats ebuild', hash, {
    aliases: 'sh shell zsh shellscript',
    files:
      '.bashrc .bash_profile .bash_aliases .bash_logout .profile .zshrc .zshenv .zprofile .zlogin .kshrc .envrc pkgbuild apkbuild',
    run: 'sh bash zsh dash ksh ash bats',
  }),
  row('css', 'css', { line: [], block: [['/*', '*/']] }),
  row('html', 'html htm xhtml', markup),
  row('json', 'json jsonc json5 webmanifest geojson har', slashes, {
    aliases: 'jsonc',
    files: '.babelrc .eslintrc .prettierrc .swcrc composer.json .jshintrc',
  }),
  row('yaml', 'yaml yml', hash, { aliases: 'yml', files: '.clang-format .clang-tidy' }),
  row('toml', 'toml', hash, { files: 'pipfile' }),
  row('markdown', 'md markdown mdx mkd', markup, { aliases: 'md mdx' }),
  row('sql', 'sql psql pgsql mysql ddl', { line: ['--'], block: [['/*', '*/']] }, { aliases: 'postgresql mysql' }),
  row('make', 'mk mak make', hash, { aliases: 'makefile', files: 'makefile gnumakefile kbuild', run: 'make gmake' }),
  row('dockerfile', 'dockerfile containerfile', hash, { aliases: 'docker', files: 'dockerfile containerfile' }),
  row(
    'ini',
    'ini cfg conf properties editorconfig desktop',
    { line: [';', '#'], block: [] },
    { aliases: 'properties conf', files: '.editorconfig .gitconfig .npmrc .gitmodules' },
  ),
  row('xml', 'xml xsd xsl xslt svg plist csproj vbproj fsproj props targets pom resx wsdl xaml', markup, {
    aliases: 'svg',
  }),
  row('vue', 'vue', {
    line: ['//'],
    block: [
      ['<!--', '-->'],
      ['/*', '*/'],
    ],
  }),
  row('svelte', 'svelte', {
    line: ['//'],
    block: [
      ['<!--', '-->'],
      ['/*', '*/'],
    ],
  }),
  row('scss', 'scss', slashes, { aliases: 'sass' }),
  row('less', 'less', slashes),
  row('protobuf', 'proto', slashes, { aliases: 'proto' }),
  row('graphql', 'graphql gql graphqls', hash, { aliases: 'gql' }),
  row('r', 'r rmd', hash, { run: 'rscript' }),
  row('perl', 'pl pm t pod psgi', hash, { aliases: 'pl', run: 'perl' }),
  row('objc', 'm mm', slashes, { aliases: 'objective-c obj-c' }),
  row('cmake', 'cmake', hash, { files: 'cmakelists.txt' }),
  row('nix', 'nix', { line: ['#'], block: [['/*', '*/']] }),
  row('terraform', 'tf tfvars hcl', { line: ['#', '//'], block: [['/*', '*/']] }, { aliases: 'hcl tf' }),
  row('groovy', 'groovy gradle gvy', slashes, { files: 'jenkinsfile', run: 'groovy' }),
  row('clojure', 'clj cljs cljc edn', semicolon, { aliases: 'clj' }),
  row('erlang', 'erl hrl', percent, { aliases: 'erl', files: 'rebar.config', run: 'escript' }),
  row('ocaml', 'ml mli', { line: [], block: [['(*', '*)']] }, { aliases: 'ml', run: 'ocaml' }),
  row('fsharp', 'fs fsi fsx', { line: ['//'], block: [['(*', '*)']] }, { aliases: 'f# fs' }),
  row('julia', 'jl', { line: ['#'], block: [['#=', '=#']] }, { aliases: 'jl', run: 'julia' }),
  row('elm', 'elm', { line: ['--'], block: [['{-', '-}']] }),
  row('lisp', 'lisp lsp cl el', semicolon, { aliases: 'elisp common-lisp emacs-lisp' }),
  row('scheme', 'scm ss rkt', semicolon, { aliases: 'racket' }),
  row('vim', 'vim', { line: ['"'], block: [] }, { aliases: 'viml', files: '.vimrc' }),
  row('powershell', 'ps1 psm1 psd1', { line: ['#'], block: [['<#', '#>']] }, { aliases: 'ps1 pwsh', run: 'pwsh' }),
  row('batch', 'bat cmd', { line: ['rem ', '::'], block: [] }, { aliases: 'bat' }),
  row('assembly', 's asm nasm', { line: [';', '#', '//'], block: [['/*', '*/']] }, { aliases: 'asm' }),
  row('latex', 'tex sty cls bib', percent, { aliases: 'tex' }),
  row('restructuredtext', 'rst', none, { aliases: 'rst' }),
  row('asciidoc', 'adoc asciidoc', { line: ['//'], block: [] }, { aliases: 'adoc' }),
  row('diff', 'diff patch', none, { aliases: 'patch' }),
  row('csv', 'csv tsv', none, { aliases: 'tsv' }),
  row('fish', 'fish', hash, { run: 'fish' }),
  row('awk', 'awk', hash, { run: 'awk gawk' }),
  row('solidity', 'sol', slashes, { aliases: 'sol' }),
  row('thrift', 'thrift', { line: ['//', '#'], block: [['/*', '*/']] }),
  row('ada', 'ada adb ads', dashes),
  row('fortran', 'f f90 f95 f03 f08 for', { line: ['!'], block: [] }),
  row(
    'pascal',
    'pas dpr',
    {
      line: ['//'],
      block: [
        ['{', '}'],
        ['(*', '*)'],
      ],
    },
    { aliases: 'delphi' },
  ),
  row('d', 'd di', slashes),
  row('nim', 'nim nims', { line: ['#'], block: [['#[', ']#']] }),
  row('crystal', 'cr', hash),
  row('verilog', 'v sv svh vh', slashes, { aliases: 'systemverilog' }),
  row('vhdl', 'vhd vhdl', dashes),
  row('template', 'hbs handlebars mustache ejs erb j2 jinja jinja2 liquid njk twig haml pug', markup),
  row('ignore', 'gitignore dockerignore npmignore', hash, {
    files: '.gitignore .dockerignore .npmignore .eslintignore .prettierignore .gitattributes codeowners',
  }),
  row('lockfile', 'lock', hash, {
    files:
      'package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml cargo.lock go.sum poetry.lock pdm.lock uv.lock composer.lock gemfile.lock mix.lock flake.lock podfile.lock pubspec.lock bun.lock deno.lock pipfile.lock packages.lock.json',
  }),
  row('starlark', 'star', hash, { files: 'tiltfile' }),
  row('gomod', 'mod work', { line: ['//'], block: [] }, { files: 'go.mod go.work' }),
  row('astro', 'astro', {
    line: ['//'],
    block: [
      ['<!--', '-->'],
      ['/*', '*/'],
    ],
  }),
  row('jupyter', 'ipynb', none, { aliases: 'ipynb notebook' }),
  row('matlab', '', { line: ['%'], block: [['%{', '%}']] }, { aliases: 'octave', run: 'octave' }),
  row('mercury', 'moo', { line: ['%'], block: [['/*', '*/']] }),
  row('prolog', 'prolog yap', { line: ['%'], block: [['/*', '*/']] }, { run: 'swipl yap' }),
  row('coq', 'coq', { line: [], block: [['(*', '*)']] }, { aliases: 'rocq' }),
  row('vlang', 'vv vsh', slashes),
  row('vb', 'vb bas frm vbs', { line: ["'"], block: [] }, { aliases: 'visual-basic vb.net vba' }),
  row('apex', 'apex', slashes),
  row('forth', 'fth 4th forth', { line: ['\\ '], block: [['( ', ')']] }, { run: 'gforth' }),
  row('dtrace', '', { line: [], block: [['/*', '*/']] }, { run: 'dtrace' }),
  row('puppet', 'pp', hash),
  row('raku', 'raku rakumod rakutest p6 pm6', hash, { aliases: 'perl6', run: 'raku perl6' }),
  row('sml', 'sml sig fun', { line: [], block: [['(*', '*)']] }, { aliases: 'standard-ml' }),
  row('glsl', 'glsl vert frag geom comp tesc tese', slashes),
  row('bitbake', 'bb bbappend bbclass', hash),
  row('actionscript', 'as', slashes),
  row('tcl', 'tcl tk exp', hash, { run: 'tclsh wish expect' }),
  row('qml', 'qml', slashes),
  row('gleam', 'gleam', { line: ['//'], block: [] }),
  row('odin', 'odin', slashes),
  row('gdscript', 'gd', hash),
  row('meson', '', hash, { files: 'meson.build meson_options.txt meson.options' }),
  row('just', 'just', hash, { files: 'justfile .justfile', run: 'just' }),
  row('gherkin', 'feature', hash, { aliases: 'cucumber' }),
  row('wgsl', 'wgsl', slashes),
  row('hlsl', 'hlsl fx fxh', slashes),
  row('haxe', 'hx', slashes),
];

const numbers = new Map(languages.map((language, number) => [language.id, number]));
const aliases = new Map(languages.flatMap(({ id, aliases }) => [id, ...aliases].map((name) => [name, id] as const)));

/** The number a language is stored under; that of `text` for an id we do not know. */
export function languageNumber(id: string): number {
  return numbers.get(id) ?? 0;
}

/** The id of a stored number; `text` for one that a newer version wrote. */
export function languageId(number: number): string {
  return languages[number]?.id ?? 'text';
}

/** The id people mean by `ts`, `c++`, `Golang`, or undefined. */
export function languageByAlias(name: string): string | undefined {
  return aliases.get(name.toLowerCase());
}
