import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Oid } from '../../model/index.js';
import { Journal } from './journal.js';
import type { JournalRecord, JournalState } from './journal.js';
import { privateFolderMode } from '../files/permissions.js';
import { asStoreError } from '../store-errors.js';

export const packagesFolder = 'packages';
/** A record stays well below what a journal takes. */
const recordEntriesMax = 10_000;

/** What packages of registries hold, by what lock files say of them: a journal of its own, which only those read who ask about packages. */
export class PackageRecords implements JournalState {
  private readonly byKey = new Map<string, Oid>();
  private journal: Journal | null = null;

  constructor(private readonly storePath: string) {}

  find(key: string): Oid | undefined {
    // Reading makes nothing.
    if (this.journal === null && !existsSync(join(this.storePath, packagesFolder))) return undefined;
    this.open();
    return this.byKey.get(key);
  }

  /** How many there are. */
  get count(): number {
    if (this.journal === null && !existsSync(join(this.storePath, packagesFolder))) return 0;
    this.open();
    return this.byKey.size;
  }

  add(found: ReadonlyMap<string, Oid>): void {
    if (found.size === 0) return;
    this.open();
    for (const record of recordsOf(found)) this.journal!.append(record);
  }

  close(): void {
    this.journal?.close();
    this.journal = null;
  }

  reset(): void {
    this.byKey.clear();
  }

  apply(record: JournalRecord): void {
    const { t, found } = record as { t: string; found?: unknown };
    if (t !== 'packages' || !Array.isArray(found)) return;
    for (const [key, oid] of found as [string, Oid][]) this.byKey.set(key, oid);
  }

  compact(): JournalRecord[] {
    return recordsOf(this.byKey);
  }

  private open(): void {
    if (this.journal !== null) {
      this.journal.refresh();
      return;
    }
    const folder = join(this.storePath, packagesFolder);
    try {
      mkdirSync(folder, { recursive: true, mode: privateFolderMode });
    } catch (error) {
      throw asStoreError(error, folder);
    }
    Journal.create(folder);
    this.journal = Journal.open(folder, this);
  }
}

function recordsOf(found: ReadonlyMap<string, Oid>): JournalRecord[] {
  const all = [...found];
  const records: JournalRecord[] = [];
  for (let at = 0; at < all.length; at += recordEntriesMax)
    records.push({ t: 'packages', found: all.slice(at, at + recordEntriesMax) });
  return records;
}
