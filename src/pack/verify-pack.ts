import { createHash } from 'node:crypto';

import { CoppiceError, TimeSlices } from '../base/index.js';
import { hashTree } from '../git/index.js';
import { asOid } from '../model/index.js';
import type { Oid, TreeEntry } from '../model/index.js';
import { chunkKey, exactChunkKey, unsearchedKey } from '../text/index.js';
import { packInvalid } from './pack-format.js';
import type { Pack } from './pack-format.js';
import type { PackSet } from './take-packs.js';

/** Git's own objects, where the repository is here. */
export interface GitObjects {
  readTree(oid: Oid): Promise<readonly TreeEntry[]>;
  /** The content of a blob, or null. */
  readBlob(oid: Oid): Promise<Buffer | null>;
}

/**
 * Checks what is taken of a pack against git's own names, so that nobody who may write to a remote can put a line into a file, or a file into a tree,
 * that git does not have: the text of each chunk is what its key says, the chunks of each file are the blob, the entries of each tree are
 * the tree, and the trees that are wanted those of their names. REMOTE_INVALID. Of a pack without text the text is read from the repository; returned is where it is.
 */
export async function verifyPack(
  set: PackSet,
  pack: Pack,
  where: string,
  git: GitObjects | null,
  signal?: AbortSignal,
): Promise<((doc: number) => Uint8Array) | undefined> {
  const slices = new TimeSlices(signal);
  const { segment, lengths } = pack;
  const invalid = (what: string): CoppiceError => invalidAt(pack, where, what);
  const texts = lengths === null ? null : new Map<number, Buffer>();
  for (let number = 0; number < pack.count('files'); number++) {
    if (!set.isTaken(pack, 'files', number)) continue;
    if (slices.isOver) await slices.next();
    const { oid, skipped, docs, sizeBytes } = pack.file(number);
    if (skipped !== null && docs.length === 0) continue; // it has no lines
    let blob: Buffer | null = null;
    const hash = createHash(oid.length === 40 ? 'sha1' : 'sha256').update(`blob ${sizeBytes}\0`);
    let at = 0;
    for (const doc of docs) {
      let bytes = set.chunk(pack, doc);
      if (bytes === null) {
        blob ??= (await git?.readBlob(oid)) ?? null;
        if (blob === null) {
          throw new CoppiceError('REMOTE_INVALID', `${where}: its packs have no text, and blob ${oid} is not here`, {
            hint: 'packs without text are for who has the repository with its blobs; publish without --no-text',
          });
        }
        const length = lengths?.[doc] ?? set.lengthOf(pack, doc);
        bytes = blob.subarray(at, at + length);
        if (doc < pack.count('docs')) texts?.set(doc, bytes);
      }
      at += bytes.length;
      hash.update(bytes);
    }
    if (at !== sizeBytes || hash.digest('hex') !== oid) throw invalid(`what it calls blob ${oid} is not that blob`);
  }
  const language = segment.docCount === 0 ? null : segment.column('language');
  for (let doc = 0; doc < segment.docCount; doc++) {
    if (!set.isTaken(pack, 'docs', doc)) continue;
    if (slices.isOver) await slices.next();
    const content = texts?.get(doc) ?? segment.content.get(doc);
    const key = pack.keyOf('docs', doc);
    const symbols = segment.symbols.get(doc);
    if (!isChunkOf(key, language![doc]!, symbols, content)) throw invalid(`chunk ${doc} is not what its key says`);
  }
  await verifyTrees(set, pack, where, git, signal);
  return texts === null ? undefined : (doc) => texts.get(doc) ?? segment.content.get(doc);
}

/** The same of the directories that are taken alone, which needs no text. */
export async function verifyTrees(
  set: PackSet,
  pack: Pack,
  where: string,
  git: GitObjects | null,
  signal?: AbortSignal,
): Promise<void> {
  const slices = new TimeSlices(signal);
  for (let number = 0; number < pack.count('trees'); number++) {
    if (!set.isTaken(pack, 'trees', number)) continue;
    if (slices.isOver) await slices.next();
    const { oid, entries } = pack.tree(number);
    const wanted = set.oidOf(pack.keyOf('trees', number)) ?? oid;
    if (wanted !== oid) throw invalidAt(pack, where, `what it gives for tree ${wanted} is tree ${oid}`);
    const named = entries.map(({ name, kind, file, tree, oid: own }): TreeEntry => {
      const found = file !== undefined ? set.file(pack, file).oid : tree !== undefined ? set.tree(pack, tree).oid : own;
      return { name, kind, oid: found! };
    });
    if (hashTree(named, oid.length === 40 ? 'sha1' : 'sha256') === oid) continue;
    // Old repositories have modes that are not told apart here: git has the tree, or nobody can tell.
    const there = git === null ? null : await git.readTree(oid).catch(() => null);
    if (there === null || !isSame(there, named))
      throw invalidAt(pack, where, `what it calls tree ${oid} is not that tree`);
  }
}

const invalidAt = ({ name }: Pack, where: string, what: string): CoppiceError =>
  packInvalid(name, `${where}: pack ${name.slice(0, 16)}: ${what}`);

/** Whether a chunk's key says this of it. */
export const isChunkOf = (key: Buffer, language: number, symbols: Buffer, content: Buffer): boolean =>
  key.equals(chunkKey(language, symbols, content)) || key.equals(exactChunkKey(content)) || isUnsearched(key, content);

function isUnsearched(key: Buffer, content: Buffer): boolean {
  return (['sha1', 'sha256'] as const).some((format) => {
    const oid = createHash(format).update(`blob ${content.length}\0`).update(content).digest('hex');
    return key.equals(unsearchedKey(asOid(oid)));
  });
}

const isSame = (a: readonly TreeEntry[], b: readonly TreeEntry[]): boolean =>
  a.length === b.length &&
  a.every(({ name, kind, oid }, i) => b[i]!.name === name && b[i]!.kind === kind && b[i]!.oid === oid);
