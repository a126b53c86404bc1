import { languageByAlias } from '../../model/index.js';
import type { EmbeddedBlock } from './block.js';

export interface MarkupOptions {
  /** Language of a `<script>` that does not tell. */
  readonly script: string;
  /** Language between two lines of dashes at the top. */
  readonly frontMatter?: string;
  /** Whether the whole is also read as PHP when it has some. */
  readonly php?: boolean;
}

const opening = /<!--|<(script|style)(?=[\s>/])/gi;
/** So long a tag is a text with a bracket in it. */
const tagUnitsMax = 4000;
const tagRest = /(?:"[^"]*"|'[^']*'|\{[^{}]*\}|[^<>"'{])*>/y;

const scriptEnd = /<\/script\s*>/gi;
const styleEnd = /<\/style\s*>/gi;

/** The scripts and styles of a text in markup, whatever templates stand around and in them. */
export function markupBlocks(text: string, { script, frontMatter, php = false }: MarkupOptions): EmbeddedBlock[] {
  const blocks: EmbeddedBlock[] = [];
  const lines = new LineCounter(text);
  const add = (language: string, start: number, end: number, from: string): void => {
    const first = lines.at(start);
    blocks.push({ language, text: from.slice(start, end), lines: (line) => first + line });
  };
  let from = 0;
  if (frontMatter !== undefined) {
    const fence = /^\s*---[ \t]*\r?\n([\s\S]*?)^---[ \t]*\r?$/my.exec(text);
    if (fence !== null) {
      from = fence[0].length;
      const start = text.indexOf('\n', text.indexOf('---')) + 1;
      add(frontMatter, start, start + fence[1]!.length, text);
    }
  }
  if (php && /<\?(?:php|=)/.test(text)) blocks.push({ language: 'php', text, lines: (line) => line });
  const markup = withoutTemplates(text);
  const commentsEnd = markup.lastIndexOf('-->');
  opening.lastIndex = from;
  for (let found = opening.exec(markup); found !== null; found = opening.exec(markup)) {
    const name = found[1];
    const at = found.index + found[0].length;
    if (name === undefined) {
      if (at <= commentsEnd) opening.lastIndex = markup.indexOf('-->', at) + 3;
      continue;
    }
    tagRest.lastIndex = 0;
    const rest = tagRest.exec(markup.slice(at, at + tagUnitsMax))?.[0];
    if (rest === undefined || rest.endsWith('/>')) continue;
    const start = at + rest.length;
    const isStyle = name.toLowerCase() === 'style';
    const close = isStyle ? styleEnd : scriptEnd;
    close.lastIndex = start;
    const end = close.exec(markup)?.index ?? markup.length;
    const attributes = rest.slice(0, -1);
    const language = isStyle ? styleLanguage(attributes) : scriptLanguage(attributes, script);
    if (language !== undefined && /\S/.test(markup.slice(start, end))) add(language, start, end, markup);
    opening.lastIndex = end;
  }
  return blocks;
}

/** Elements without an end tag, or that may do without. */
const endless = new Set(
  'area base br col embed hr img input link meta source track wbr html head body p li dt dd tr td th thead tbody tfoot colgroup option optgroup rp rt'.split(
    ' ',
  ),
);
const depthMax = 5000;

/** Scripts and styles as a whole: what is in them is no element. */
const tags = /<(script|style)\b[\s\S]*?(?:<\/\1\s*>|$(?![\s\S]))|<(\/?)([a-z][\w:-]*)|\/>/gi;

