import { throwIfAborted } from '../../../base/index.js';
import type { CoppiceError } from '../../../base/index.js';
import {
  blocksStartLength,
  headLengthOf,
  isBlock,
  isInBlocks,
  packBlockBytes,
  packInvalid,
  readBlocksHead,
} from '../../../pack/index.js';
import type { BlocksHead } from '../../../pack/index.js';
import { inParallel, remoteInvalid } from '../../../remote/index.js';
import type { PackRef, Publications } from '../../../remote/index.js';
import { NotHere } from '../../../segment/index.js';
import type { PartRange } from '../../../segment/index.js';
import type { BlockFile, ByteParts, Store } from '../../../store/index.js';

interface Call {
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs?: number | undefined;
}

/** Of a pack of the usual size that is its head. */
const startBytes = 128 * 1024;
/** A request costs as much as bringing so many blocks that nobody asked for. */
const gapBlocks = 4;
const requestBlocks = 64;
/** What is read without having been told before is brought with what lies behind it, as it is read next. */
const aheadBlocks = 4;
const patienceMs = 30_000;

/** The head of a pack and where its parts are read; null for one that is not in blocks, and is to be read whole, or is gone. */
export async function openRangedParts(
  remote: Publications,
  ref: PackRef,
  store: Store,
  onGone: () => void,
  call: Call,
): Promise<{ readonly header: Buffer; readonly parts: RangedParts } | null> {
  const range = { offset: 0, length: Math.min(startBytes, ref.bytes) };
  let start = await remote.readPackRange(ref, range, call);
  if (start === null || start.length < blocksStartLength || !isInBlocks(start)) return null;
  const headLength = headLengthOf(start);
  if (headLength <= ref.bytes && start.length < headLength) {
    start = await remote.readPackRange(ref, { offset: 0, length: headLength }, call);
    if (start === null) return null;
  }
  const head = start.length < headLength ? null : readBlocksHead(ref.name, Buffer.from(start.subarray(0, headLength)));
  if (head === null || head.length + head.partsLength !== ref.bytes) throw notWritten(remote, ref);
  const parts = new RangedParts(remote, ref, head, store, onGone);
  parts.takeIn(0, start.subarray(headLength));
  return { header: head.header, parts };
}

const notWritten = ({ url }: Publications, { name }: PackRef): CoppiceError =>
  packInvalid(name, `${url}: pack ${name.slice(0, 16)} is not what was written under that name`);

/**
 * The parts of a pack that lies at a remote: blocks are brought as they are needed, checked against the pack's head, and kept in a file of the
 * store. What is not here throws NotHere.
 */
export class RangedParts implements ByteParts {
  readonly length: number;
  private readonly file: BlockFile;
  /** Blocks that are on their way. */
  private readonly coming = new Map<number, Promise<unknown>>();

  constructor(
    private readonly remote: Publications,
    private readonly ref: PackRef,
    private readonly head: BlocksHead,
    store: Store,
    /** The remote has the pack no more. */
    private readonly onGone: () => void,
  ) {
    this.length = head.partsLength;
    this.file = store.blocks.of({
      name: ref.name,
      length: this.length,
      blockBytes: packBlockBytes,
      isBlock: (number, bytes) => isBlock(head.hashes, number, bytes),
    });
  }

  read(offset: number, length: number): Buffer {
    const first = Math.floor(offset / packBlockBytes);
    const last = Math.max(first, Math.ceil((offset + length) / packBlockBytes) - 1);
    const blocks: Buffer[] = [];
    for (let number = first; number <= last; number++) {
      const block = this.file.block(number);
      if (block === null) throw this.notHere(offset, length);
      blocks.push(block);
    }
    const start = offset - first * packBlockBytes;
    return (blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks)).subarray(start, start + length);
  }

  /** Brings what is not here. What is on its way for others is waited for, and whether it came is told by reading it. */
  readonly bring = async (ranges: readonly PartRange[], signal: AbortSignal | undefined): Promise<void> => {
    const wanted = new Set<number>();
    for (const { offset, length } of ranges)
      for (let number = Math.floor(offset / packBlockBytes); number * packBlockBytes < offset + length; number++)
        if (number < this.file.blockCount && !this.file.has(number)) wanted.add(number);
    const others = new Set<Promise<unknown>>();
    const own: number[] = [];
    for (const number of wanted) {
      const coming = this.coming.get(number);
      if (coming === undefined) own.push(number);
      else others.add(coming);
    }
    const runs = runsOf(own.sort((a, b) => a - b));
    const reading = inParallel(runs, (run) => this.readRun(run, { signal, patienceMs }));
    for (const number of own) this.coming.set(number, reading);
    try {
      await reading;
    } finally {
      for (const number of own) this.coming.delete(number);
    }
    await Promise.allSettled(others);
    throwIfAborted(signal);
  };

  /** Keeps the whole blocks of bytes that begin at the start of one, checked. */
  takeIn(first: number, bytes: Buffer): void {
    for (let number = first, at = 0; number < this.file.blockCount; number++) {
      const length = this.file.lengthOf(number);
      if (at + length > bytes.length) return;
      const block = bytes.subarray(at, at + length);
      if (!isBlock(this.head.hashes, number, block)) throw notWritten(this.remote, this.ref);
      this.file.put(number, block);
      at += length;
    }
  }

  rest(): void {
    // Its blocks are within a bound of all.
  }

  close(): void {
    // Its file is the store's.
  }

  private notHere(offset: number, length: number): NotHere {
    const ahead = { offset, length: length + aheadBlocks * packBlockBytes };
    return new NotHere(`pack ${this.ref.name.slice(0, 16)}`, (signal) => this.bring([ahead], signal));
  }

  private async readRun({ first, count }: Run, call: Call): Promise<void> {
    const offset = this.head.length + first * packBlockBytes;
    const end = Math.min(offset + count * packBlockBytes, this.head.length + this.length);
    const bytes = await this.remote.readPackRange(this.ref, { offset, length: end - offset }, call);
    if (bytes === null) {
      this.onGone();
      throw remoteInvalid(this.remote.url, 'a pack that is searched where it is has gone: ask again');
    }
    if (bytes.length < end - offset) throw notWritten(this.remote, this.ref);
    this.takeIn(first, bytes);
  }
}

interface Run {
  readonly first: number;
  readonly count: number;
}

/** Blocks, ascending, by requests. */
function runsOf(blocks: readonly number[]): Run[] {
  const runs: { first: number; count: number }[] = [];
  for (const block of blocks) {
    const last = runs.at(-1);
    const count = last === undefined ? Infinity : block - last.first + 1;
    if (count <= requestBlocks && count - last!.count <= gapBlocks) last!.count = count;
    else runs.push({ first: block, count: 1 });
  }
  return runs;
}
