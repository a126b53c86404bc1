import type { KeyObject } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { CoppiceError, elapsedMs, jittered, sleep, throwIfAborted } from '../base/index.js';
import {
  checkFormat,
  decodeHead,
  emptyHead,
  encodeHead,
  encodeJson,
  headName,
  parseJson,
  remoteFormatVersion,
  remoteInfoName,
  sha256,
} from './head-format.js';
import type { CommitRow, HeadBody, PackRef, Publication, RemoteInfo, TableRef } from './head-format.js';
import { remoteBusy, remoteInvalid } from './remote-errors.js';
import type { CallOptions, RemoteStorage, WriteCondition } from './storage/storage.js';

/** What is published of a repository at one moment. */
export interface PublishedHead {
  readonly body: HeadBody;
  /** Of the head object; null: there is none yet. */
  readonly version: string | null;
  readonly isSigned: boolean;
  /** How long the object is. */
  readonly bytes: number;
}

export interface PublishedCommit {
  readonly tree: string;
  readonly sequence: number;
  /** Its record in the history is published as well. */
  readonly recorded: boolean;
}

/** Immutable objects that were read before, by name. */
export interface ObjectCache {
  get(name: string): Buffer | null;
  put(name: string, bytes: Buffer): void;
}

export interface PublicationsOptions {
  /** Public keys, one of which has to have signed; null: whoever may write there is trusted. */
  readonly trust: readonly KeyObject[] | null;
  readonly cache?: ObjectCache;
}

/** With more publications than this, or a longer head, those are put aside into a table. */
const recentMax = 32;
const recentBytesMax = 16 * 1024;
/** So many tables at least become one, within so many bytes, of which each push has room for some; with very many, without that bound. */
const tablesMax = 8;
const foldedBytesMax = 24 * 1024;
const manyTables = 64;
/** What of a pack is in memory at once while it is read. */
const rangeBytes = 8 * 1024 * 1024;
/** A head that others keep swapping is tried for so long. */
const swapMsMax = 120_000;

/** Everything that is published at a remote, and how more of it is made known. */
export class Publications {
  private readonly tables = new Map<string, readonly Publication[]>();
  private readonly heads = new Map<string, PublishedHead & { readonly atMs: number }>();
  private writtenBytes = 0;

  constructor(
    readonly storage: RemoteStorage,
    private readonly options: PublicationsOptions,
  ) {}

  get url(): string {
    return this.storage.url;
  }

  /** Of all that was written through this object. */
  get sentBytes(): number {
    return this.writtenBytes;
  }

  /** The repositories that are published; none of an empty remote. REMOTE_INVALID, REMOTE_VERSION. */
  async repositories(call: CallOptions = {}): Promise<RemoteInfo['repositories']> {
    return (await this.info(call))?.info.repositories ?? [];
  }

  /**
   * What is published of a repository now; asked anew, but answered from memory when it has not changed. `ageMsMax`: what was read, or written, so
   * short a time ago will do, for who finds out by a swap whether it still holds.
   */
  async head(
    repository: string,
    { ageMsMax = 0, ...call }: CallOptions & { readonly ageMsMax?: number | undefined } = {},
  ): Promise<PublishedHead> {
    const known = this.heads.get(repository);
    if (known !== undefined && elapsedMs() - known.atMs < ageMsMax) return known;
    const unless = known?.version ?? undefined;
    const found = await this.storage.read(headName(repository), { ...call, unless });
    if (found === 'unchanged') {
      this.heads.set(repository, { ...known!, atMs: elapsedMs() });
      return known!;
    }
    if (found === null) {
      // Nothing: unless all of the remote is of another version.
      if (known === undefined) await this.info(call);
      this.heads.delete(repository);
      return { body: emptyHead(repository, ''), version: null, isSigned: false, bytes: 0 };
    }
    const { body, isSigned } = decodeHead(this.url, repository, found.bytes, this.options.trust);
    if (this.options.trust !== null && known !== undefined && body.version < known.body.version)
      throw remoteInvalid(this.url, 'its head is older than one that was read before');
    const head = { body, version: found.version, isSigned, bytes: found.bytes.length, atMs: elapsedMs() };
    this.heads.set(repository, head);
    return head;
  }

