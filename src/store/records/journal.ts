import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  readdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import { CoppiceError, crc32, systemErrorCode, uniqueSuffix } from '../../base/index.js';
import { syncFolder } from '../files/paged-file.js';
import { privateFileMode } from '../files/permissions.js';
import { asStoreError } from '../store-errors.js';

/**
 * An append-only file of checksummed JSON records that any number of processes read and append to without a lock.
 *
 * A record is one frame, appended by a single `write` on an O_APPEND descriptor, so the file gives all records of
 * all processes one order, and a writer learns what came of its record by reading the file up to it. Frame: magic
 * u32, payload length u32, CRC-32 of the payload u32, payload.
 *
 * When a journal has grown, someone appends a `seal`: records behind it do not count. The state at the seal is
 * final, so whoever sees the seal first writes it out as the next journal's beginning; all would write the same.
 */
const frameMagic = 0x314a5043; // "CPJ1"
const frameMarker = Buffer.from('CPJ1', 'latin1'); // the magic as bytes
const frameHeader = 12;
const payloadLengthMax = 16 * 1024 * 1024;

/** A record as JSON; `t` says which. */
export type JournalRecord = { readonly t: string } & Readonly<Record<string, unknown>>;

/** A part of the journal that is not a valid record, with valid records behind it. */
export interface JournalDamage {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** What the journal's owner keeps: the state that the records add up to. */
export interface JournalState {
  /** Forgets everything: the records of a new journal follow. */
  reset(): void;
  apply(record: JournalRecord): void;
  /** The fewest records that make this state. */
  compact(): JournalRecord[];
}

export class Journal {
  private fd = -1;
  private sequence = 0;
  private offset = 0;
  private unfinished = 0;
  private writable = true;
  private sealed = false;
  private known: JournalDamage[] = [];
  private readonly tornNotes = new Map<number, number>();

  private constructor(
    private readonly folder: string,
    private readonly state: JournalState,
  ) {}

  /** Makes the first journal of a store unless it has one. */
  static create(folder: string): void {
    if (newestSequence(folder) === 0) writeJournal(folder, 1, []);
  }

  /** Opens the newest journal of a store's folder. If it is gone, a new one says so. */
  static open(folder: string, state: JournalState): Journal {
    const journal = new Journal(folder, state);
    for (let tries = 0; ; tries++) {
      const newest = newestSequence(folder);
      if (newest === 0) writeJournal(folder, 1, [{ t: 'lost' }]);
      try {
        journal.switchTo(newest || 1);
        break;
      } catch (error) {
        // It was rotated away between listing and opening.
        if (systemErrorCode(error) !== 'ENOENT' || tries > 100) throw asStoreError(error, folder);
      }
    }
    journal.refresh();
    return journal;
  }

  /** Damaged parts, other than an unfinished record at the very end. */
  get damage(): readonly JournalDamage[] {
    return this.known.filter(({ offset, length }) => (this.tornNotes.get(offset) ?? -1) < offset + length);
  }

  /** Bytes at the end, as of the last look, that were not a whole record: an append that was cut short, or is under way. */
  get tornBytes(): number {
    return this.unfinished;
  }

  get sizeBytes(): number {
    return fstatSync(this.fd).size;
  }

  /** Applies records that were appended since, by anyone. */
  refresh(): void {
    for (;;) {
      const size = this.sizeBytes;
      if (!this.sealed && size > this.offset) this.readTail(size);
      if (!this.sealed || !this.openSuccessor()) return;
    }
  }

  /**
   * Appends a record, durably: one that is not `durable` is made so by the next that is. On return the record, and all before
   * it, have been applied to the state; whether it had its effect is for the state to say.
   */
  append(record: JournalRecord, { durable = true }: { readonly durable?: boolean } = {}): void {
    this.tryAppend(record, { insist: true, durable });
  }

