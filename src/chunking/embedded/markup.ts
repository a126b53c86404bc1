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

const rawElement = /<!--[\s\S]*?-->|<(script|style)(?=[\s>/])((?:"[^"]*"|'[^']*'|\{[^{}]*\}|[^>"'{])*)>/gi;

const scriptEnd = /<\/script\s*>/gi;
const styleEnd = /<\/style\s*>/gi;

/** The scripts and styles of a text in markup, whatever templates stand around and in them. */
export function markupBlocks(text: string, { script, frontMatter, php = false }: MarkupOptions): EmbeddedBlock[] {
  const blocks: EmbeddedBlock[] = [];
  const add = (language: string, start: number, end: number, from: string): void => {
    const first = countLines(text, start);
    blocks.push({ language, text: from.slice(start, end), lines: (line) => first + line });
  };
  let from = 0;
  if (frontMatter !== undefined) {
    const fence = /^\s*---[ \t]*\r?\n([\s\S]*?)^---[ \t]*\r?$/m.exec(text);
    if (fence?.index === 0) {
      from = fence[0].length;
      const start = text.indexOf('\n', text.indexOf('---')) + 1;
      add(frontMatter, start, start + fence[1]!.length, text);
    }
  }
  if (php && /<\?(?:php|=)/.test(text)) blocks.push({ language: 'php', text, lines: (line) => line });
  const markup = withoutTemplates(text);
  rawElement.lastIndex = from;
  for (let found = rawElement.exec(markup); found !== null; found = rawElement.exec(markup)) {
    const [whole, name, attributes = ''] = found;
    if (name === undefined || attributes.endsWith('/')) continue;
    const start = found.index + whole.length;
    const isStyle = name.toLowerCase() === 'style';
    const close = isStyle ? styleEnd : scriptEnd;
    close.lastIndex = start;
    const end = close.exec(markup)?.index ?? markup.length;
    const language = isStyle ? styleLanguage(attributes) : scriptLanguage(attributes, script);
    if (language !== undefined && /\S/.test(markup.slice(start, end))) add(language, start, end, markup);
    rawElement.lastIndex = end;
  }
  return blocks;
}

/**
 * The same text, as long, without what a server fills in: a value becomes a name, so that the script around it can still
 * be parsed, and a statement becomes white space.
 */
function withoutTemplates(text: string): string {
  if (!/<[?%]|\{[{%]/.test(text)) return text;
  return text.replace(
    /<\?(=)?[\s\S]*?(?:\?>|$(?![\s\S]))|<%(=|-)?[\s\S]*?%>|\{(\{)\{?[^{}\n]*\}\}\}?|\{%[\s\S]*?%\}/g,
    (tag, ...groups) =>
      groups.slice(0, 3).some((group) => group !== undefined) ? tag.replace(/[^\n]/g, '_') : tag.replace(/[^\n]/g, ' '),
  );
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

function countLines(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
