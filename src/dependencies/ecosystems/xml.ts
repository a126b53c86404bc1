/** An element: its name without a prefix, its elements, and its own text. */
export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

interface OpenElement {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const depthMax = 200;

/** Elements and texts of an XML document; attributes, comments and instructions are passed over, entities of its own are not replaced. Null where it is malformed. */
export function parseXml(text: string): XmlElement | null {
  const top: OpenElement = { name: '', children: [], text: '' };
  const open = [top];
  const token =
    /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?[\s\S]*?\?>|<!DOCTYPE[^>[]*(?:\[[\s\S]*?\]\s*)?>|<(\/?)([^\s/>]+)(?:"[^"]*"|'[^']*'|[^>"'])*?(\/?)>|([^<]+)/y;
  let at = 0;
  while (at < text.length) {
    token.lastIndex = at;
    const found = token.exec(text);
    if (found === null || open.length > depthMax) return null;
    at = token.lastIndex;
    const [, cdata, closing, tag, selfClosing, plain] = found;
    const current = open.at(-1)!;
    if (cdata !== undefined) current.text += cdata;
    else if (plain !== undefined)
      current.text += plain.replace(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole);
    else if (tag !== undefined) {
      const name = tag.slice(tag.indexOf(':') + 1);
      if (closing === '/') {
        if (open.length === 1 || current.name !== name) return null;
        open.pop();
      } else {
        const element: OpenElement = { name, children: [], text: '' };
        current.children.push(element);
        if (selfClosing !== '/') open.push(element);
      }
    }
  }
  return open.length === 1 ? (top.children[0] ?? null) : null;
}

export const childOf = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  element?.children.find((child) => child.name === name);
export const childText = (element: XmlElement | undefined, name: string): string | undefined =>
  childOf(element, name)?.text.trim();
export const childrenOf = (element: XmlElement | undefined, list: string): readonly XmlElement[] =>
  childOf(element, list)?.children ?? [];
