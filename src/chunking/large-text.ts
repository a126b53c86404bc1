/** A chunk of a large text, but for a longer line, has at most so many bytes; it is cut somewhere in the second half of that. */
const chunkBytesMax = 16 * 1024;
const chunkBytesMin = chunkBytesMax / 2;
/** So much of a line decides whether to cut before it. */
const hashedBytesMax = 48;

/**
 * Where the chunks of a text end that is too large for more than exact search: whole lines, large chunks. Each cut is before
 * the line with the smallest hash in a window after the last cut, so that an edit moves few of them. A part that begins and
 * ends at a cut is cut as it is in the whole.
 */
export function* cutLargeText(content: Uint8Array): Generator<number, void, undefined> {
  const { length } = content;
  for (let from = 0; from < length;) {
    let cut = -1;
    let cutHash = Infinity;
    let at = endOfLine(content, from);
    while (at < length) {
      if (at - from >= chunkBytesMin) {
        const hash = hashOfLine(content, at);
        if (hash <= cutHash) {
          cut = at;
          cutHash = hash;
        }
      }
      const next = endOfLine(content, at);
      if (next - from > chunkBytesMax) {
        // Before a long line always, whatever was in the window: so a part that ends there is cut like the whole.
        if (next - at > chunkBytesMax - chunkBytesMin) cut = at;
        break;
      }
      at = next;
    }
    from = at >= length ? length : cut;
    yield from;
  }
}

function endOfLine(content: Uint8Array, at: number): number {
  const newline = content.indexOf(10, at);
  return newline < 0 ? content.length : newline + 1;
}

/** FNV-1a of how a line begins. */
function hashOfLine(content: Uint8Array, start: number): number {
  const end = Math.min(start + hashedBytesMax, content.length);
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) {
    const byte = content[at]!;
    if (byte === 10) break;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}
