import { isAscii, isUtf8 } from 'node:buffer';

/**
 * Text of bytes that need not be UTF-8, without loss: a byte that does not belong to valid UTF-8 becomes
 * the lone surrogate U+DC00 + byte, as in Python's `surrogateescape` (PEP 383). Paths and file contents
 * both come this way, so a Latin-1 file or path survives the round trip byte for byte.
 */
export function decodeBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isAscii(buffer)) return buffer.toString('latin1');
  if (isUtf8(buffer)) return buffer.toString('utf8');
  let text = '';
  let at = 0;
  while (at < buffer.length) {
    const end = validRunEnd(buffer, at);
    if (end > at) text += buffer.toString('utf8', at, end);
    at = end;
    if (at < buffer.length) text += String.fromCharCode(0xdc00 + buffer[at++]!);
  }
  return text;
}

/** The bytes that `decodeBytes` read as `text`. */
export function encodeBytes(text: string): Buffer {
  const lone = /[\udc80-\udcff]/;
  if (!lone.test(text)) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit <= 0xdbff && i + 1 < text.length) {
      const next = text.charCodeAt(i + 1);
      if (next >= 0xdc00 && next <= 0xdfff) i++;
    } else if (unit >= 0xdc80 && unit <= 0xdcff) {
      parts.push(Buffer.from(text.slice(from, i), 'utf8'), Buffer.from([unit - 0xdc00]));
      from = i + 1;
    }
  }
  parts.push(Buffer.from(text.slice(from), 'utf8'));
  return Buffer.concat(parts);
}

/** End of the longest run of whole, valid UTF-8 sequences (RFC 3629) that starts at `at`. */
function validRunEnd(bytes: Uint8Array, at: number): number {
  while (at < bytes.length) {
    const lead = bytes[at]!;
    if (lead < 0x80) {
      at++;
      continue;
    }
    const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || at + length > bytes.length) return at;
    const second = bytes[at + 1]!;
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return at;
    for (let i = at + 2; i < at + length; i++) if ((bytes[i]! & 0xc0) !== 0x80) return at;
    at += length;
  }
  return at;
}

/** Compares two strings as their bytes would compare: git's order of paths. */
export function compareBytewise(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      if (x < 0x80 || y < 0x80 || (x < 0xd800 && y < 0xd800)) return x - y;
      return Buffer.compare(encodeBytes(a), encodeBytes(b));
    }
  }
  return a.length - b.length;
}

/** The first `units` UTF-16 units of a text, without half of a character at its end. */
export const startOf = (text: string, units: number): string => text.slice(0, units).replace(/[\ud800-\udbff]$/, '');
