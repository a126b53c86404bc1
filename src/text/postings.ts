import type { BitSet, ByteWriter } from '../base/index.js';

/**
 * Posting lists of a segment, over doc ids counted from the segment's first.
 *
 * Gram postings, by how many docs of the segment they name:
 *   - sparse: the gaps between doc ids as varints (the first from -1, less one);
 *   - dense, when a bitmap is shorter: one bit a doc, lowest bit first.
 * The readers that select decode gaps in line: with a call for each, a posting of a sparse list takes 7 ns instead of 3.
 *
 * Term postings: gap * 2 + 1 when the term is once in the body and nowhere else, else gap * 2 and a byte of packed
 * frequencies (see packFrequencies).
 */

/** Whether a gram list of `count` among `docCount` docs is stored as a bitmap. */
export const isDenseGramList = (count: number, docCount: number): boolean => count > 64 && count * 8 > docCount;

export function writeGramPostings(
  writer: ByteWriter,
  docs: ArrayLike<number>,
  from: number,
  to: number,
  docCount: number,
): void {
  if (isDenseGramList(to - from, docCount)) {
    const bitmap = new Uint8Array((docCount + 7) >>> 3);
    for (let i = from; i < to; i++) bitmap[docs[i]! >>> 3]! |= 1 << (docs[i]! & 7);
    writer.bytes(bitmap);
    return;
  }
  writer.gaps(docs, from, to);
}

/** Calls `onDoc` with each doc id of a gram list, ascending. */
export function readGramPostings(
  bytes: Uint8Array,
  count: number,
  docCount: number,
  onDoc: (doc: number) => void,
): void {
  if (isDenseGramList(count, docCount)) {
    for (let at = 0; at < bytes.length; at++) {
      let byte = bytes[at]!;
      while (byte !== 0) {
        onDoc(at * 8 + 31 - Math.clz32(byte & -byte));
        byte &= byte - 1;
      }
    }
    return;
  }
  let doc = -1;
  for (let at = 0; at < bytes.length;) {
    let gap = bytes[at++]!;
    if (gap > 0x7f) {
      gap &= 0x7f;
      for (let shift = 7; ; shift += 7) {
        const byte = bytes[at++]!;
        gap |= (byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
    }
    doc += gap + 1;
    onDoc(doc);
  }
}

/** Those docs of a gram list, ascending, that are in `set`, which counts them from `base` and has none from `end` on. */
export function selectGramPostings(
  bytes: Uint8Array,
  count: number,
  docCount: number,
  set: BitSet,
  base: number,
  end: number,
): number[] {
  const { words } = set;
  const first = set.gap.slot(base); // of the segment: all its docs are on one side of the gap
  const selected: number[] = [];
  if (isDenseGramList(count, docCount)) {
    const bytesEnd = Math.min(bytes.length, (end - base + 7) >>> 3);
    for (let at = 0; at < bytesEnd; at++) {
      for (let byte = bytes[at]!; byte !== 0; byte &= byte - 1) {
        const doc = at * 8 + 31 - Math.clz32(byte & -byte);
        const slot = first + doc;
        if ((words[slot >>> 5]! & (1 << (slot & 31))) !== 0) selected.push(doc);
      }
    }
    return selected;
  }
  const slotEnd = first + end - base;
  let slot = first - 1;
  for (let at = 0; at < bytes.length;) {
    let gap = bytes[at++]!;
    if (gap > 0x7f) {
      gap &= 0x7f;
      for (let shift = 7; ; shift += 7) {
        const byte = bytes[at++]!;
        gap |= (byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
    }
    slot += gap + 1;
    if (slot >= slotEnd) break;
    if ((words[slot >>> 5]! & (1 << (slot & 31))) !== 0) selected.push(slot - first);
  }
  return selected;
}

/** Those of `docs` (ascending) that a gram list has. */
export function retainGramPostings(
  bytes: Uint8Array,
  count: number,
  docCount: number,
  docs: readonly number[],
): number[] {
  const kept: number[] = [];
  if (isDenseGramList(count, docCount)) {
    for (const doc of docs) if ((bytes[doc >>> 3]! & (1 << (doc & 7))) !== 0) kept.push(doc);
    return kept;
  }
  let next = 0;
  let wanted = docs[0] ?? Infinity;
  let doc = -1;
  for (let at = 0; at < bytes.length;) {
    let gap = bytes[at++]!;
    if (gap > 0x7f) {
      gap &= 0x7f;
      for (let shift = 7; ; shift += 7) {
        const byte = bytes[at++]!;
        gap |= (byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
    }
    doc += gap + 1;
    if (doc < wanted) continue;
    while (wanted < doc) wanted = docs[++next] ?? Infinity;
    if (wanted === doc) kept.push(doc);
    if (wanted === Infinity) break;
  }
  return kept;
}

/** What `packFrequencies(1, 0, 0)` is. */
const onceInBody = 1;

export function writeTermPosting(writer: ByteWriter, gap: number, frequencies: number): void {
  if (frequencies === onceInBody) writer.varint(gap * 2 + 1);
  else {
    writer.varint(gap * 2);
    writer.u8(frequencies);
  }
}

/** Calls `onPosting` with each doc id below `end` and its packed frequencies, ascending. */
export function readTermPostings(
  bytes: Uint8Array,
  onPosting: (doc: number, frequencies: number) => void,
  end = Infinity,
): void {
  let doc = -1;
  for (let at = 0; at < bytes.length;) {
    let value = bytes[at++]!;
    if (value > 0x7f) {
      value &= 0x7f;
      for (let shift = 7; ; shift += 7) {
        const byte = bytes[at++]!;
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
    }
    doc += (value >>> 1) + 1;
    if (doc >= end) return;
    onPosting(doc, (value & 1) === 1 ? onceInBody : bytes[at++]!);
  }
}

/**
 * Those docs of a term list, ascending, that are in `set`, which counts them from `base` and has none from `end` on: they, counted as
 * in `set`, and their packed frequencies are written from `at` on. Returns where the next are to be written.
 */
export function selectTermPostings(
  bytes: Uint8Array,
  set: BitSet,
  base: number,
  end: number,
  into: { readonly docs: Uint32Array; readonly frequencies: Uint8Array; readonly at: number },
): number {
  const { words } = set;
  const { docs, frequencies } = into;
  const first = set.gap.slot(base); // all docs of a segment are on one side of the gap
  const slotEnd = first + end - base;
  const shift = base - first;
  let next = into.at;
  let slot = first - 1;
  for (let at = 0; at < bytes.length;) {
    let value = bytes[at++]!;
    if (value > 0x7f) {
      value &= 0x7f;
      for (let bits = 7; ; bits += 7) {
        const byte = bytes[at++]!;
        value |= (byte & 0x7f) << bits;
        if (byte < 0x80) break;
      }
    }
    slot += (value >>> 1) + 1;
    const packed = (value & 1) === 1 ? onceInBody : bytes[at++]!;
    if (slot >= slotEnd) break;
    if ((words[slot >>> 5]! & (1 << (slot & 31))) === 0) continue;
    docs[next] = slot + shift;
    frequencies[next++] = packed;
  }
  return next;
}