  /** Each published commit of some rules, with what the latest publication says of it. */
  async commits({ body }: PublishedHead, rules: string, call: CallOptions = {}): Promise<Map<string, PublishedCommit>> {
    const commits = new Map<string, PublishedCommit>();
    for (const publication of await this.publications(body, call)) {
      if (publication.rules !== rules) continue;
      for (const [oid, tree, sequence, recorded] of publication.commits)
        commits.set(oid, { tree, sequence, recorded: recorded === 1 || commits.get(oid)?.recorded === true });
    }
    return commits;
  }

  /** Commits by the full names of refs, and the name of the ref that HEAD is. */
  async refs({ body }: PublishedHead, call: CallOptions = {}): Promise<Map<string, string>> {
    const refs = new Map<string, string>();
    for (const publication of await this.publications(body, call))
      for (const [name, value] of Object.entries(publication.refs))
        if (value === null) refs.delete(name);
        else refs.set(name, value);
    return refs;
  }

  /** Git's commit objects, raw, of all commits whose objects are kept; those of `known` tables are left out. */
  async *commitObjects(
    { body }: PublishedHead,
    known: ReadonlySet<string>,
    call: CallOptions = {},
  ): AsyncGenerator<{
    readonly table: string | null;
    readonly objects: Buffer[];
  }> {
    const lacking = body.tables.flatMap(({ name, objects }) => {
      if (objects === null || known.has(name)) return [];
      const reading = this.object(`objects/${objects}`, objects, call);
      reading.catch(() => undefined); // it is told when its turn has come
      return [{ name, reading }];
    });
    for (const { name, reading } of lacking) yield { table: name, objects: unpackObjects(await reading) };
    for (const { objects } of body.recent)
      yield { table: null, objects: unpackObjects(Buffer.from(objects, 'base64')) };
  }

  /**
   * A pack's bytes, not checked yet, one range after another; of a server that does not know ranges all that follow at once. False when it is gone: the
   * head has changed since.
   */
  async readPack({ name, bytes }: PackRef, write: (part: Buffer) => void, call: CallOptions = {}): Promise<boolean> {
    for (let offset = 0; offset < bytes;) {
      const length = Math.min(rangeBytes, bytes - offset);
      const range = bytes > rangeBytes ? { offset, length } : undefined;
      const found = await this.storage.read(`packs/${name}`, { ...call, range, sizeBytes: length });
      if (found === null || found === 'unchanged') return false;
      write(found.bytes);
      if (found.bytes.length < length) break; // it is shorter than its head says
      offset += found.bytes.length;
    }
    return true;
  }

  /** Bytes of a pack from `offset` on, not checked yet: fewer at its end, all that follow of a server that does not know ranges. Null when it is gone. */
  async readPackRange(
    { name }: PackRef,
    range: { readonly offset: number; readonly length: number },
    call: CallOptions = {},
  ): Promise<Buffer | null> {
    const found = await this.storage.read(`packs/${name}`, { ...call, range });
    return found === null || found === 'unchanged' ? null : found.bytes;
  }

  putPack(name: string, bytes: Buffer, call: CallOptions = {}): Promise<unknown> {
    return this.write(`packs/${name}`, bytes, 'any', call);
  }

  /**
   * Changes a head by compare and swap, as often as others are first: `change` is asked anew for each head that is found, and
   * returns null when there is nothing (more) to do. The first is the one that was read last, where there is one: whether it still is the
   * head the swap will tell.
   */
  async update(
    repository: { readonly id: string; readonly name: string },
    change: (head: PublishedHead) => Promise<HeadBody | null>,
    { key, ...call }: CallOptions & { readonly key: KeyObject | null },
  ): Promise<HeadBody> {
    const endMs = elapsedMs() + Math.max(swapMsMax, call.patienceMs ?? 0);
    for (let waitMs = 5; ; waitMs = Math.min(waitMs * 2, 1000)) {
      throwIfAborted(call.signal);
      const isRemembered = this.heads.has(repository.id);
      const head = await this.head(repository.id, { ...call, ageMsMax: Infinity });
      if (head.isSigned && key === null) {
        throw new CoppiceError(
          'REMOTE_UNTRUSTED',
          `${this.url} is signed: what is not would be refused by those who read it`,
          {
            hint: 'publish with --sign KEY',
          },
        );
      }
      if (head.version === null) await this.introduce(repository, call);
      const changed = await change(head);
      if (changed === null) {
        // Not of a head that may be no more: what is there now has to be asked.
        if (isRemembered && (await this.head(repository.id, call)).version !== head.version) continue;
        return head.body;
      }
      const body = await this.fold({ ...changed, name: repository.name, version: head.body.version + 1 }, call);
      const condition = head.version === null ? 'absent' : { version: head.version };
      const bytes = encodeHead(body, key);
      const version = await this.write(headName(repository.id), bytes, condition, call);
      if (version !== null) {
        this.heads.set(repository.id, {
          body,
          version,
          isSigned: key !== null,
          bytes: bytes.length,
          atMs: elapsedMs(),
        });
        return body;
      }
      this.heads.delete(repository.id);
      if (elapsedMs() > endMs) throw remoteBusy(this.url, 'others keep changing it');
      await sleep(jittered(waitMs), call.signal);
    }
  }

