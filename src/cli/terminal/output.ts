import { CoppiceError, encodeBytes, systemErrorCode, messageOf } from '../../base/index.js';
import type { Sink } from '../io.js';

/** The reader of our output has gone (`| head`): nothing is wrong, there is only no more to do. */
export class OutputClosedError extends Error {
  override readonly name = 'OutputClosedError';
}

/** Large enough that a result of a million lines costs few system calls, small enough to come out at once. */
const blockLength = 64 * 1024;

/**
 * What a slow reader may leave to us. Much, because it may be a person with a pager, for whom the daemon, which gives up who
 * takes nothing, must not wait.
 */
const pendingBytesMax = 64 * 1024 * 1024;

/** Standard output in large blocks. Lone surrogates leave as the bytes they stand for (see `encodeBytes`). */
export class Output {
  private pending = '';

  constructor(private readonly sink: Sink) {}

  write(text: string): void {
    this.pending += text;
    if (this.pending.length >= blockLength) this.flush();
  }

  writeBytes(bytes: Uint8Array): void {
    this.flush();
    this.send(bytes);
  }

  /** One JSON document, or one line of a stream of them. */
  json(value: unknown): void {
    this.write(`${JSON.stringify(value)}\n`);
  }

  flush(): void {
    if (this.pending === '') return;
    const text = this.pending;
    this.pending = '';
    this.send(encodeBytes(text));
  }

  /** What was written goes out now; waits when the reader is so far behind that more would fill the memory. */
  async pass(): Promise<void> {
    this.flush();
    if (this.sink.pendingBytes > pendingBytesMax) await this.drained();
  }

  async end(): Promise<void> {
    this.flush();
    await this.drained();
  }

  private async drained(): Promise<void> {
    try {
      await this.sink.drain();
    } catch (error) {
      throw asOutputError(error);
    }
  }

  private send(bytes: Uint8Array): void {
    try {
      this.sink.write(bytes);
    } catch (error) {
      throw asOutputError(error);
    }
  }
}

function asOutputError(error: unknown): unknown {
  const code = systemErrorCode(error);
  // Windows reports a closed pipe as EOF.
  if (code === 'EPIPE' || code === 'EOF') return new OutputClosedError('nobody reads the output', { cause: error });
  const reason = messageOf(error);
  return new CoppiceError('INTERNAL', `cannot write to standard output: ${reason}`, {
    hint: 'look at where the output goes',
    cause: error,
  });
}
