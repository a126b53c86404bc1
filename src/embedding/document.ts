import { contentHash } from '../base/index.js';
import type { ChunkText } from './embedder.js';

/** How a model of the user's choice is given texts. What changes the vectors of chunks is part of the space (see `revisionOf`). */
export interface TextRules {
  readonly queryPrefix: string;
  readonly documentPrefix: string;
  readonly maxChars: number;
}

/** Grows when `documentText` changes: then vectors are others. */
const textFormat = 1;

/** What a model is given of a chunk: the names around it, then its text. Empty when there is nothing in it. */
export function documentText({ text, scopes }: ChunkText, { documentPrefix, maxChars }: TextRules): string {
  if (text.trim() === '') return '';
  const around = scopes.filter((scope) => scope !== '').join(' ');
  return cutOff(wellFormed(`${documentPrefix}${around === '' ? '' : `${around}\n`}${text}`), maxChars);
}

/** What a model is given of a query. Empty when there is nothing in it. */
export const queryText = (text: string, { queryPrefix, maxChars }: TextRules): string =>
  text.trim() === '' ? '' : cutOff(wellFormed(`${queryPrefix}${text}`), maxChars);

/** The beginning of a text, without half of a character at its end. */
export function cutOff(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const last = text.charCodeAt(maxChars - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? maxChars - 1 : maxChars);
}

/** A space's revision: what the user calls it, and a hash of what else makes the vectors of chunks what they are. */
export function revisionOf(
  revision: string,
  { documentPrefix, maxChars }: TextRules,
  ...more: readonly string[]
): string {
  const traits = contentHash(JSON.stringify([textFormat, documentPrefix, maxChars, ...more]));
  return `${revision}${revision === '' ? '' : '+'}${traits.toString('hex').slice(0, 8)}`;
}

/** Bytes of no valid text come as lone surrogates (see base's decodeBytes), which many servers refuse. */
const wellFormed = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');
