import type { ProgressToken } from 'vscode-languageserver/node';
import { elapsedMs, uniqueSuffix } from '../../base/index.js';
import type { Progress } from '../../engine/index.js';
import { phaseNames } from '../../model/index.js';
import type { Client } from '../messages/client.js';

const reportIntervalMs = 100;

export interface WorkProgressOptions {
  /** Named by the client with its request; else we make one, if the client lets us. */
  readonly token: ProgressToken | undefined;
  /** How long a request may take before a progress of our own is shown: one that flashes up only distracts. */
  readonly delayMs: number;
}

/** Shows how far one request has come, if its work turns out to take long. */
export class WorkProgress {
  /** A token of ours, with which the client may cancel the request. */
  readonly ownToken: string | undefined;
  private readonly startMs = elapsedMs();
  private state: 'quiet' | 'asking' | 'shown' | 'ended' = 'quiet';
  private reportedMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly client: Client,
    private readonly options: WorkProgressOptions,
  ) {
    this.ownToken = options.token === undefined && client.abilities.progress ? `coppice-${uniqueSuffix()}` : undefined;
  }

  update(progress: Progress): void {
    if (this.state === 'quiet') this.show();
    const now = elapsedMs();
    if (this.state !== 'shown' || now - this.reportedMs < reportIntervalMs) return;
    this.reportedMs = now;
    this.client.progress(this.token, { kind: 'report', ...describe(progress) });
  }

  /** Nothing is reported afterwards. */
  end(): void {
    if (this.state === 'shown') this.client.progress(this.token, { kind: 'end' });
    this.state = 'ended';
  }

  private get token(): ProgressToken {
    return this.options.token ?? this.ownToken ?? '';
  }

  private show(): void {
    if (this.options.token !== undefined) return this.begin();
    if (this.ownToken === undefined || elapsedMs() - this.startMs < this.options.delayMs) return;
    this.state = 'asking';
    void this.client.createProgress(this.token).then((created) => {
      if (!created) return;
      const ended = this.state === 'ended';
      this.begin();
      if (ended) this.end(); // a progress that was created has to begin and end
    });
  }

  private begin(): void {
    this.state = 'shown';
    this.client.progress(this.token, {
      kind: 'begin',
      title: 'Coppice',
      cancellable: this.ownToken !== undefined,
      percentage: 0,
    });
  }
}

function describe({ phase, done, total, unit, what }: Progress): { message: string; percentage?: number } {
  const amount = unit === 'bytes' ? '' : ` ${total > 0 ? `${done}/${total}` : done} ${unit}`;
  const message = `${phaseNames[phase]}${amount}${what === '' ? '' : ` (${what})`}`;
  // Clients expect a share that only grows, and each phase begins anew: the long one counts.
  return phase === 'index' && total > 0 ? { message, percentage: Math.floor((done / total) * 100) } : { message };
}
