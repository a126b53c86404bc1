/** Where a link in a file leads: out, or to a file of the same repository. */
export type LinkTarget =
  | { readonly kind: 'web'; readonly href: string }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly isFolder: boolean;
      readonly lines: { readonly start: number; readonly end: number } | null;
    };

/** The target of a link in a file; null for one that leads nowhere here: another scheme, a place in the same file, above the root. */
export function linkTarget(href: string, from: string): LinkTarget | null {
  const text = href.trim();
  if (/^(?:https?:\/\/|mailto:)/i.test(text)) return { kind: 'web', href: text };
  if (text === '' || text.startsWith('#') || text.startsWith('//') || /^[a-z][\w+.-]*:/i.test(text)) return null;
  const [, before = '', fragment = ''] = /^([^?#]*)(?:\?[^#]*)?(?:#(.*))?$/s.exec(text) ?? [];
  let decoded: string;
  try {
    decoded = decodeURIComponent(before);
  } catch {
    decoded = before;
  }
  const parts = decoded.startsWith('/') ? [] : from.split('/').slice(0, -1);
  for (const part of decoded.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return null;
    } else if (part !== '' && part !== '.') parts.push(part);
  }
  const lines = /^L(\d{1,9})(?:-L?(\d{1,9}))?$/.exec(fragment);
  const start = Number(lines?.[1] ?? 0);
  const end = Number(lines?.[2] ?? start);
  return {
    kind: 'file',
    path: parts.join('/'),
    // Of a name without an extension it is not known; what is no file is found as a folder.
    isFolder: decoded.endsWith('/') || parts.length === 0,
    lines: start >= 1 && end >= start ? { start, end } : null,
  };
}
