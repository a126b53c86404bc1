import { ChatReranker } from './chat-reranker.js';
import type { RerankConfig } from './config.js';
import { openEndpointReranker } from './endpoint-reranker.js';
import type { Reranker, RerankerOptions } from './reranker.js';

/** The reranker that the settings name. CONFIG_INVALID when the environment has no usable key. */
export const openReranker = (config: RerankConfig, options: RerankerOptions = {}): Reranker =>
  config.provider === 'chat' ? new ChatReranker(config, options) : openEndpointReranker(config, options);
