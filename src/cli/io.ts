/** Where bytes go. */
export interface Sink {
  /** Throws the system's error (EPIPE, ENOSPC) of this write or of one before. */
  write(bytes: Uint8Array): void;
  /** Settles once all that was written has left the process. */
  drain(): Promise<void>;
  /** Bytes that were written and have not left the process. */
  readonly pendingBytes: number;
  readonly isTerminal: boolean;
  /** Width of the terminal, 80 when unknown. */
  readonly columns: number;
}

/** All that the command line touches of its process; a test passes its own. */
export interface Io {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readStdin(): Promise<Uint8Array>;
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
  /** Calls `tick` again and again until the function that comes back is called; does not keep the process. */
  every?(ms: number, tick: () => void): () => void;
}
