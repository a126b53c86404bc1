/** The only way to an endpoint that the user named: posting JSON, and what may not be posted. */
export {
  environmentVariable,
  flag,
  isObject,
  name,
  positiveNumber,
  provider,
  readFields,
  textOr,
  url,
  wholeNumber,
} from './config-fields.js';
export type { Field, Fields } from './config-fields.js';
export { JsonEndpoint, embedderCodes, modelCodes } from './json-endpoint.js';
export type { FailureCodes, JsonEndpointOptions, PostOptions } from './json-endpoint.js';
export { Limiter } from './limiter.js';
export { LinkedAbort } from './linked-abort.js';
export { looksSecret } from './secrets.js';
