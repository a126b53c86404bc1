import type { ChatConfig } from './config.js';

/** Tokenizers make a token of 3 to 4 bytes of code; the lower end is taken, so that a budget is not exceeded. */
const bytesPerToken = 3;
/** What a request takes beside its texts: roles and markers. */
const requestTokens = 16;

export interface Tokens {
  readonly input: number;
  readonly output: number;
}

export const noTokens: Tokens = { input: 0, output: 0 };

export const addTokens = (a: Tokens, b: Tokens): Tokens => ({ input: a.input + b.input, output: a.output + b.output });

/** About as many tokens as texts are, rather too many. */
export const estimateTokens = (...texts: readonly string[]): number =>
  requestTokens + texts.reduce((sum, text) => sum + Math.ceil(Buffer.byteLength(text) / bytesPerToken), 0);

/** What tokens cost, in the currency of the settings; null when these do not say. */
export function costOf(
  { input, output }: Tokens,
  { inputPrice, outputPrice }: Pick<ChatConfig, 'inputPrice' | 'outputPrice'>,
): number | null {
  if (inputPrice === null && outputPrice === null) return null;
  return (input * (inputPrice ?? 0) + output * (outputPrice ?? 0)) / 1_000_000;
}
