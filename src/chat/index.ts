/** A language model behind an endpoint: what is asked, what it may cost, and what can be made of an answer. */
export { ChatClient } from './chat-client.js';
export type { AskOptions, Answered, Asked, ChatRequest } from './chat-client.js';
export { chatFields, noModel, parseChatConfig, parseDescribeConfig, withChat } from './config.js';
export type { ChatConfig, DescribeConfig } from './config.js';
export { hedged } from './hedged.js';
export { answerOf, answerStart, readJson, readOrder } from './tolerant-reader.js';
export { addTokens, costOf, estimateTokens, noTokens } from './tokens.js';
export type { Tokens } from './tokens.js';
