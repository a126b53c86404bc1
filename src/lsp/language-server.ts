import {
  ErrorCodes,
  InitializeRequest,
  LSPErrorCodes,
  ProgressToken,
  ResponseError,
  ShutdownRequest,
  WorkDoneProgressCancelNotification,
} from 'vscode-languageserver/node';
import type { CancellationToken, InitializeResult } from 'vscode-languageserver/node';
import { CoppiceError } from '../base/index.js';
import type { CallOptions, Engines } from '../engine/index.js';
import type { Client } from './messages/client.js';
import { readInitializeParams, serverCapabilities } from './initialize.js';
import { notificationHandlers } from './notifications.js';
import { OpenDocuments } from './documents/open-documents.js';
import { isObject } from './answers/read-members.js';
import { requestHandlers } from './requests.js';
import { toResponseError } from './messages/response-error.js';
import { WorkProgress } from './workspace/work-progress.js';
import { Workspace } from './workspace/workspace.js';

interface ServerOptions {
  readonly client: Client;
  readonly openEngines: (onNote: (note: string) => void) => Promise<Engines>;
  readonly version: string;
  readonly progressDelayMs: number;
}

/** The life of a server, from `initialize` to `shutdown`, and what may be asked when. */
export class LanguageServer {
  hadShutdown = false;
  private readonly documents = new OpenDocuments();
  /** From `initialize` on, unless that failed. */
  private engines: Promise<Engines> | null = null;
  private workspace: Workspace | null = null;
  private closing: Promise<void> | null = null;
  /** One for each request that runs. */
  private readonly running = new Set<AbortController>();
  private readonly cancelledBy = new Map<ProgressToken, AbortController>();

  constructor(private readonly options: ServerOptions) {}

  /** Answers any request that a client makes. Rejects with a ResponseError. */
  async request(method: string, params: unknown, token: CancellationToken): Promise<unknown> {
    if (this.closing !== null) throw new ResponseError(ErrorCodes.InvalidRequest, 'the server was shut down');
    if (method === InitializeRequest.method) return this.initialize(params);
    const { workspace } = this;
    if (workspace === null) throw new ResponseError(ErrorCodes.ServerNotInitialized, `${method} before initialize`);
    if (method === ShutdownRequest.method) {
      this.hadShutdown = true;
      await this.close();
      return null;
    }
    const handler = requestHandlers.get(method);
    if (handler === undefined) throw new ResponseError(ErrorCodes.MethodNotFound, `unknown method ${method}`);
    const { client } = this.options;
    return this.run(method, params, token, (options) => handler(params, { workspace, client, options }));
  }

  /** What is malformed, or comes too early or too late, changes nothing. */
  notify(method: string, params: unknown): void {
    const { workspace, documents } = this;
    if (workspace === null || this.closing !== null) return;
    try {
      if (method === WorkDoneProgressCancelNotification.method) {
        const token = isObject(params) ? params['token'] : undefined;
        if (ProgressToken.is(token)) this.cancelledBy.get(token)?.abort();
      } else notificationHandlers.get(method)?.(params, { workspace, documents });
    } catch (error) {
      this.options.client.error(this.explain(method, error).message);
    }
  }

  /** Cancels what runs and releases everything. The first call does; all wait for it. */
  close(): Promise<void> {
    this.closing ??= this.release();
    return this.closing;
  }

  private async initialize(params: unknown): Promise<InitializeResult> {
    if (this.engines !== null) throw new ResponseError(ErrorCodes.InvalidRequest, 'initialize is asked once');
    const { client, openEngines, version } = this.options;
    try {
      const { folders, abilities } = readInitializeParams(params);
      client.abilities = abilities;
      this.engines = openEngines((note) => client.log(note));
      const workspace = new Workspace(await this.engines, this.documents, client);
      workspace.change(folders.map((uri) => ({ uri })));
      this.workspace = workspace;
      return { capabilities: serverCapabilities, serverInfo: { name: 'coppice', version } };
    } catch (error) {
      this.engines = null; // the client may try again
      throw this.explain('initialize', error);
    }
  }

  private async run<T>(
    method: string,
    params: unknown,
    token: CancellationToken,
    ask: (options: CallOptions) => Promise<T>,
  ): Promise<T> {
    const { client, progressDelayMs } = this.options;
    const controller = new AbortController();
    const named = isObject(params) ? params['workDoneToken'] : undefined;
    const progress = new WorkProgress(client, {
      token: ProgressToken.is(named) ? named : undefined,
      delayMs: progressDelayMs,
    });
    const { ownToken } = progress;
    const listening = token.onCancellationRequested(() => controller.abort());
    this.running.add(controller);
    if (ownToken !== undefined) this.cancelledBy.set(ownToken, controller);
    try {
      return await ask({ signal: controller.signal, onProgress: (done) => progress.update(done) });
    } catch (error) {
      if (controller.signal.aborted)
        throw new ResponseError(LSPErrorCodes.RequestCancelled, 'the request was cancelled');
      throw this.explain(method, error);
    } finally {
      progress.end();
      listening.dispose();
      this.running.delete(controller);
      if (ownToken !== undefined) this.cancelledBy.delete(ownToken);
    }
  }

  /** The error as the client is told it. A bug's stack goes to its log. */
  private explain(method: string, error: unknown): ResponseError<unknown> {
    if (!(error instanceof CoppiceError) || error.kind === 'internal') {
      this.options.client.error(`${method}: ${error instanceof Error ? error.stack : String(error)}`);
    }
    return toResponseError(error);
  }

  private async release(): Promise<void> {
    for (const controller of this.running) controller.abort();
    try {
      const engines = await this.engines;
      await this.workspace?.close();
      await engines?.close();
    } catch (error) {
      this.options.client.error(`closing: ${(error as Error).message}`);
    }
  }
}