  /** Without `insist`, not into another journal than the one that is current now. */
  private tryAppend(
    record: JournalRecord,
    { insist, durable }: { readonly insist: boolean; readonly durable: boolean },
  ): void {
    for (;;) {
      this.refresh();
      this.openForAppend();
      if (this.isRemoved) {
        // Deleted under us: the state is all here.
        this.writeSuccessor();
        this.switchTo(this.sequence + 1);
        continue;
      }
      const frame = encodeFrame(record);
      const torn = this.tornBytes;
      const note = torn > 0 ? encodeFrame({ t: 'torn', from: this.offset, to: this.offset + torn }) : Buffer.alloc(0);
      const bytes = Buffer.concat([note, frame]);
      const sequence = this.sequence;
      try {
        const written = writeSync(this.fd, bytes);
        if (written !== bytes.length) throw new CoppiceError('STORE_FULL', 'the journal could not be written in full');
        if (durable) fdatasyncSync(this.fd);
      } catch (error) {
        throw asStoreError(error, this.folder);
      }
      const counted = this.readTailCounting(frame);
      if ((counted && this.sequence === sequence) || !insist) return;
    }
  }

  /** Ends this journal, if it is longer than `bytesMin`, and begins the next with the compacted state. */
  rotate(bytesMin = 0): void {
    this.refresh();
    if (this.sizeBytes <= bytesMin) return;
    this.tryAppend({ t: 'seal' }, { insist: false, durable: true });
    this.refresh();
  }

  close(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }

  /** Reads the tail; true when `frame` was met before a seal. */
  private readTailCounting(frame: Buffer): boolean {
    const seen = this.readTail(this.sizeBytes, frame);
    if (this.sealed && !seen) this.refresh();
    return seen;
  }

  private readTail(size: number, wanted?: Buffer): boolean {
    const bytes = Buffer.allocUnsafe(size - this.offset);
    let length = 0;
    while (length < bytes.length) {
      const count = readSync(this.fd, bytes, length, bytes.length - length, this.offset + length);
      if (count === 0) break;
      length += count;
    }
    let at = 0;
    let seen = false;
    while (at < length) {
      const end = frameEnd(bytes, at, length);
      if (end < 0) {
        let next = nextFrame(bytes, at + 1, length);
        if (next < 0) {
          if (isUnfinished(bytes, at, length)) break; // perhaps still being written
          next = length;
        }
        this.known.push({ file: fileName(this.sequence), offset: this.offset + at, length: next - at });
        at = next;
        continue;
      }
      const frame = bytes.subarray(at, end);
      const record = JSON.parse(frame.toString('utf8', frameHeader)) as JournalRecord;
      at = end;
      if (wanted?.equals(frame)) seen = true;
      if (record.t === 'seal') {
        this.sealed = true;
        break;
      }
      if (record.t === 'lost') this.known.push({ file: fileName(this.sequence), offset: 0, length: 0 });
      else if (record.t === 'torn') this.tornNotes.set(Number(record['from']), Number(record['to']));
      else this.state.apply(record);
    }
    this.offset += at;
    this.unfinished = this.sealed ? 0 : length - at;
    return seen;
  }

  /** Goes on in the journal after this one, making it if need be; false when it may not. */
  private openSuccessor(): boolean {
    for (let tries = 0; ; tries++) {
      // Journals between may have come and gone.
      const newest = newestSequence(this.folder);
      try {
        if (newest <= this.sequence) this.writeSuccessor();
        this.switchTo(Math.max(newest, this.sequence + 1));
        return true;
      } catch (error) {
        if (error instanceof CoppiceError && error.code === 'STORE_READ_ONLY') return false;
        if (systemErrorCode(error) !== 'ENOENT' || tries > 100) throw asStoreError(error, this.folder);
      }
    }
  }

