import type { WireText } from './protocol.js';

/** A NUL so near the beginning makes a file binary: git's rule. */
const binaryProbeBytes = 8000;

export interface DecodedText {
  /** Null for a binary file. Bytes that are no UTF-8 are shown as U+FFFD. */
  readonly text: string | null;
  readonly sizeBytes: number;
}

export function decodeText({ text, encoding }: Pick<WireText, 'text' | 'encoding'>): DecodedText {
  if (encoding === 'utf-8') return { text: text.includes('\0') ? null : text, sizeBytes: new Blob([text]).size };
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const isBinary = bytes.subarray(0, binaryProbeBytes).includes(0);
  return { text: isBinary ? null : new TextDecoder().decode(bytes), sizeBytes: bytes.length };
}
