import { appendFileSync, closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';

import { crc32, systemErrorCode } from '../../base/index.js';
import { privateFileMode, privateFolderMode } from '../files/permissions.js';
import { asStoreError } from '../store-errors.js';

/** What is said of a chunk, by what it holds (see text's `contentNameOf`). */
export interface StoredDescription {
  /** Base64url. */
  readonly key: string;
  readonly text: string;
}

const lineLengthMax = 1024 * 1024;

/**
 * What one model says of chunks, in the order in which it did: a file that only grows, each line with its CRC-32. A line is of a chunk's
 * content, not of a place in a segment: merging and collecting change nothing of it, and a chunk that comes again is known. Processes
 * append without a lock; a line that was cut short, or is damaged, counts as none.
 */
export class DescriptionLog {
  private readonly texts = new Map<string, string>();
  private readBytes = 0;
  /** What has been read of a line that is not whole yet. */
  private rest: Buffer = Buffer.alloc(0);

  constructor(private readonly path: string) {}

  /** Those there were when they were last read; see `refresh`. */
  get count(): number {
    return this.texts.size;
  }

  textOf(key: string): string | undefined {
    return this.texts.get(key);
  }

  /** In the order in which they came; those after the first `skipped`. */
  *entries(skipped = 0): Generator<StoredDescription> {
    let at = 0;
    for (const [key, text] of this.texts) if (at++ >= skipped) yield { key, text };
  }

  /** Reads what was added, by whoever. */
  refresh(): void {
    let file: number;
    try {
      file = openSync(this.path, 'r');
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return;
      throw asStoreError(error, this.path);
    }
    try {
      const { size } = fstatSync(file);
      while (this.readBytes < size) {
        const part = Buffer.alloc(Math.min(size - this.readBytes, lineLengthMax));
        const count = readSync(file, part, 0, part.length, this.readBytes);
        if (count === 0) break;
        this.readBytes += count;
        this.take(part.subarray(0, count));
      }
    } finally {
      closeSync(file);
    }
  }

  /** Adds descriptions, which are on the disk when it returns. */
  append(descriptions: readonly StoredDescription[]): void {
    if (descriptions.length === 0) return;
    // It begins with the end of a line, so that one that was cut short takes no other with it.
    const lines = `\n${descriptions.map(({ key, text }) => lineOf(JSON.stringify([key, text]))).join('')}`;
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: privateFolderMode });
      const file = openSync(this.path, 'a', privateFileMode);
      try {
        appendFileSync(file, lines);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw asStoreError(error, this.path);
    }
    this.refresh();
  }

  private take(part: Buffer): void {
    let bytes = this.rest.length === 0 ? part : Buffer.concat([this.rest, part]);
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a)) {
      this.takeLine(bytes.subarray(0, end).toString('utf8'));
      bytes = bytes.subarray(end + 1);
    }
    this.rest = Buffer.from(bytes.length > lineLengthMax ? Buffer.alloc(0) : bytes);
  }

  private takeLine(line: string): void {
    const json = line.slice(9);
    if (json === '' || line !== lineOf(json).trimEnd()) return;
    const [key, text] = JSON.parse(json) as [string, string];
    // The first is kept: two who described one chunk at the same time agree from then on.
    if (!this.texts.has(key)) this.texts.set(key, text);
  }
}

const lineOf = (json: string): string => `${(crc32(Buffer.from(json)) >>> 0).toString(16).padStart(8, '0')} ${json}\n`;
