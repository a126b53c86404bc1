import { encodeBytes } from '../../base/index.js';
import type { Progress } from '../../engine/index.js';
import { phaseNames } from '../../model/index.js';
import { formatBytes, formatCount, formatDuration } from './format.js';
import type { GlobalValues } from '../global-flags.js';
import type { Io } from '../io.js';
import { createPaint, visibleLength, wantsColour, type Paint } from './style.js';

/** Quick work shows nothing at all: a bar that flashes up only distracts. */
const quietMs = 200;
const intervalMs = 100;
const barWidth = 20;
/** Where there is no bar, a line now and then, the more seldom the longer it takes. */
const lineEveryMs = (sinceStartMs: number): number => (sinceStartMs < 20_000 ? 1500 : 10_000);
/** Rates and what is left are told by what was done in the last seconds: work begins slower than it goes on. */
const rateSpanMs = 5000;
/** What is left is not told sooner, nor before so much is done: it would be a guess. */
const leftAfterMs = 1500;
const leftAfterShare = 0.1;
/** In this time what is left follows a rate that has changed: a rate itself jumps with each large file. */
const leftSettlesMs = 4000;

interface Sample {
  readonly atMs: number;
  readonly done: number;
  readonly bytes: number;
}

/** Progress and notes on stderr: a bar on a terminal, a line now and then elsewhere. */
export class ProgressReporter {
  private startedMs: number | undefined;
  private begun = '';
  /** Since when it is known how far the work is. */
  private reportedMs: number | undefined;
  private phase: Progress['phase'] | undefined;
  private phaseStartMs = 0;
  /** Of this phase, the latest last. */
  private samples: Sample[] = [];
  private last: Progress | undefined;
  /** What was said of what is left, and when. */
  private left: { readonly atMs: number; readonly leftMs: number } | undefined;
  private drawnMs = Number.NEGATIVE_INFINITY;
  private drawn = false;
  private announced = false;
  private indexed = false;
  private stopTimer: (() => void) | undefined;
  private cachedPaint: Paint | undefined;

  constructor(
    private readonly io: Io,
    private readonly globals: GlobalValues,
  ) {}

  /** Asked for only when there is something to draw: looking at the terminal takes part of a start-up. */
  get paint(): Paint {
    return (this.cachedPaint ??= createPaint(wantsColour(this.globals, this.io.env, this.io.stderr)));
  }

  private get withBar(): boolean {
    return !this.globals.json && this.io.env['TERM'] !== 'dumb' && this.io.stderr.isTerminal;
  }

  /** Something was read and indexed: what is cut short now was not for nothing. */
  get hasIndexed(): boolean {
    return this.indexed;
  }

  /** Work begins that may take long: from now on a terminal shows that it goes on, also while `what` it does is all that is known. */
  begin(what: string): void {
    if (this.startedMs !== undefined) return;
    this.startedMs = this.io.now();
    this.begun = what;
    if (!this.globals.json) this.stopTimer = this.io.every?.(intervalMs, () => this.draw());
  }

  /** `announcement` is said once, when the work turns out to take long. */
  update(progress: Progress, announcement: string | undefined): void {
    const now = this.io.now();
    this.startedMs ??= now;
    if (progress.phase !== this.phase) {
      this.phase = progress.phase;
      this.phaseStartMs = now;
      this.samples = [];
      this.left = undefined;
    }
    this.last = progress;
    this.indexed ||= progress.phase === 'index' && (progress.done > 0 || progress.bytes > 0);
    const { done, bytes } = progress;
    if (now - (this.samples.at(-1)?.atMs ?? -Infinity) >= intervalMs) this.samples.push({ atMs: now, done, bytes });
    while (this.samples.length > 2 && this.samples[1]!.atMs < now - rateSpanMs) this.samples.shift();
    this.reportedMs ??= now;
    // Said for good, so not of what is done at once.
    if (!this.announced && announcement !== undefined && now - this.reportedMs >= quietMs) {
      this.announced = true;
      this.note(announcement);
      if (!this.withBar) this.drawnMs = now;
    }
    this.draw(now);
  }

  private draw(now = this.io.now()): void {
    const sinceStartMs = now - this.startedMs!;
    if (sinceStartMs < quietMs || this.globals.json) return;
    if (this.withBar) {
      if (now - this.drawnMs < intervalMs) return;
      this.drawnMs = now;
      this.drawn = true;
      const line =
        this.last === undefined
          ? this.paint('dim', `${this.begun} … ${(sinceStartMs / 1000).toFixed(0)} s`)
          : this.line(this.last, now);
      // Cut one short of the edge: a full last column makes some terminals wrap, and the line could not be cleared.
      this.write(`\r${cut(line, this.io.stderr.columns - 1)}\x1b[K`);
    } else if (this.last !== undefined && now - this.reportedMs! >= lineEveryMs(0)) {
      if (now - this.drawnMs < lineEveryMs(sinceStartMs)) return;
      this.drawnMs = now;
      this.write(`coppice: ${this.words(this.last, now).join(', ')}\n`);
    }
  }

