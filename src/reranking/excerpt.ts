import { startOf } from '../base/index.js';
import type { Passage } from './reranker.js';

/** Lines that are shown before a matching one. */
const leadLines = 1;

/** What of a passage a model sees: its beginning, then the lines that match, in so many characters; … where some are left out. */
export function excerptOf({ text, matching }: Passage, maxChars: number): string {
  const whole = text.trimEnd();
  if (whole.length <= maxChars) return whole;
  const lines = whole.split('\n');
  const kept = new Set<number>();
  let chars = 0;
  const keep = (line: number, upTo: number): boolean => {
    const text = lines[line];
    if (text === undefined || kept.has(line)) return true;
    const length = Math.min(text.length, maxChars / 2) + 1;
    if (chars + length > upTo) return false;
    kept.add(line);
    chars += length;
    return true;
  };
  for (let line = 0; line < lines.length && keep(line, matching.length === 0 ? maxChars : maxChars / 2); line++);
  for (const match of matching)
    for (let line = Math.max(0, match - leadLines); line <= match; line++) if (!keep(line, maxChars)) break;
  if (kept.size === 0) return `${startOf(whole, maxChars)} …`;
  let shown = '';
  let next = 0;
  for (const line of [...kept].sort((a, b) => a - b)) {
    if (line > next) shown += '…\n';
    const own = lines[line]!;
    shown += own.length > maxChars / 2 ? `${startOf(own, maxChars / 2)} …\n` : `${own}\n`;
    next = line + 1;
  }
  return next < lines.length ? `${shown}…` : shown.trimEnd();
}
