import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defaultRules, rulesFingerprint } from '../../../src/indexing/index.js';
import type { Oid } from '../../../src/model/index.js';
import { SnapshotStore, rootKey } from '../../../src/snapshot/index.js';
import { Store } from '../../../src/store/index.js';
import { git } from '../../support/git.js';

/** What an indexing process is started with, or what happens to it. */
export interface Disturbance {
  readonly name: string;
  /** Only flags differ: the first run alone has to give what a quiet one does, in about its time. */
  readonly flagsOnly: boolean;
  readonly flags?: readonly string[];
  /** The program is given with `-e` rather than as a file. */
  readonly inline?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Shell commands before the process, in the same shell: limits. */
  readonly limits?: string;
  /** Processes that do nothing but keep the machine busy. */
  readonly load?: number;
}

export interface DisturbedRun {
  /** Exit status, or the signal's name. */
  readonly ended: string;
  /** Code of the error that it reported, `''` for none. */
  readonly code: string;
  /** Files that it marked as provisional. */
  readonly provisional: number;
  readonly ms: number;
  readonly stderr: string;
}

export interface DisturbanceResult {
  readonly name: string;
  readonly flagsOnly: boolean;
  readonly disturbed: DisturbedRun;
  /** Whether the store's content after the disturbed run is a quiet run's. */
  readonly sameAtOnce: boolean;
  /** And after one more run that nothing disturbs. */
  readonly sameAfterwards: boolean;
  readonly undisturbed: DisturbedRun;
}

/** Ends each worker thread with some probability at each answer, as want of memory would. */
const killingPreload = (probability: number): string => `
  import { createRequire, syncBuiltinESMExports } from 'node:module';
  const threads = createRequire(import.meta.url)('node:worker_threads');
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      this.on('message', () => { if (Math.random() < ${probability}) void this.terminate(); });
    }
  };
  syncBuiltinESMExports();`;

/** The disturbances of a kind: flags, lost threads, want of descriptors and memory, load. Their files go into a folder. */
export function disturbances(folder: string): Disturbance[] {
  mkdirSync(folder, { recursive: true });
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const main =
    'const { isMainThread } = require("node:worker_threads"); if (!isMainThread) throw new Error("not in a thread");';
  const required = file('preload.cjs', main);
  const imported = file(
    'preload.mjs',
    `import { isMainThread } from 'node:worker_threads'; if (!isMainThread) throw new Error('not in a thread');`,
  );
  const killing = (percent: number): string =>
    pathToFileURL(file(`kill-${percent}.mjs`, killingPreload(percent / 100))).href;
  return [
    { name: '-e', flagsOnly: true, inline: true, flags: ['--input-type=module'] },
    { name: '--import', flagsOnly: true, flags: ['--import', pathToFileURL(imported).href] },
    { name: '--require', flagsOnly: true, flags: ['--require', required] },
    { name: '--inspect', flagsOnly: true, flags: ['--inspect=127.0.0.1:0'] },
    {
      name: 'NODE_OPTIONS',
      flagsOnly: true,
      env: { NODE_OPTIONS: `--require ${required} --no-warnings --conditions=other` },
    },
    { name: 'workers killed, 2% of answers', flagsOnly: false, flags: ['--import', killing(2)] },
    { name: 'workers killed, 20% of answers', flagsOnly: false, flags: ['--import', killing(20)] },
    { name: 'workers killed, all', flagsOnly: false, flags: ['--import', killing(100)] },
    { name: 'heap of 64 MB', flagsOnly: false, env: { NODE_OPTIONS: '--max-old-space-size=64' } },
    { name: 'heap of 20 MB', flagsOnly: false, env: { NODE_OPTIONS: '--max-old-space-size=20' } },
    { name: '200 MB of memory', flagsOnly: false, limits: 'ulimit -d 204800' },
    { name: '400 MB of memory', flagsOnly: false, limits: 'ulimit -d 409600' },
    { name: '24 open files', flagsOnly: false, limits: 'ulimit -n 24' },
    { name: '32 open files', flagsOnly: false, limits: 'ulimit -n 32' },
    { name: '48 open files', flagsOnly: false, limits: 'ulimit -n 48' },
    { name: 'a load of 20', flagsOnly: false, load: 20 },
  ];
}

/** What the store has of a tree: of each file its language, what was said of it, and the text, symbols and vectors of its chunks. Null: not whole. */
export function contentDigest(storePath: string, tree: Oid): Promise<string | null> {
  return digestOf(storePath, tree);
}

