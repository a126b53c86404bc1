export interface Explosion {
  readonly source: string;
  readonly text: string;
  readonly ignoreCase?: boolean;
}

const a = (count: number): string => `${'a'.repeat(count)}!\n`;
const long = a(60);
const words = `${'word '.repeat(40)}!\n`;
const crlf = long.replace('!', '!\r');
const wide = long.replace('!', '!😀');

/** Patterns that are known to take for ever, each with a text in which it does. */
export const explosions: readonly Explosion[] = [
  ...['(a+)+$', '(a*)*$', '(a|a)*$', '(a|aa)+$', '(a+)*b', '((a+)+)+b', '(?:a+){2,}b', '(a?){60}a{60}', '(.*a){20}b'],
  ...[
    '(a+a+)+b',
    '(.*.*)*b',
    '^(a+)+$',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(a+)+\\1b',
    '(a*)*\\1b',
    '(a+)+(?=b)',
    '(a+)+(?!!)',
  ],
  ...[
    '(?=(a+)+b)',
    '(?<=(a+)+)b',
    '(?<!(a+)+)b!',
    '(x+x+)+y|(a+)+b',
    '(?:(?:a)+)+b',
    '(?:a{1,40}){1,40}b',
    '(a{0,30}){30}b',
  ],
  ...[
    '(\\w+)+\\W\\W',
    '(\\w*)*b',
    '([a-z]+)*=',
    '(?i)(A+)+b',
    '(?x) ( a + ) + b',
    '(?>a|a)*?(a+)+b',
    '(a++|a)+\\1b',
    '[[:alpha:]]+([[:alpha:]]+)+=',
    '(\\p{L}+)+\\P{L}\\P{L}\\P{L}',
  ],
].map((source) => ({ source, text: long }));

/** The same kinds in texts that need other forms of the expression, and on lines that are long. */
export const moreExplosions: readonly Explosion[] = [
  ...explosions.slice(0, 6).map(({ source }) => ({ source, text: crlf })),
  ...explosions.slice(0, 4).map(({ source }) => ({ source: `${source}.`, text: wide })),
  ...explosions.slice(0, 4).map(({ source }) => ({ source, text: long, ignoreCase: true })),
  { source: '^(\\w+\\s?)*$', text: words },
  { source: '(\\w+\\s*)+:', text: words },
  { source: '.*.*.*=', text: a(20_000) },
  { source: '\\s*\\s*\\s*;', text: `${' '.repeat(20_000)}\n` },
  { source: '(.+)\\1\\1b', text: a(20_000) },
  { source: '([a-z]{1,900}){1,900}=', text: a(20_000) },
];
