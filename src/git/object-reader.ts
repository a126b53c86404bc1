import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Socket } from 'node:net';
import { CoppiceError, IdleTimer, assert, decodeBytes, encodeBytes } from '../base/index.js';
import { asOid, type Oid } from '../model/index.js';
import { BatchParser, type BatchAnswer } from './batch-parser.js';
import { gitFailed, gitMessage, startFailed, startGit, type GitProcessOptions } from './process.js';

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
  private closed = false;
  private readonly idle: IdleTimer;

  constructor(
    private readonly processOptions: GitProcessOptions,
    idleMs = idleMsDefault,
  ) {
    this.idle = new IdleTimer(idleMs, () => this.rest());
  }

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
    this.child = null;
  }

  close(): void {
    this.closed = true;
    this.idle.stop();
    const child = this.child;
    this.child = null;
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
    if (this.closed || this.outbox.length === 0) return;
    this.child ??= this.start();
    setReferenced(this.child, true);
    const names = this.outbox;
    this.outbox = [];
    this.child.stdin.write(encodeBytes(`${names.join('\n')}\n`));
  }

  private start(): ChildProcessWithoutNullStreams {
    const child = startGit(['cat-file', '--batch'], this.processOptions);
    const parser = new BatchParser({
      header: (answer) => this.takeHeader(answer),
      content: (content) => this.takeContent(content),
    });
    const stderr: Buffer[] = [];
    const isCurrent = (): boolean => this.child === child;
    child.stdout.on('data', (chunk: Buffer) => {
      if (isCurrent()) parser.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (error) => {
      if (!isCurrent()) return;
      this.child = null;
      this.rejectAll(startFailed(error));
    });
    child.on('close', () => {
      if (!isCurrent()) return;
      this.child = null;
      this.recover(decodeBytes(Buffer.concat(stderr)));
    });
    return child;
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
    return request.keep?.(answer.type as ObjectType, answer.size) ?? true;
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

function closedError(): CoppiceError {
  return new CoppiceError('GIT_FAILED', 'the repository was closed');
}
