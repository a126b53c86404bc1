/** The language server: symbols, searches and unsaved buffers of an editor, over the Language Server Protocol. */
export { serveLanguageServer } from './serve-language-server.js';
export type { LanguageServerOptions } from './serve-language-server.js';