  private switchTo(sequence: number): void {
    const path = join(this.folder, fileName(sequence));
    let fd: number;
    let writable = true;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_APPEND);
    } catch (error) {
      const code = systemErrorCode(error);
      if (code !== 'EACCES' && code !== 'EROFS' && code !== 'EPERM') throw error;
      fd = openSync(path, 'r');
      writable = false;
    }
    this.close();
    this.fd = fd;
    this.writable = writable;
    this.sequence = sequence;
    this.offset = 0;
    this.unfinished = 0;
    this.sealed = false;
    this.known = [];
    this.tornNotes.clear();
    this.state.reset();
  }

  private openForAppend(): void {
    if (this.writable) return;
    throw asStoreError(Object.assign(new Error('read-only'), { code: 'EACCES' }), this.folder);
  }

  private get isRemoved(): boolean {
    return fstatSync(this.fd).nlink === 0;
  }

  private writeSuccessor(): void {
    const next = this.sequence + 1;
    writeJournal(this.folder, next, this.state.compact());
    // If there are later ones, it had been there before and was gone: it must not come back.
    const isLate = newestSequence(this.folder) > next;
    unlinkIfThere(join(this.folder, fileName(isLate ? next : this.sequence)));
  }
}

const fileName = (sequence: number): string => `journal-${sequence}`;

/** Writes a journal, whole or not at all; another process may be first. */
function writeJournal(folder: string, sequence: number, records: readonly JournalRecord[]): void {
  const path = join(folder, fileName(sequence));
  const draft = `${path}.tmp-${uniqueSuffix()}`;
  try {
    try {
      const fd = openSync(draft, 'wx', privateFileMode);
      try {
        const bytes = Buffer.concat(records.map(encodeFrame));
        for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      linkSync(draft, path);
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    } finally {
      unlinkIfThere(draft);
    }
    syncFolder(folder);
  } catch (error) {
    throw asStoreError(error, path);
  }
}

function newestSequence(folder: string): number {
  let newest = 0;
  for (const name of readdirSync(folder)) {
    const match = /^journal-(\d+)$/.exec(name);
    if (match) newest = Math.max(newest, Number(match[1]));
  }
  return newest;
}

function encodeFrame(record: JournalRecord): Buffer {
  const payload = Buffer.from(JSON.stringify(record), 'utf8');
  const frame = Buffer.allocUnsafe(frameHeader + payload.length);
  frame.writeUInt32LE(frameMagic, 0);
  frame.writeUInt32LE(payload.length, 4);
  frame.writeUInt32LE(crc32(payload), 8);
  payload.copy(frame, frameHeader);
  return frame;
}

/** End of the valid frame at `at`, or -1. */
function frameEnd(bytes: Buffer, at: number, length: number): number {
  if (at + frameHeader > length || bytes.readUInt32LE(at) !== frameMagic) return -1;
  const payloadLength = bytes.readUInt32LE(at + 4);
  const end = at + frameHeader + payloadLength;
  if (payloadLength > payloadLengthMax || end > length) return -1;
  return crc32(bytes.subarray(at + frameHeader, end)) === bytes.readUInt32LE(at + 8) ? end : -1;
}

/** Whether the bytes at the end are beginnings of frames, as appends that were cut short leave them. */
function isUnfinished(bytes: Buffer, at: number, length: number): boolean {
  const magicLength = Math.min(4, length - at);
  if (bytes.compare(frameMarker, 0, magicLength, at, at + magicLength) !== 0) return false;
  const next = bytes.indexOf(frameMarker, at + 1);
  const end = next < 0 || next >= length ? length : next;
  if (end - at >= frameHeader) {
    const isWhole = at + frameHeader + bytes.readUInt32LE(at + 4) <= end;
    // A whole record whose length is damaged looks unfinished too, but for its checksum.
    if (isWhole || crc32(bytes.subarray(at + frameHeader, end)) === bytes.readUInt32LE(at + 8)) return false;
  }
  return end === length || isUnfinished(bytes, end, length);
}

/** Start of the next valid frame from `at`, or -1. */
function nextFrame(bytes: Buffer, at: number, length: number): number {
  for (;;) {
    const found = bytes.indexOf(frameMarker, at);
    if (found < 0 || found >= length) return -1;
    if (frameEnd(bytes, found, length) >= 0) return found;
    at = found + 1;
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}