/** Whether more elements are open at once than any page has: the grammar goes over all of them at each tag. */
export function isNestedTooDeep(text: string): boolean {
  const open = new Map<string, number>();
  let depth = 0;
  const leave = (name: string): void => {
    const count = open.get(name) ?? 0;
    if (count === 0) return; // it ends nothing
    open.set(name, count - 1);
    depth--;
  };
  let opened = '';
  for (const [, raw, slash, given = ''] of text.matchAll(tags)) {
    if (raw !== undefined) continue;
    const name = given.toLowerCase();
    if (slash === '/') leave(name);
    else if (slash === undefined) leave(opened);
    opened = slash === '' && !endless.has(name) ? name : '';
    if (opened === '') continue;
    open.set(name, (open.get(name) ?? 0) + 1);
    if (++depth > depthMax) return true;
  }
  return false;
}

/**
 * The same text, as long, without what a server fills in: a value becomes a name, so that the script around it can still
 * be parsed, and a statement becomes white space.
 */
function withoutTemplates(text: string): string {
  if (!/<[?%]|\{[{%]/.test(text)) return text;
  let blanked = text.replace(/<\?(=)?[\s\S]*?(?:\?>|$(?![\s\S]))/g, blankTag);
  blanked = replaceUpTo('%>', blanked, /<%(=|-)?[\s\S]*?%>/g);
  blanked = blanked.replace(/\{(\{)\{?[^{}\n]*\}\}\}?/g, blankTag);
  return replaceUpTo('%}', blanked, /\{%[\s\S]*?%\}/g);
}

const blankTag = (tag: string, value: unknown): string => tag.replace(/[^\n]/g, typeof value === 'string' ? '_' : ' ');

/** Behind the last place that ends a tag none is looked for: each that is open there would be read to the end of the text. */
function replaceUpTo(end: string, text: string, tag: RegExp): string {
  const last = text.lastIndexOf(end) + end.length;
  return text.slice(0, last).replace(tag, blankTag) + text.slice(last);
}

const attribute = /(?:^|\s)(lang|type)\s*=\s*(?:"([^"]*)"|'([^']*)'|\{["'`]?([^}"'`]*)["'`]?\}|([^\s>]+))/gi;

function attributeOf(attributes: string, name: 'lang' | 'type'): string | undefined {
  for (const [, found, ...values] of attributes.matchAll(attribute)) {
    if (found!.toLowerCase() === name) {
      return values
        .find((value) => value !== undefined)
        ?.trim()
        .toLowerCase();
    }
  }
  return undefined;
}

const scriptTypes: Readonly<Record<string, string>> = {
  'text/babel': 'jsx', 'text/jsx': 'jsx', 'text/tsx': 'tsx', 'text/typescript': 'typescript', 'application/typescript': 'typescript',
  'application/json': 'json', 'application/ld+json': 'json', importmap: 'json', speculationrules: 'json',
  'text/x-python': 'python', 'text/python': 'python', py: 'python', 'text/ruby': 'ruby', 'x-shader/x-vertex': 'glsl', 'x-shader/x-fragment': 'glsl',
}; // prettier-ignore

/** Undefined for what is no program, such as a template that a script uses. */
function scriptLanguage(attributes: string, byDefault: string): string | undefined {
  const lang = attributeOf(attributes, 'lang');
  if (lang !== undefined && lang !== '') return languageByAlias(lang.replace(/^text\//, ''));
  const type = attributeOf(attributes, 'type') ?? '';
  if (type === '' || type === 'module' || /(?:java|ecma|live)script/.test(type)) return byDefault;
  return scriptTypes[type];
}

function styleLanguage(attributes: string): string | undefined {
  const lang = attributeOf(attributes, 'lang') ?? attributeOf(attributes, 'type')?.replace(/^text\//, '') ?? 'css';
  return lang === 'postcss' || lang === 'pcss' || lang === '' ? 'css' : languageByAlias(lang);
}

/** Counts the lines before places that come in order, each line once. */
class LineCounter {
  private count = 0;
  private counted = 0;

  constructor(private readonly text: string) {}

  at(place: number): number {
    for (let end = this.text.indexOf('\n', this.counted); end >= 0 && end < place;) {
      this.count++;
      this.counted = end + 1;
      end = this.text.indexOf('\n', this.counted);
    }
    return this.count;
  }
}
