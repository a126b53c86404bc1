import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Socket } from 'node:net';
import { CoppiceError, IdleTimer, asCoppiceError, assert, decodeBytes, encodeBytes } from '../../base/index.js';
import { asOid, type Oid } from '../../model/index.js';
import { BatchParser, type BatchAnswer } from './batch-parser.js';
import { openFilesMax } from '../open-files.js';
import { descriptorHolders, gitFailed, gitMessage, startGit, type GitProcessOptions } from '../process.js';

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

export type ReadResult =
  | {
      readonly found: true;
      readonly oid: Oid;
      readonly type: ObjectType;
      readonly size: number;
      readonly content: Buffer | null;
    }
  /** `missing`, `ambiguous` or another word of git's; `message` when git gave up on the name with an explanation. */
  | { readonly found: false; readonly reason: string; readonly message?: string };

export interface ReadOptions {
  /** Whether the content is kept; else it is read and dropped. Default: always. */
  readonly keep?: (type: ObjectType, size: number) => boolean;
  /** The name comes from a user: git may die of it (`@{u}` without an upstream), which is then an answer. */
  readonly fromUser?: boolean;
}

interface Request extends ReadOptions {
  readonly name: string;
  readonly resolve: (result: ReadResult) => void;
  readonly reject: (error: CoppiceError) => void;
}

/**
 * Content beyond this is not held in one piece, whoever asks: what is larger is read by pieces (`gitOutput`), or not at all. It bounds
 * what a hostile object can take.
 */
export const contentBytesMax = 256 * 1024 * 1024;

/** Content that nobody wants is read up to here; beyond, starting another process is quicker. */
const passedOverBytesMax = 32 * 1024 * 1024;

/** Readers whose processes run, the one that was started last at the end. Each takes three descriptors. */
const running = new Set<ObjectReader>();
const runningMax = (): number => Math.max(2, Math.min(16, Math.floor(openFilesMax() / 16)));

/** A process that nobody has asked for so long is ended: it holds memory, and descriptors of packs that may be gone. */
const idleMsDefault = 20_000;

/**
 * Objects through one long-lived `git cat-file --batch`, started on first use and again after it was idle. Requests are pipelined: answers come in
 * the order of the questions. An object is what its oid says: nothing replaces it (refs/replace), an LFS pointer is the text that
 * it is. Nothing is fetched: an object that is not here is missing.
 */
export class ObjectReader {
  private child: ChildProcessWithoutNullStreams | null = null;
  private readonly waiting: Request[] = [];
  private nextWaiting = 0;
  private header: Exclude<BatchAnswer, { refused: string }> | null = null;
  private outbox: string[] = [];
  private isStarting = false;
  private closed = false;
  private readonly idle: IdleTimer;

  constructor(
    private readonly processOptions: GitProcessOptions,
    idleMs = idleMsDefault,
  ) {
    this.idle = new IdleTimer(idleMs, () => this.rest());
    descriptorHolders.add(this.letGo);
  }

  private readonly letGo = (): void => this.rest();

  /** Reads what a name of git's names: an oid, or for `fromUser` any expression for one object. */
  read(name: string, options: ReadOptions = {}): Promise<ReadResult> {
    assert(!/[\r\n\0]/.test(name), 'an object name is one line');
    return new Promise((resolve, reject) => {
      if (this.closed) reject(closedError());
      else this.ask({ ...options, name, resolve, reject });
    });
  }

  /** Ends the process if it has nothing to do. The next question starts one. */
  rest(): void {
    if (this.waiting.length > 0) return;
    this.idle.stop();
    this.child?.stdin.end();
    this.setChild(null);
  }

  close(): void {
    descriptorHolders.delete(this.letGo);
    this.closed = true;
    this.idle.stop();
    const child = this.child;
    this.setChild(null);
    child?.stdin.end();
    child?.kill();
    this.rejectAll(closedError());
  }

  private ask(request: Request): void {
    this.waiting.push(request);
    if (this.outbox.length === 0) setImmediate(() => this.flush());
    this.outbox.push(request.name);
  }

  private flush(): void {
    if (this.closed || this.outbox.length === 0 || this.isStarting) return;
    if (this.child === null) {
      this.isStarting = true;
      this.start().then(
        () => this.started(),
        (error: unknown) => {
          this.isStarting = false;
          this.rejectAll(asCoppiceError(error));
        },
      );
      return;
    }
    setReferenced(this.child, true);
    const names = this.outbox;
    this.outbox = [];
    this.child.stdin.write(encodeBytes(`${names.join('\n')}\n`));
  }

  private started(): void {
    this.isStarting = false;
    if (this.closed) {
      this.child?.kill();
      this.setChild(null);
    } else this.flush();
  }

  private setChild(child: ChildProcessWithoutNullStreams | null): void {
    this.child = child;
    running.delete(this);
    if (child !== null) running.add(this);
  }

