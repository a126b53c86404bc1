/** `text` with every character that means something in a pattern escaped. */
const escapeLiteral = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** An expression that finds any of these texts, the longest where several begin: it takes no longer than looking for each. */
export function literalsRegex(texts: readonly string[], flags: string): RegExp {
  const longestFirst = [...new Set(texts)].sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map(escapeLiteral).join('|'), flags);
}
