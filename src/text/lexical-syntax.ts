/** Where code is left: for a comment, or for the inside of a string. */
export interface Opening {
  /** What it can begin with: any of these characters. */
  readonly first: string;
  /** A text, or a sticky expression. One that begins with a letter is tried where a word begins. */
  readonly open: string | RegExp;
  readonly place: 'comment' | 'string';
  readonly close: string | ((match: OpeningMatch) => string);
  /** A backslash takes the next character in; or a doubled closer is no closer. */
  readonly escape?: 'backslash' | 'double';
  /** It ends with its line at the latest. */
  readonly line?: true;
  /** What opens another one inside it. */
  readonly nested?: string | ((match: OpeningMatch) => string);
  /** Code inside a string. */
  readonly holes?: readonly Hole[];
  /** Only where an expression can begin, as a regular expression after `=`, not a division after `)`. */
  readonly expression?: true;
  /** `open` matches all of it. */
  readonly whole?: true;
  /** Its text begins with the next line and ends with the line that is `close`. */
  readonly heredoc?: true;
}

/** What an opening matched, with its groups. */
export type OpeningMatch = readonly string[] & { readonly groups?: Readonly<Record<string, string>> | undefined };

export interface Hole {
  /** Sticky. */
  readonly open: RegExp;
  /** What ends it; empty: it is what `open` matches. */
  readonly close: '}' | ')' | '';
  /** Two braces are one, and no code. */
  readonly doubled?: true;
}

export interface LexicalSyntax {
  readonly openings: readonly Opening[];
  /** Code is only between these; what is around them is text with code in it, and not looked at. */
  readonly island?: readonly [open: string, close: string];
}

const lineComment = (open: RegExp, first: string): Opening => ({ first, open, place: 'comment', close: '\n' });
const blockComment = (open: RegExp, first: string, close: string, nested?: string): Opening => ({
  first,
  open,
  place: 'comment',
  close,
  ...(nested === undefined ? {} : { nested }),
});
type StringOptions = Partial<Pick<Opening, 'escape' | 'line' | 'holes' | 'expression' | 'nested'>>;
const string = (open: RegExp, first: string, close: Opening['close'], options: StringOptions = {}): Opening => ({
  first,
  open,
  place: 'string',
  close,
  ...options,
});

