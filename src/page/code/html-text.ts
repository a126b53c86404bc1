/** Names of characters that files use most. */
const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  copy: '©',
  reg: '®',
  trade: '™',
  mdash: '—',
  ndash: '–',
  hellip: '…',
  middot: '·',
  bull: '•',
  rarr: '→',
  larr: '←',
  times: '×',
};

/** A text with what stands for characters as these characters. */
export function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{2,8}));/g,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return named[name] ?? whole;
      const code = decimal === undefined ? parseInt(hex!, 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/** What a piece of HTML says: its text, and what its pictures are called. Nothing is parsed into elements, so nothing can take effect. */
export function textOfHtml(html: string): string {
  const text = html
    .replace(/<!--.*?(?:-->|$)/gs, '')
    .replace(/<(script|style)\b.*?(?:<\/\1\s*>|$)/gis, '')
    .replace(
      /<img\b[^>]*?\balt\s*=\s*(?:"([^"]*)"|'([^']*)')[^>]*>/gi,
      (_, a?: string, b?: string) => ` ${a ?? b ?? ''} `,
    )
    .replace(/<\/?[a-z!?](?:"[^"]*"|'[^']*'|[^>"'])*>/gi, ' ');
  return decodeEntities(text).replace(/\s+/g, ' ').trim();
}
