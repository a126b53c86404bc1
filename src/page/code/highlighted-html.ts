/** What a piece of code is, as the colours tell it. Positions are what `ScopeRuns` hold; 0 is nothing. */
export const scopes = [
  '',
  'keyword',
  'string',
  'comment',
  'number',
  'title',
  'type',
  'property',
  'tag',
  'meta',
  'variable',
  'operator',
  'addition',
  'deletion',
  'heading',
] as const;

export type Scope = (typeof scopes)[number];

/** Triples of start, end (UTF-16 offsets in the text, exclusive) and position in `scopes`; in order, none overlaps another. */
export type ScopeRuns = Uint32Array<ArrayBuffer>;

/** highlight.js has more names than one wants colours. */
const scopeOfClass: Readonly<Record<string, Scope>> = {
  'hljs-addition': 'addition',
  'hljs-attr': 'property',
  'hljs-attribute': 'property',
  'hljs-built_in': 'type',
  'hljs-bullet': 'operator',
  'hljs-char': 'string',
  'hljs-code': 'string',
  'hljs-comment': 'comment',
  'hljs-deletion': 'deletion',
  'hljs-doctag': 'keyword',
  'hljs-keyword': 'keyword',
  'hljs-link': 'string',
  'hljs-literal': 'number',
  'hljs-meta': 'meta',
  'hljs-name': 'tag',
  'hljs-number': 'number',
  'hljs-property': 'property',
  'hljs-quote': 'comment',
  'hljs-regexp': 'string',
  'hljs-section': 'heading',
  'hljs-selector-attr': 'property',
  'hljs-selector-class': 'title',
  'hljs-selector-id': 'title',
  'hljs-selector-pseudo': 'keyword',
  'hljs-selector-tag': 'tag',
  'hljs-string': 'string',
  // What is inserted into a string is code again.
  'hljs-subst': '',
  'hljs-symbol': 'string',
  'hljs-template-variable': 'variable',
  'hljs-title': 'title',
  'hljs-type': 'type',
  'hljs-variable': 'variable',
};

/** Reads the HTML that highlight.js makes (nothing but spans with a class, text, and five entities) as runs over the text. */
export function runsOfHtml(html: string): ScopeRuns {
  const runs: number[] = [];
  const open: number[] = [];
  let at = 0;
  for (const [token] of html.matchAll(/<span class="[^"]*">|<\/span>|&(?:amp|lt|gt|quot|#x27);|[^<&]+/g)) {
    if (token === '</span>') open.pop();
    else if (token.startsWith('<span')) open.push(scopeOf(token) ?? open.at(-1) ?? 0);
    else {
      const end = at + (token.startsWith('&') ? 1 : token.length);
      const scope = open.at(-1) ?? 0;
      // What an entity splits is one run again.
      if (scope !== 0 && runs.at(-2) === at && runs.at(-1) === scope) runs[runs.length - 2] = end;
      else if (scope !== 0) runs.push(at, end, scope);
      at = end;
    }
  }
  return Uint32Array.from(runs);
}

/** Position of a span's scope; undefined for a class without one, which looks as what is around it. */
function scopeOf(tag: string): number | undefined {
  const scope = scopeOfClass[/"([\w-]*)/.exec(tag)![1]!];
  return scope === undefined ? undefined : scopes.indexOf(scope);
}
