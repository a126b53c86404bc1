/** The best hits in the order that a model gives them: by scores of an endpoint, or by a chat model that looks at many at once. */
export { parseRerankConfig } from './config.js';
export type { ChatRerankConfig, EndpointRerankConfig, RerankConfig } from './config.js';
export { openReranker } from './open-reranker.js';
export type { Passage, RerankRequests, Reranker, RerankerOptions, Reranking } from './reranker.js';