const escaped = { escape: 'backslash' } as const;
const escapedLine = { escape: 'backslash', line: true } as const;
const slashes = [lineComment(/\/\//y, '/'), blockComment(/\/\*/y, '/', '*/')];
const nestedSlashes = [lineComment(/\/\//y, '/'), blockComment(/\/\*/y, '/', '*/', '/*')];
const hash = [lineComment(/#/y, '#')];
const double = string(/"/y, '"', '"', escapedLine);
const doubleLong = string(/"/y, '"', '"', escaped);
const single = string(/'/y, "'", "'", escapedLine);
const singleLong = string(/'/y, "'", "'", escaped);
/** `'a'`, `'\n'`, `'\u{1F600}'`; what else begins with an apostrophe is a lifetime, a type variable, a quoted symbol. */
const character = string(/'(?=(?:\\[^\n]{1,10}?|[^'\\\n])')/uy, "'", "'", escapedLine);
const triple = (open: RegExp, first: string, options: StringOptions = escaped): Opening =>
  string(open, first, (match) => match[0]!.slice(-3), options);

const dollarBraces: Hole = { open: /\$\{/y, close: '}' };
const dollarName: Hole = { open: /\$[A-Za-z_]\w*/y, close: '' };
const hashBraces: Hole = { open: /#\{/y, close: '}' };
const dollarHoles = { escape: 'backslash', holes: [dollarBraces, dollarName] } as const;
const rubyHoles = { escape: 'backslash', holes: [hashBraces] } as const;

const regex: Opening = {
  first: '/',
  open: /\/(?![/*])(?:\\.|\[(?:\\.|[^\]\n\\])*\]|[^/\n\\[])+\//y,
  place: 'string',
  close: '',
  expression: true,
  whole: true,
};
const template = string(/`/y, '`', '`', { escape: 'backslash', holes: [dollarBraces] });
const script: LexicalSyntax = { openings: [...slashes, double, single, template, regex] };
/** Between tags an apostrophe is one. */
const markedUpScript: LexicalSyntax = {
  openings: [...slashes, double, string(/(?<!\w)'/y, "'", "'", escapedLine), template, regex],
};

/** The name of a header. */
const header: Opening = {
  first: '<',
  open: /(?<=#[ \t]*(?:include|import)[ \t]*)<[^>\n]*>/y,
  place: 'string',
  close: '',
  whole: true,
};
const c: LexicalSyntax = { openings: [...slashes, double, character, header] };
const cpp: LexicalSyntax = {
  openings: [
    ...slashes,
    string(/(?:u8|[uUL])?R"([^()\\\s]{0,16})\(/y, 'uULR', (match) => `)${match[1]!}"`),
    double,
    character,
    header,
  ],
};

const brackets: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' };
const closerOf = (match: OpeningMatch): string => {
  const open = match[0]!.at(-1)!;
  return brackets[open] ?? open;
};
const nestedIn = (match: OpeningMatch): string => {
  const open = match[0]!.at(-1)!;
  return brackets[open] === undefined ? '' : open;
};

const heredoc = (open: RegExp, options: StringOptions = {}): Opening => ({
  first: '<',
  open,
  place: 'string',
  close: (match) => match.groups!['word']!,
  heredoc: true,
  ...options,
});

const pythonClose = (match: OpeningMatch): string => match[1]!;
const formatHole: Hole = { open: /\{/y, close: '}', doubled: true };
const python: LexicalSyntax = {
  openings: [
    ...hash,
    string(/(?:[fFtT][rR]?|[rR][fFtT])("""|''')/y, 'fFtTrR', pythonClose, { ...escaped, holes: [formatHole] }),
    string(/(?:[fFtT][rR]?|[rR][fFtT])("|')/y, 'fFtTrR', pythonClose, { ...escapedLine, holes: [formatHole] }),
    string(/[rRbBuU]{0,2}("""|''')/y, 'rRbBuU"\'', pythonClose, escaped),
    string(/[rRbBuU]{0,2}("""|'''|"|')/y, 'rRbBuU"\'', pythonClose, escapedLine),
  ],
};

const ruby: LexicalSyntax = {
  openings: [
    { ...blockComment(/(?<=^|\n)=begin\b/y, '=', '\n=end') },
    ...hash,
    heredoc(/<<[~-]?(?<quote>["'`]?)(?<word>[A-Z_]\w*)\k<quote>/y, rubyHoles),
    doubleLongWith(rubyHoles),
    singleLong,
    string(/`/y, '`', '`', rubyHoles),
    string(/(?<![\w)\]}]\s*)%[WIQrx]?([([{<|!/])(?!\s)|(?<=\s)%[WIQrx]([([{<|!/])/y, '%', closerOf, {
      ...rubyHoles,
      nested: nestedIn,
    }),
    string(/(?<!\w)%[wiq]([([{<|!/])/y, '%', closerOf, { ...escaped, nested: nestedIn }),
    string(/\/(?=(?:\\.|[^/\n\\])+\/)/y, '/', '/', { ...rubyHoles, line: true, expression: true }),
  ],
};
function doubleLongWith(options: StringOptions): Opening {
  return string(/"/y, '"', '"', options);
}

const shellHoles = {
  escape: 'backslash',
  holes: [dollarBraces, { open: /\$\(/y, close: ')' }, dollarName],
} as const satisfies StringOptions;
const shell: LexicalSyntax = {
  openings: [
    lineComment(/(?<=^|[\s;&|()`])#/y, '#'),
    heredoc(/<<-?\s*\\?(?<quote>["']?)(?<word>[A-Za-z_]\w*)\k<quote>/y, shellHoles),
    string(/\$'/y, '$', "'", escaped),
    string(/'/y, "'", "'"),
    doubleLongWith(shellHoles),
  ],
};

const lisp: LexicalSyntax = {
  openings: [lineComment(/;/y, ';'), blockComment(/#\|/y, '#', '|#', '#|'), string(/(?<!\\)"/y, '"', '"', escaped)],
};
const generic = (comments: readonly Opening[]): LexicalSyntax => ({ openings: [...comments, double, single] });

/**
 * By language. Those that are not here are read with the comments that the table of languages gives them, and quotes that end with
 * their lines.
 */
export const lexicalSyntaxes: Readonly<Record<string, LexicalSyntax>> = {
  typescript: script,
  tsx: markedUpScript,
  javascript: markedUpScript,
  jsx: markedUpScript,
  vue: { openings: [blockComment(/<!--/y, '<', '-->'), ...markedUpScript.openings] },
  svelte: { openings: [blockComment(/<!--/y, '<', '-->'), ...markedUpScript.openings] },
  python,
  go: { openings: [...slashes, double, string(/`/y, '`', '`'), character] },
  rust: {
    openings: [...nestedSlashes, string(/(?:b|c)?r(#*)"/y, 'bcr', (match) => `"${match[1]!}`), doubleLong, character],
  },
  java: { openings: [...slashes, triple(/"""/y, '"'), double, character] },
  kotlin: {
    openings: [
      ...nestedSlashes,
      triple(/"""/y, '"', { holes: [dollarBraces, dollarName] }),
      string(/"/y, '"', '"', { ...dollarHoles, line: true }),
      character,
    ],
  },
  scala: {
    openings: [
      ...nestedSlashes,
      triple(/[a-z]\w*"""/y, 'abcdefghijklmnopqrstuvwxyz', { holes: [dollarBraces, dollarName] }),
      triple(/"""/y, '"', {}),
      string(/[a-z]\w*"/y, 'abcdefghijklmnopqrstuvwxyz', '"', { ...dollarHoles, line: true }),
      double,
      character,
    ],
  },
  swift: {
    openings: [
      ...nestedSlashes,
      string(/(#+)("""|")/y, '#', (match) => `${match[2]!}${match[1]!}`),
      triple(/"""/y, '"', { ...escaped, holes: [{ open: /\\\(/y, close: ')' }] }),
      string(/"/y, '"', '"', { ...escapedLine, holes: [{ open: /\\\(/y, close: ')' }] }),
    ],
  },
  dart: {
    openings: [
      ...nestedSlashes,
      triple(/r(?:"""|''')/y, 'r', {}),
      string(/r(["'])/y, 'r', (match) => match[1]!, { line: true }),
      triple(/"""|'''/y, '"\'', dollarHoles),
      string(/["']/y, '"\'', (match) => match[0]!, { ...dollarHoles, line: true }),
    ],
  },
  c,
  cpp,
  objc: cpp,
  csharp: {
    openings: [
      ...slashes,
      string(/\$+("""+)/y, '$', (match) => match[1]!, { holes: [formatHole] }),
      string(/"""+/y, '"', (match) => match[0]!),
      string(/(?:\$@|@\$)"/y, '$@', '"', { escape: 'double', holes: [formatHole] }),
      string(/@"/y, '@', '"', { escape: 'double' }),
      string(/\$"/y, '$', '"', { ...escapedLine, holes: [formatHole] }),
      double,
      character,
    ],
  },
  php: {
    island: ['<?', '?>'],
    openings: [
      ...slashes,
      lineComment(/#(?!\[)/y, '#'),
      heredoc(/<<<\s*(?<quote>["']?)(?<word>[A-Za-z_]\w*)\k<quote>/y, {
        holes: [{ open: /\{\$/y, close: '}' }, dollarName],
      }),
      string(/"/y, '"', '"', {
        escape: 'backslash',
        holes: [{ open: /\{(?=\$)/y, close: '}' }, dollarBraces, dollarName],
      }),
      singleLong,
    ],
  },
  ruby,
  crystal: ruby,
  elixir: {
    openings: [
      ...hash,
      triple(/(?:~[a-z])?(?:"""|''')/y, '~"\'', rubyHoles),
      triple(/~[A-Z]+(?:"""|''')/y, '~', {}),
      string(/~[a-z]([([{<|/"'])/y, '~', closerOf, rubyHoles),
      string(/~[A-Z]+([([{<|/"'])/y, '~', closerOf, {}),
      string(/(?<!\?)"/y, '"', '"', rubyHoles),
      string(/(?<!\?)'/y, "'", "'", rubyHoles),
    ],
  },
  haskell: {
    openings: [
      lineComment(/--+(?![!#$%&*+./<=>?@\\^|~:-])/y, '-'),
      blockComment(/\{-(?!#)/y, '{', '-}', '{-'),
      double,
      string(/(?<![\w'])'(?=(?:\\[^\n]{1,8}?|[^'\\\n])')/uy, "'", "'", escapedLine),
    ],
  },
  elm: {
    openings: [lineComment(/--/y, '-'), blockComment(/\{-/y, '{', '-}', '{-'), triple(/"""/y, '"'), double, character],
  },
  lua: {
    openings: [
      { ...blockComment(/--\[(=*)\[/y, '-', ''), close: (match) => `]${match[1]!}]` },
      lineComment(/--/y, '-'),
      string(/\[(=*)\[/y, '[', (match) => `]${match[1]!}]`),
      double,
      single,
    ],
  },
  zig: { openings: [lineComment(/\/\//y, '/'), string(/\\\\/y, '\\', '\n'), double, character] },
  bash: shell,
  fish: shell,
  css: generic([blockComment(/\/\*/y, '/', '*/')]),
  html: { openings: [blockComment(/<!--/y, '<', '-->')] },
  xml: { openings: [blockComment(/<!--/y, '<', '-->')] },
  template: { openings: [blockComment(/<!--/y, '<', '-->')] },
  // A quote in a makefile means nothing: it is the shell's.
  make: { openings: hash },
  sql: {
    openings: [lineComment(/--/y, '-'), blockComment(/\/\*/y, '/', '*/'), string(/'/y, "'", "'", { escape: 'double' })],
  },
  perl: {
    openings: [
      { ...blockComment(/(?<=^|\n)=[a-z]\w*/y, '=', '\n=cut') },
      lineComment(/(?<![$\w{])#/y, '#'),
      double,
      single,
    ],
  },
  nix: {
    openings: [
      ...hash,
      blockComment(/\/\*/y, '/', '*/'),
      string(/''/y, "'", "''", { holes: [dollarBraces] }),
      string(/"/y, '"', '"', { escape: 'backslash', holes: [dollarBraces] }),
    ],
  },
  groovy: {
    openings: [
      ...slashes,
      triple(/"""/y, '"', dollarHoles),
      triple(/'''/y, "'"),
      string(/"/y, '"', '"', { ...dollarHoles, line: true }),
      single,
    ],
  },
  clojure: lisp,
  lisp,
  scheme: lisp,
  // Apostrophes quote atoms, which are names.
  erlang: { openings: [lineComment(/(?<!\$)%/y, '%'), string(/(?<!\$)"/y, '"', '"', escaped)] },
  ocaml: { openings: [blockComment(/\(\*/y, '(', '*)', '(*'), doubleLong, character] },
  fsharp: {
    openings: [
      lineComment(/\/\//y, '/'),
      blockComment(/\(\*(?!\))/y, '(', '*)', '(*'),
      triple(/"""/y, '"'),
      doubleLong,
      character,
    ],
  },
  julia: {
    openings: [blockComment(/#=/y, '#', '=#', '#='), ...hash, triple(/"""/y, '"'), doubleLong, character],
  },
  nim: { openings: [blockComment(/#\[/y, '#', ']#', '#['), ...hash, triple(/"""/y, '"'), double, character] },
  // A comment begins a line; elsewhere the mark is a string's.
  vim: { openings: [lineComment(/(?<=(?:^|\n)[ \t]*)"/y, '"'), double, string(/'/y, "'", "'", { line: true })] },
  solidity: c,
  d: { openings: [...slashes, blockComment(/\/\+/y, '/', '+/', '/+'), doubleLong, string(/`/y, '`', '`'), character] },
  verilog: { openings: [...slashes, double] },
  ada: { openings: [lineComment(/--/y, '-'), double] },
  vhdl: { openings: [lineComment(/--/y, '-'), double] },
};