  private async start(): Promise<void> {
    for (const other of running) {
      if (running.size < runningMax()) break;
      other.rest(); // unless it is busy
    }
    const child = await startGit(['cat-file', '--batch'], this.processOptions);
    this.setChild(child);
    const parser = new BatchParser({
      header: (answer) => this.takeHeader(answer),
      content: (content) => this.takeContent(content),
    });
    const stderr: Buffer[] = [];
    const isCurrent = (): boolean => this.child === child;
    child.stdout.on('data', (chunk: Buffer) => {
      if (!isCurrent()) return;
      try {
        parser.push(chunk);
      } catch (error) {
        // Nobody knows where in git's output we are: all who wait are told, and the next question starts another process.
        this.setChild(null);
        child.kill();
        this.rejectAll(asCoppiceError(error));
      }
    });
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('close', () => {
      if (!isCurrent()) return;
      this.setChild(null);
      this.recover(decodeBytes(Buffer.concat(stderr)));
    });
  }

  private takeHeader(answer: BatchAnswer): boolean {
    const request = this.waiting[this.nextWaiting];
    if (request === undefined) return false;
    if ('refused' in answer) {
      this.shift();
      request.resolve({ found: false, reason: answer.refused });
      return false;
    }
    this.header = answer;
    const { oid, type, size } = answer;
    const isWanted = request.keep?.(type as ObjectType, size) ?? true;
    if (size <= (isWanted ? contentBytesMax : passedOverBytesMax)) return isWanted;
    this.header = null;
    this.shift();
    if (isWanted) request.reject(objectTooLarge(oid, type, size));
    else request.resolve({ found: true, oid: asOid(oid), type: type as ObjectType, size, content: null });
    this.restart();
    return false;
  }

  private takeContent(content: Buffer | null): void {
    const request = this.waiting[this.nextWaiting];
    const header = this.header;
    this.header = null;
    if (request === undefined || header === null) return;
    this.shift();
    const { oid, type, size } = header;
    request.resolve({ found: true, oid: asOid(oid), type: type as ObjectType, size, content });
  }

  /** Ends the process in the middle of its answers: those who still wait are asked again of another. */
  private restart(): void {
    const child = this.child;
    this.setChild(null);
    child?.kill();
    const others = this.waiting.slice(this.nextWaiting);
    this.waiting.length = 0;
    this.nextWaiting = 0;
    this.outbox = [];
    for (const request of others) this.ask(request);
  }

  private shift(): void {
    if (++this.nextWaiting === this.waiting.length) {
      this.waiting.length = 0;
      this.nextWaiting = 0;
      if (this.child) setReferenced(this.child, false);
      this.idle.touch();
    } else if (this.nextWaiting === 1024) {
      this.waiting.splice(0, this.nextWaiting);
      this.nextWaiting = 0;
    }
  }

  /**
   * The process has ended though we did not end it. When the question it died of explains that (a user's expression), it is
   * answered and the others are asked again.
   */
  private recover(stderr: string): void {
    this.header = null;
    this.outbox = [];
    const [head, ...others] = this.waiting.slice(this.nextWaiting);
    if (head === undefined) return;
    if (!head.fromUser || !complaintsAboutNames.test(stderr)) {
      this.rejectAll(gitFailed('cat-file', stderr.trim() || 'it ended unexpectedly'));
      return;
    }
    this.waiting.length = 0;
    this.nextWaiting = 0;
    head.resolve({ found: false, reason: 'missing', message: gitMessage(stderr) });
    for (const request of others) this.ask(request);
  }

  private rejectAll(error: CoppiceError): void {
    const requests = this.waiting.slice(this.nextWaiting);
    this.waiting.length = 0;
    this.nextWaiting = 0;
    this.outbox = [];
    this.header = null;
    for (const request of requests) request.reject(error);
  }
}

/** What git dies of when a rev expression asks for something that is not there, instead of calling it missing. */
const complaintsAboutNames =
  /^fatal: .*(upstream|no such branch|does not point to a branch|log for|relative path|push|invalid object name|not exist|outside repository)/m;

/** An idle reader must not keep a program from ending. */
function setReferenced(child: ChildProcessWithoutNullStreams, referenced: boolean): void {
  for (const handle of [child, child.stdin, child.stdout, child.stderr] as unknown as Socket[]) {
    if (referenced) handle.ref();
    else handle.unref();
  }
}

export function objectTooLarge(oid: string, type: string, size: number, limitBytes = contentBytesMax): CoppiceError {
  return new CoppiceError(
    'TOO_LARGE',
    `${type} ${oid} has ${size} bytes; at most ${limitBytes} are read in one piece`,
    {
      hint: 'ask for some of its lines',
      data: { oid, sizeBytes: size, limitBytes },
    },
  );
}

function closedError(): CoppiceError {
  return new CoppiceError('GIT_FAILED', 'the repository was closed');
}
