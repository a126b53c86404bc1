const codes = {
  bold: '1',
  dim: '2',
  red: '31',
  green: '32',
  yellow: '33',
  magenta: '35',
  cyan: '36',
  boldRed: '1;31',
  boldMagenta: '1;35',
} as const;

export type Colour = keyof typeof codes;

/** Wraps text in a colour, or leaves it alone where colours are off. */
export type Paint = ((colour: Colour, text: string) => string) & { readonly on: boolean };

/** Colour codes are git's own (`ESC[1;31m … ESC[m`), so that coloured grep output is the same bytes too. */
export function createPaint(on: boolean): Paint {
  const paint = on
    ? (colour: Colour, text: string): string => (text === '' ? '' : `\x1b[${codes[colour]}m${text}\x1b[m`)
    : (_colour: Colour, text: string): string => text;
  return Object.assign(paint, { on });
}

export interface ColourWishes {
  readonly color: 'auto' | 'always' | 'never' | undefined;
  readonly 'no-color': boolean;
}

/** Flags first, then NO_COLOR (https://no-color.org), then FORCE_COLOR, then whether it is a terminal. */
export function wantsColour(
  wishes: ColourWishes,
  env: Readonly<Record<string, string | undefined>>,
  sink: { readonly isTerminal: boolean },
): boolean {
  if (wishes['no-color'] || wishes.color === 'never') return false;
  if (wishes.color === 'always') return true;
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force !== '0' && force !== 'false';
  return env['TERM'] !== 'dumb' && sink.isTerminal;
}

const escapes = /\x1b\[[\d;]*m/g;

/** Length as seen, without colour codes. */
export function visibleLength(text: string): number {
  return text.replace(escapes, '').length;
}