async function digestOf(storePath: string, tree: Oid): Promise<string | null> {
  const store = Store.open(storePath);
  const snapshots = new SnapshotStore(store);
  try {
    const root = snapshots.findRoot(rootKey(tree, rulesFingerprint(defaultRules)));
    if (root === null) return null;
    const snapshot = await snapshots.open(root);
    const { segments } = snapshot;
    const hash = createHash('sha256');
    for (const { path, kind, record } of snapshot.files) {
      const { language, skipped, generated, diagnostics } = record;
      hash.update(JSON.stringify([path, kind, language, skipped, generated, diagnostics, record.docs.length]));
      for (const doc of record.docs) {
        hash.update(segments.chunkBytes(doc));
        hash.update(JSON.stringify(segments.chunkSymbols(doc)));
        const segment = segments.segmentOfDoc(doc);
        for (const space of [...segment.vectorSpaces].sort()) {
          const vectors = segment.vectors(space);
          const row = vectors?.docs().indexOf(doc - segment.docBase) ?? -1;
          hash.update(`${space} ${row < 0 ? 'none' : Buffer.from(vectors!.row(row)).toString('hex')}`);
        }
      }
    }
    snapshot.release();
    return hash.digest('hex');
  } finally {
    snapshots.close();
    store.close();
  }
}

/** Indexes HEAD in a process of its own, under a disturbance or none. */
export async function indexDisturbed(
  place: { readonly dist: string; readonly repo: string; readonly store: string; readonly folder: string },
  disturbance: Disturbance | null,
): Promise<DisturbedRun> {
  const program = `
    import { openEngine } from ${JSON.stringify(pathToFileURL(place.dist).href)};
    const engine = await openEngine({ repo: ${JSON.stringify(place.repo)}, store: ${JSON.stringify(place.store)}, workers: 2 });
    try {
      const { revs } = await engine.index(['HEAD']);
      console.log(JSON.stringify({ provisional: revs[0].provisional ?? 0 }));
    } catch (error) {
      console.log(JSON.stringify({ code: error.code ?? 'none', message: String(error.message) }));
      process.exitCode = 2;
    } finally {
      await engine.close();
    }`;
  const path = join(place.folder, 'program.mjs');
  writeFileSync(path, program);
  const flags = disturbance?.flags ?? [];
  const args = disturbance?.inline === true ? [...flags, '-e', program] : [...flags, path];
  const busy: ChildProcess[] = [];
  for (let i = 0; i < (disturbance?.load ?? 0); i++)
    busy.push(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
  const env = { ...process.env, ...disturbance?.env };
  const start = performance.now();
  try {
    const shell = `${disturbance?.limits ?? ':'}; exec "$0" "$@"`;
    const child = spawn('bash', ['-c', shell, process.execPath, ...args], { env, cwd: place.folder });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    const ended = await new Promise<string>((resolve) =>
      child.on('close', (code, signal) => resolve(signal ?? String(code))),
    );
    const ms = performance.now() - start;
    const line = stdout.trim().split('\n').at(-1) ?? '';
    const said = line.startsWith('{') ? (JSON.parse(line) as { provisional?: number; code?: string }) : {};
    return { ended, code: said.code ?? '', provisional: said.provisional ?? 0, ms, stderr: stderr.slice(-2000) };
  } finally {
    for (const child of busy) child.kill('SIGKILL');
  }
}

/** Indexes under a disturbance, then once more undisturbed, and compares what is stored with what a quiet run stored. */
export async function runDisturbed(
  place: { readonly dist: string; readonly repo: string; readonly folder: string },
  disturbance: Disturbance,
  expected: string,
  round = 0,
): Promise<DisturbanceResult> {
  const tree = headTree(place.repo);
  const store = join(place.folder, `store-${disturbance.name.replace(/\W+/g, '-')}-${round}`);
  const disturbed = await indexDisturbed({ ...place, store }, disturbance);
  const sameAtOnce = (await digestOrNull(store, tree)) === expected;
  const undisturbed = await indexDisturbed({ ...place, store }, null);
  const sameAfterwards = (await digestOrNull(store, tree)) === expected;
  const { name, flagsOnly } = disturbance;
  return { name, flagsOnly, disturbed, sameAtOnce, sameAfterwards, undisturbed };
}

const digestOrNull = (store: string, tree: Oid): Promise<string | null> => contentDigest(store, tree).catch(() => null);

export const headTree = (repo: string): Oid => git(repo, ['rev-parse', 'HEAD^{tree}']) as Oid;
