import {
  LogMessageNotification,
  MessageType,
  WorkDoneProgress,
  WorkDoneProgressCreateRequest,
} from 'vscode-languageserver/node';
import type {
  ProgressToken,
  MessageConnection,
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from 'vscode-languageserver/node';

/** A log line may quote what a client sent. */
const logLengthMax = 2000;

/** What the client can do, of what we ask. */
export interface ClientAbilities {
  /** The server may begin to show progress on its own. */
  readonly progress: boolean;
  /** Symbols of a document may be nested. */
  readonly nestedSymbols: boolean;
}

/** What we tell the client on our own. Nothing here fails: a client that has gone needs to be told nothing. */
export class Client {
  abilities: ClientAbilities = { progress: false, nestedSymbols: false };
  private readonly pending = new Set<Promise<unknown>>();
  private gone = false;

  /** `connection` is asked for late, as it logs to this client itself. */
  constructor(private readonly connection: () => MessageConnection) {}

  /** Call when nothing can be written any more. */
  markGone(): void {
    this.gone = true;
  }

  log(message: string): void {
    this.send(MessageType.Info, message);
  }

  warn(message: string): void {
    this.send(MessageType.Warning, message);
  }

  error(message: string): void {
    this.send(MessageType.Error, message);
  }

  progress(token: ProgressToken, value: WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd): void {
    this.attempt(() => this.connection().sendProgress(WorkDoneProgress.type, token, value));
  }

  /** Whether the client shows progress under this token from now on. */
  async createProgress(token: ProgressToken): Promise<boolean> {
    if (this.gone) return false;
    try {
      await this.connection().sendRequest(WorkDoneProgressCreateRequest.type, { token });
      return true;
    } catch {
      return false;
    }
  }

  /** Resolves when all that was said so far is written, or cannot be. */
  async flushed(): Promise<void> {
    await Promise.all(this.pending);
  }

  private send(type: MessageType, text: string): void {
    const message = text.length > logLengthMax ? `${text.slice(0, logLengthMax)}…` : text;
    this.attempt(() => this.connection().sendNotification(LogMessageNotification.type, { type, message }));
  }

  private attempt(write: () => Promise<void>): void {
    if (this.gone) return;
    try {
      const written = write()
        .catch(() => this.markGone())
        .finally(() => this.pending.delete(written));
      this.pending.add(written);
    } catch {
      this.markGone(); // the connection is closed
    }
  }
}
