/** Bytes in JSON: as text where that loses nothing, else in base64. */
export interface WireContent {
  readonly text: string;
  readonly encoding: 'utf-8' | 'base64';
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function toWireContent(bytes: Uint8Array): WireContent {
  try {
    return { text: strictDecoder.decode(bytes), encoding: 'utf-8' };
  } catch {
    return { text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'), encoding: 'base64' };
  }
}

/** The bytes of a parameter that came as `text` or as `base64`; undefined when neither was given. */
export function fromWireContent(content: { readonly text?: string; readonly base64?: string }): Uint8Array | undefined {
  if (content.text !== undefined) return Buffer.from(content.text, 'utf8');
  return content.base64 === undefined ? undefined : Buffer.from(content.base64, 'base64');
}

/** As a parameter: `text` or `base64`. */
export function toWireParameter(bytes: Uint8Array): { text: string } | { base64: string } {
  const { text, encoding } = toWireContent(bytes);
  return encoding === 'utf-8' ? { text } : { base64: text };
}
