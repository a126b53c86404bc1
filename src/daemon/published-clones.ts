import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { CoppiceError, uniqueSuffix, messageOf } from '../base/index.js';
import { decodeCommit, hashCommit, packCommits } from '../git/index.js';
import { asOid } from '../model/index.js';
import { sha256 } from '../remote/index.js';
import type { Publications, PublishedHead } from '../remote/index.js';

/** In the git folder of a repository that is no clone: see `PublishedClones`. */
const pollPatienceMs = 10_000;

interface Clone {
  readonly name: string;
  readonly path: string;
  version: string | null;
  readonly tables: Set<string>;
  readonly commits: Set<string>;
}

/**
 * For each published repository a bare one in the cache, with the commits and refs that are published and nothing else: so revs mean
 * here what they mean to git. They are made again from the remote whenever they are lost.
 */
export class PublishedClones {
  private readonly clones = new Map<string, Clone>();
  private names = new Map<string, Clone>();
  /** Names of several repositories that the log knows of. */
  private readonly told = new Set<string>();

  constructor(
    private readonly remote: Publications,
    private readonly folder: string,
    private readonly log: (message: string) => void,
  ) {}

  /** Path of the repository of that name; null when none is published. */
  pathOf(name: string): string | null {
    return this.names.get(name)?.path ?? null;
  }

  get published(): readonly { readonly name: string; readonly path: string }[] {
    return [...this.names.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Brings all in step with the remote. */
  async refresh(signal: AbortSignal): Promise<void> {
    const call = { signal, patienceMs: pollPatienceMs };
    const names = new Map<string, Clone>();
    const twice = new Set<string>();
    for (const { id, name } of await this.remote.repositories(call)) {
      let clone = this.clones.get(id);
      if (clone === undefined) {
        // A name is the publisher's, and no path of ours; two may look alike, and what is published again is not what was.
        const shown = name
          .replace(/[^\w.-]/g, '_')
          .replace(/^\.+/, '_')
          .slice(0, 80);
        const path = join(this.folder, `${shown}-${sha256(Buffer.from(id)).slice(0, 16)}.git`);
        clone = { name, path, version: null, tables: new Set(), commits: new Set() };
        this.clones.set(id, clone);
      }
      if (names.has(name)) twice.add(name);
      names.set(name, clone);
      try {
        const head = await this.remote.head(id, call);
        if (head.version !== null && head.version !== clone.version) await this.bring(clone, id, head, call);
      } catch (error) {
        if (signal.aborted) throw error;
        this.log(`${name} is not brought up to date: ${messageOf(error)}`);
      }
    }
    // Who may read a name may read what has it: where that is not one repository, it is none.
    for (const name of twice) {
      names.delete(name);
      if (this.told.has(name)) continue; // once, not at each look
      this.told.add(name);
      this.log(`${name} is the name of several repositories: none of them is served`);
    }
    this.names = names;
  }

  private async bring(
    clone: Clone,
    id: string,
    head: PublishedHead,
    call: { readonly signal: AbortSignal; readonly patienceMs: number },
  ): Promise<void> {
    const isSha256 = id.length === 64;
    makeBare(clone.path, isSha256);
    replaceFile(join(clone.path, publishedMarker), `${clone.name}\n${id}\n`);
    const fresh = new Map<string, Buffer>();
    const parents = new Map<string, readonly string[]>();
    const tables: string[] = [];
    for await (const { table, objects } of this.remote.commitObjects(head, clone.tables, call)) {
      for (const object of objects) {
        const oid = hashCommit(object, isSha256 ? 'sha256' : 'sha1');
        if (!clone.commits.has(oid)) fresh.set(oid, object);
        parents.set(oid, decodeCommit(asOid(oid), object).parents);
      }
      if (table !== null) tables.push(table);
    }
    if (fresh.size > 0) writePack(clone.path, fresh);
    for (const oid of fresh.keys()) clone.commits.add(oid);
    // What is before the first published commits is not here: git takes them for the end of history.
    const shallowPath = join(clone.path, 'shallow');
    const shallow = new Set(
      existsSync(shallowPath) ? readFileSync(shallowPath, 'utf8').split('\n').filter(Boolean) : [],
    );
    for (const [oid, before] of parents)
      if (before.some((parent) => !clone.commits.has(parent))) shallow.add(oid);
      else shallow.delete(oid);
    replaceFile(shallowPath, [...shallow].map((oid) => `${oid}\n`).join(''));
    const refs = await this.remote.refs(head, call);
    const isName = (name: string): boolean =>
      /^refs\/(heads|tags)\/[^\s~^:?*[\\]+$/.test(name) && !name.includes('..') && !name.endsWith('/');
    const lines = [...refs]
      .filter(([name, oid]) => isName(name) && clone.commits.has(oid))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, oid]) => `${oid} ${name}\n`);
    replaceFile(join(clone.path, 'packed-refs'), `# pack-refs with: peeled fully-peeled sorted \n${lines.join('')}`);
    const named = refs.get('HEAD');
    const branch = named !== undefined && isName(named) ? named : [...refs.keys()].find(isName);
    if (branch !== undefined) replaceFile(join(clone.path, 'HEAD'), `ref: ${branch}\n`);
    for (const table of tables) clone.tables.add(table);
    clone.version = head.version;
  }
}

function makeBare(path: string, isSha256: boolean): void {
  if (existsSync(join(path, 'HEAD'))) return;
  for (const folder of ['objects/pack', 'objects/info', 'refs/heads', 'refs/tags'])
    mkdirSync(join(path, folder), { recursive: true, mode: 0o700 });
  const extension = isSha256 ? '[extensions]\n\tobjectformat = sha256\n' : '';
  const version = isSha256 ? 1 : 0;
  replaceFile(join(path, 'config'), `[core]\n\trepositoryformatversion = ${version}\n\tbare = true\n${extension}`);
  replaceFile(join(path, 'HEAD'), 'ref: refs/heads/main\n');
}

/** Marks a repository that is no clone, and holds its published name and identity: the engine takes its trees from the remote. */
export const publishedMarker = 'coppice-published';

function writePack(path: string, commits: ReadonlyMap<string, Buffer>): void {
  const { pack, index } = packCommits(commits);
  const folder = join(path, 'objects', 'pack');
  const name = `pack-${pack.subarray(-20).toString('hex')}`;
  if (readdirSync(folder).includes(`${name}.idx`)) return;
  replaceFile(join(folder, `${name}.pack`), pack);
  replaceFile(join(folder, `${name}.idx`), index);
}

function replaceFile(path: string, content: string | Uint8Array): void {
  const draft = `${path}.tmp-${uniqueSuffix()}`;
  try {
    writeFileSync(draft, content, { mode: 0o600 });
    renameSync(draft, path);
  } catch (error) {
    throw new CoppiceError('STORE_READ_ONLY', `${path} cannot be written`, {
      hint: 'give --cache a folder that can be written to',
      cause: error,
    });
  }
}
