declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** A git object id as lower-case hex: 40 digits (SHA-1) or 64 (SHA-256). */
export type Oid = Brand<string, 'Oid'>;
/** Dense, append-only number of a distinct chunk in one store, from 0. */
export type DocId = Brand<number, 'DocId'>;
/** Dense, append-only number of a distinct file (a blob read as one language) in one store, from 0. */
export type FileId = Brand<number, 'FileId'>;
/** Dense, append-only number of a distinct tree in one store, from 0. */
export type TreeId = Brand<number, 'TreeId'>;
/** Dense, append-only number of a recorded commit in one store, from 0; parents have lower ones than their children. */
export type CommitId = Brand<number, 'CommitId'>;
/** Names a repository by its objects (never by its path): the oid of its oldest root commit. */
export type RepositoryId = Brand<string, 'RepositoryId'>;

/**
 * Numbers of docs, files, trees and commits from this one on are those of what a process has in memory alone; a store gives away
 * only lower ones. So no number means two things in a process, and what is in memory takes none from the store.
 */
export const volatileIdMin = 2 ** 30;
/** Of these, those from this one on are of what lies in a cluster, as far as a process has met it. */
export const clusterIdMin = volatileIdMin + 2 ** 29;
/** Numbers are lower: they fit 31 bits. */
export const volatileIdMax = 2 ** 31;

export const asOid = (hex: string): Oid => hex as Oid;
export const asDocId = (id: number): DocId => id as DocId;
export const asFileId = (id: number): FileId => id as FileId;
export const asTreeId = (id: number): TreeId => id as TreeId;
export const asCommitId = (id: number): CommitId => id as CommitId;
export const asRepositoryId = (id: string): RepositoryId => id as RepositoryId;