  note(text: string): void {
    this.tell(`coppice: ${text}\n`);
  }

  tell(text: string): void {
    this.erase();
    this.write(text);
    this.drawnMs = Number.NEGATIVE_INFINITY;
  }

  /** Takes the bar away, for the answer; it comes back only if there is more to tell. */
  clear(): void {
    this.stopTimer?.();
    this.stopTimer = undefined;
    this.erase();
  }

  private erase(): void {
    if (this.drawn) this.write('\r\x1b[K');
    this.drawn = false;
  }

  private line(progress: Progress, now: number): string {
    const { done, total } = progress;
    const [phase = '', ...parts] = this.words(progress, now);
    if (total > 0 && done > 0) {
      const filled = Math.min(barWidth, Math.round((done / total) * barWidth));
      parts.unshift(this.paint('green', '█'.repeat(filled)) + this.paint('dim', '░'.repeat(barWidth - filled)));
    }
    if (progress.what !== '') parts.push(this.paint('dim', progress.what));
    return [phase, ...parts].join('  ');
  }

  /** What it is at, how far it is, how fast, and how long it will take, as far as that is known. */
  private words({ phase, done, total, unit, bytes }: Progress, now: number): string[] {
    const amount = unit === 'bytes' ? formatBytes : formatCount;
    const units = unit === 'bytes' ? '' : ` ${unit}`;
    const words = [phaseNames[phase]];
    // Before the first is done, what was read is all that tells how it goes.
    if (done > 0) words.push(total > 0 ? `${amount(done)}/${amount(total)}${units}` : `${amount(done)}${units}`);
    else if (bytes > 0) words.push(`${formatBytes(bytes)} read`);
    else if (total > 0) words.push(`${amount(total)}${units}`);
    const from = this.samples[0];
    const seconds = from === undefined ? 0 : (now - from.atMs) / 1000;
    if (from === undefined || seconds < 0.5) return words;
    const doneHere = done - from.done;
    const bytesHere = unit === 'bytes' ? doneHere : bytes - from.bytes;
    if (bytesHere > 0) words.push(`${formatBytes(bytesHere / seconds)}/s`);
    else if (doneHere >= seconds) words.push(`${formatCount(Math.round(doneHere / seconds))} ${unit}/s`);
    else if (doneHere > 0) words.push(`${formatCount(Math.round((60 * doneHere) / seconds))} ${unit}/min`);
    if (total > done && doneHere > 0 && done >= total * leftAfterShare && now - this.phaseStartMs >= leftAfterMs)
      words.push(`about ${roughly(this.leftMs(((total - done) / doneHere) * seconds * 1000, now))} left`);
    return words;
  }

  /** What is left, told as a clock that runs down and is put right a little at a time; `saidMs` is what the rate of the moment says. */
  private leftMs(saidMs: number, now: number): number {
    const before = this.left;
    const passedMs = before === undefined ? 0 : now - before.atMs;
    const expectedMs = before === undefined ? saidMs : Math.max(0, before.leftMs - passedMs);
    const leftMs = expectedMs + (saidMs - expectedMs) * Math.min(1, passedMs / leftSettlesMs);
    this.left = { atMs: now, leftMs };
    return leftMs;
  }

  private write(text: string): void {
    try {
      this.io.stderr.write(encodeBytes(text));
    } catch {
      // Progress nobody can see is no reason to stop working.
    }
  }
}

/** The first `columns` characters; without colours when something has to go, which is simpler than cutting around them. */
function cut(line: string, columns: number): string {
  if (visibleLength(line) <= columns) return line;
  return `${line.replace(/\x1b\[[\d;]*m/g, '').slice(0, Math.max(0, columns - 1))}…`;
}

/** To so many seconds as are known: more digits would be a lie, and would never stand still. */
function roughly(ms: number): string {
  const step = ms < 20_000 ? 1000 : ms < 60_000 ? 5000 : ms < 600_000 ? 15_000 : 60_000;
  const rounded = Math.max(1000, Math.round(ms / step) * step);
  return rounded < 60_000 ? `${String(rounded / 1000)} s` : formatDuration(rounded);
}
