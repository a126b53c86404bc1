import { visibleLength } from './style.js';

/** `1,234,567`; by hand, because loading locale data costs more than a whole search. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 file`, `1,234 files`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `512 B`, `12.3 MB`: powers of ten, as disks and networks are measured. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let amount = bytes;
  let unit = 0;
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000;
    unit++;
  }
  const digits = unit === 0 || amount >= 99.95 ? 0 : 1;
  return `${amount.toFixed(digits)} ${units[unit]!}`;
}

/** `0.8 ms`, `120 ms`, `4.2 s`, `2 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${String(Math.floor(seconds / 60))} min ${String(seconds % 60)} s`;
  return `${String(Math.floor(seconds / 3600))} h ${String(Math.floor((seconds % 3600) / 60))} min`;
}

/** `2026-08-01 12:30 UTC`. */
export function formatTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** First digits of a commit, or what stands for none. */
export function shortCommit(commit: string | null, none = 'no commit'): string {
  return commit === null ? none : commit.slice(0, 10);
}

/** Room for a path with its line, or a name with its scope, in a list of places: most are shorter. */
export const placeWidth = 44;

/**
 * Columns padded to their widest cell, two spaces between; colour codes take no room. A cell longer than `widest` pushes what follows in its
 * own row, not in all rows.
 */
export function formatTable(rows: readonly (readonly string[])[], indent = '', widest = Infinity): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      const length = visibleLength(cell);
      widths[i] = Math.max(widths[i] ?? 0, length > widest ? 0 : length);
    });
  }
  let text = '';
  for (const row of rows) {
    const cells = row.map(
      (cell, i) => cell + ' '.repeat(i === row.length - 1 ? 0 : Math.max(0, widths[i]! - visibleLength(cell))),
    );
    text += `${(indent + cells.join('  ')).trimEnd()}\n`;
  }
  return text;
}

const controlPictures = 0x2400;

/** Text fit for a terminal: what would move the cursor or change colours is shown as a picture instead. */
export function printable(text: string): string {
  return text.replace(/[\0-\x08\x0a-\x1f\x7f]/g, (char) =>
    String.fromCharCode(char === '\x7f' ? 0x2421 : controlPictures + char.charCodeAt(0)),
  );
}
