/** The nouns and their typed ids: blob, commit, chunk, symbol, tree. Data, no behaviour, no IO. */
export {
  asCommitId,
  asDocId,
  asFileId,
  asOid,
  asRepositoryId,
  asTreeId,
  clusterIdMin,
  volatileIdMax,
  volatileIdMin,
} from './ids.js';
export type { CommitId, DocId, FileId, Oid, RepositoryId, TreeId } from './ids.js';
export { diagnosticCodes, isProvisional, symbolKinds } from './chunk.js';
export type { ChunkSpan, ChunkedFile, DiagnosticCode, FileDiagnostic, SymbolDefinition, SymbolKind } from './chunk.js';
export type { EmbeddingSpace } from './embedding-space.js';
export { entryKinds, isTooDeep, skipReasons, treeDepthMax } from './tree.js';
export type { EntryKind, SkipReason, TreeEntry } from './tree.js';
export { languageByAlias, languageId, languageNumber, languages } from './languages.js';
export type { Language } from './languages.js';
export { parseRevRange } from './rev-range.js';
export type { RevRange } from './rev-range.js';
export { phaseNames } from './work-phase.js';
export type { WorkPhase } from './work-phase.js';
export {
  allRepositories,
  folderPrefix,
  isGlob,
  isList,
  isView,
  pathIn,
  placesIn,
  together,
  viewPrefix,
} from './where.js';
export type { Where } from './where.js';