  /** Every publication, whatever its rules, the oldest first. */
  allPublications({ body }: PublishedHead, call: CallOptions = {}): Promise<Publication[]> {
    return this.publications(body, call);
  }

  /** Writes the tables of a head that has nothing else. */
  async writeTables(
    publications: readonly Publication[],
    objects: readonly Buffer[],
    call: CallOptions = {},
  ): Promise<TableRef[]> {
    return publications.length === 0 ? [] : [await this.writeTable(publications, objects, call)];
  }

  private async publications(body: HeadBody, call: CallOptions): Promise<Publication[]> {
    const tables = await Promise.all(body.tables.map((table) => this.table(table, call)));
    return [...tables.flat(), ...body.recent];
  }

  private async table({ name }: TableRef, call: CallOptions): Promise<readonly Publication[]> {
    const known = this.tables.get(name);
    if (known !== undefined) return known;
    const table = parseJson(
      this.url,
      await this.object(`tables/${name}`, name, call),
      `table ${name.slice(0, 16)}`,
    ) as {
      format: number;
      publications: readonly Publication[];
    };
    checkFormat(this.url, table.format);
    this.tables.set(name, table.publications);
    return table.publications;
  }

  /** An immutable object, checked against its hash. */
  private async object(path: string, hash: string, call: CallOptions): Promise<Buffer> {
    const { cache } = this.options;
    const cached = cache?.get(hash) ?? null;
    if (cached !== null && sha256(cached) === hash) return cached;
    const found = await this.storage.read(path, call);
    if (found === null || found === 'unchanged') throw remoteInvalid(this.url, `${path.slice(0, 24)} is missing`);
    if (sha256(found.bytes) !== hash)
      throw remoteInvalid(this.url, `${path.slice(0, 24)} is not what was written there`);
    cache?.put(hash, found.bytes);
    return found.bytes;
  }

  /** Puts publications aside into a table when there are many, and tables together. */
  private async fold(body: HeadBody, call: CallOptions): Promise<HeadBody> {
    const length = body.recent.reduce((sum, recent) => sum + JSON.stringify(recent).length, 0);
    if (body.recent.length <= recentMax && length <= recentBytesMax) return body;
    const objects = body.recent.flatMap((recent) => unpackObjects(Buffer.from(recent.objects, 'base64')));
    const publications = joined(body.recent.map(({ rules, commits, refs }) => ({ rules, commits, refs })));
    let tables: TableRef[] = [...body.tables, await this.writeTable(publications, objects, call)];
    for (;;) {
      const from = nextFold(tables);
      if (from === null) break;
      const folded = tables.slice(from);
      const parts: Publication[] = [];
      const raw: Buffer[] = [];
      for (const table of folded) {
        parts.push(...(await this.table(table, call)));
        if (table.objects !== null)
          raw.push(...unpackObjects(await this.object(`objects/${table.objects}`, table.objects, call)));
      }
      tables = [...tables.slice(0, from), await this.writeTable(joined(parts), raw, call)];
    }
    return { ...body, tables, recent: [] };
  }

