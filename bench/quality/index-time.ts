import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { elapsedMs } from '../../src/base/index.js';
import type * as coppice from '../../src/index.js';
import { percentile } from '../../src/evaluation/index.js';
import type { LabelledRepository } from './sets.js';

export interface IndexTime {
  readonly textBytes: number;
  readonly chunks: number;
  /** Medians of cold indexes, each into an empty store, in a process that has indexed before. */
  readonly withMs: number;
  readonly withoutMs: number;
  /** What vectors add to the least of these, in time and in CPU time: what else the machine does only ever takes longer. */
  readonly added: number;
  readonly cpuAdded: number;
}

interface Job {
  readonly path: string;
  readonly rev: string;
}

interface Done {
  readonly ms: number;
  readonly cpuMs: number;
  readonly textBytes: number;
  readonly chunks: number;
}

const rounds = 5;

/**
 * Cold indexes of the repositories with and without vectors, in turns: one process runs the build as it is, another a copy of it
 * that lacks the model.
 */
export async function measureIndexTime(
  repositories: readonly LabelledRepository[],
  onDone: (name: string, time: IndexTime) => void,
): Promise<Map<string, IndexTime>> {
  const folder = mkdtempSync(join(tmpdir(), 'coppice-without-'));
  copyWithoutModel(resolve('.'), folder);
  const withVectors = new Indexer(resolve('dist'));
  const without = new Indexer(join(folder, 'dist'));
  try {
    const times = new Map<string, IndexTime>();
    for (const { name, path, rev } of repositories) {
      const both: { yes: Done; no: Done }[] = [];
      // The first warms up code and the machine's caches.
      for (let round = 0; round <= rounds; round++) {
        const [first, second] = round % 2 === 0 ? [withVectors, without] : [without, withVectors];
        const one = await first.index({ path, rev });
        const other = await second.index({ path, rev });
        if (round > 0) both.push(first === withVectors ? { yes: one, no: other } : { yes: other, no: one });
      }
      const { textBytes, chunks } = both[0]!.yes;
      const medianOf = (value: (pair: { yes: Done; no: Done }) => number): number => percentile(both.map(value), 0.5);
      const withMs = medianOf(({ yes }) => yes.ms);
      const withoutMs = medianOf(({ no }) => no.ms);
      const leastOf = (value: (pair: { yes: Done; no: Done }) => number): number => Math.min(...both.map(value));
      const added = leastOf(({ yes }) => yes.ms) / leastOf(({ no }) => no.ms) - 1;
      const cpuAdded = leastOf(({ yes }) => yes.cpuMs) / leastOf(({ no }) => no.cpuMs) - 1;
      times.set(name, { textBytes, chunks, withMs, withoutMs, added, cpuAdded });
      onDone(name, times.get(name)!);
    }
    return times;
  } finally {
    withVectors.end();
    without.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function copyWithoutModel(root: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true, filter: (path) => !path.endsWith('.model') });
  for (const name of ['grammars', 'node_modules', 'package.json']) symlinkSync(join(root, name), join(folder, name));
}

/** A process that indexes with one build of the library. */
class Indexer {
  private readonly child: ChildProcess;

  constructor(dist: string) {
    this.child = fork(fileURLToPath(import.meta.url), ['--index-with', dist]);
  }

  index(job: Job): Promise<Done> {
    return new Promise((done, fail) => {
      const onExit = (code: number | null): void => fail(new Error(`an indexing process ended with ${String(code)}`));
      this.child.once('exit', onExit);
      this.child.once('message', (message) => {
        this.child.off('exit', onExit);
        done(message as Done);
      });
      this.child.send(job);
    });
  }

  end(): void {
    this.child.kill();
  }
}

/** What an indexing process does: a cold index for each job that it is sent. */
export async function serveIndexing(dist: string): Promise<void> {
  const { openEngine } = (await import(pathToFileURL(join(dist, 'index.js')).href)) as typeof coppice;
  process.on('message', ({ path, rev }: Job) => {
    void (async () => {
      const store = mkdtempSync(join(tmpdir(), 'coppice-index-'));
      const startMs = elapsedMs();
      const startCpu = process.cpuUsage();
      const engine = await openEngine({ repo: path, store });
      const { newBytes, newChunks } = await engine.index([rev]);
      const ms = elapsedMs() - startMs;
      const { user, system } = process.cpuUsage(startCpu);
      await engine.close();
      rmSync(store, { recursive: true, force: true });
      const done: Done = { ms, cpuMs: (user + system) / 1000, textBytes: newBytes, chunks: newChunks };
      process.send!(done);
    })();
  });
}