  private async writeTable(
    publications: readonly Publication[],
    objects: readonly Buffer[],
    call: CallOptions,
  ): Promise<TableRef> {
    const bytes = encodeJson({ format: remoteFormatVersion, publications });
    const name = sha256(bytes);
    const packed = packObjects(objects);
    const objectsName = sha256(packed);
    await Promise.all([
      this.write(`tables/${name}`, bytes, 'any', call),
      this.write(`objects/${objectsName}`, packed, 'any', call),
    ]);
    this.tables.set(name, publications);
    this.options.cache?.put(name, bytes);
    const commits = publications.reduce((sum, publication) => sum + publication.commits.length, 0);
    return { name, bytes: bytes.length + packed.length, objects: objectsName, commits };
  }

  private write(name: string, bytes: Buffer, condition: WriteCondition, call: CallOptions): Promise<string | null> {
    this.writtenBytes += bytes.length;
    return this.storage.write(name, bytes, condition, call);
  }

  private async info(call: CallOptions): Promise<{ info: RemoteInfo; version: string } | null> {
    const found = await this.storage.read(remoteInfoName, call);
    if (found === null || found === 'unchanged') return null;
    let info: RemoteInfo;
    try {
      info = JSON.parse(found.bytes.toString('utf8')) as RemoteInfo;
    } catch {
      throw remoteInvalid(this.url, `${remoteInfoName} cannot be read`);
    }
    checkFormat(this.url, info.format);
    if (!Array.isArray(info.repositories)) throw remoteInvalid(this.url, `${remoteInfoName} cannot be read`);
    return { info, version: found.version };
  }

  /** Lists a repository that is published for the first time. */
  private async introduce(
    { id, name }: { readonly id: string; readonly name: string },
    call: CallOptions,
  ): Promise<void> {
    for (;;) {
      const found = await this.info(call);
      const repositories = found?.info.repositories ?? [];
      if (repositories.some((known) => known.id === id)) return;
      const taken = new Set(repositories.map((known) => known.name));
      let unique = name;
      for (let i = 2; taken.has(unique); i++) unique = `${name}-${i}`;
      const info: RemoteInfo = {
        format: remoteFormatVersion,
        repositories: [...repositories, { id, name: unique }],
      };
      const condition = found === null ? 'absent' : { version: found.version };
      const bytes = Buffer.from(JSON.stringify(info));
      if ((await this.write(remoteInfoName, bytes, condition, call)) !== null) return;
      await sleep(jittered(20), call.signal);
    }
  }
}

/** Publications of the same rules as one, in their order. */
export function joined(publications: readonly Publication[]): Publication[] {
  const byRules = new Map<string, { commits: Map<string, CommitRow>; refs: Record<string, string | null> }>();
  for (const { rules, commits, refs } of publications) {
    let all = byRules.get(rules);
    if (all === undefined) byRules.set(rules, (all = { commits: new Map(), refs: {} }));
    for (const row of commits) {
      const recorded = row[3] === 1 || all.commits.get(row[0])?.[3] === 1 ? 1 : 0;
      all.commits.set(row[0], [row[0], row[1], row[2], recorded]);
    }
    // Of two rules the later push is not told apart by refs alone: the last one wins for each name.
    for (const [name, value] of Object.entries(refs)) {
      for (const other of byRules.values()) delete other.refs[name];
      all.refs[name] = value;
    }
  }
  return Array.from(byRules, ([rules, { commits, refs }]) => ({ rules, commits: [...commits.values()], refs }));
}

/** From which table on all become one: as many as can be whose oldest is no larger than the others together. */
function nextFold(tables: readonly TableRef[]): number | null {
  const bytesMax = tables.length >= manyTables ? Infinity : foldedBytesMax;
  let newer = 0;
  let best: number | null = null;
  for (let from = tables.length - 1; from >= 0; from--) {
    const { bytes } = tables[from]!;
    if (newer + bytes > bytesMax) break;
    if (tables.length - from >= tablesMax && bytes <= newer) best = from;
    newer += bytes;
  }
  return best;
}

/** Raw objects as one deflated run, each after its length (u32). */
export function packObjects(objects: readonly Buffer[]): Buffer {
  const parts = objects.flatMap((bytes) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  return deflateRawSync(Buffer.concat(parts));
}

export function unpackObjects(packed: Buffer): Buffer[] {
  const bytes = inflateRawSync(packed, { maxOutputLength: 2 ** 30 });
  const objects: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const end = at + 4 + bytes.readUInt32LE(at);
    objects.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return objects;
}
