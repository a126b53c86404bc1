import { encodeBytes } from '../base/index.js';
import type { Progress } from '../engine/index.js';
import { phaseNames } from '../model/index.js';
import { formatBytes, formatCount, formatDuration } from './format.js';
import type { GlobalValues } from './global-flags.js';
import type { Io } from './io.js';
import { createPaint, visibleLength, wantsColour, type Paint } from './style.js';

/** Quick work shows nothing at all: a bar that flashes up only distracts. */
const quietMs = 300;
const intervalMs = 100;
const barWidth = 20;

/** Progress and notes on stderr: a bar on a terminal, only the notes elsewhere. */
export class ProgressReporter {
  private startedMs: number | undefined;
  private phase: Progress['phase'] | undefined;
  private phaseStartMs = 0;
  private phaseStartDone = 0;
  private phaseStartBytes = 0;
  private drawnMs = Number.NEGATIVE_INFINITY;
  private drawn = false;
  private announced = false;
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

  /** `announcement` is said once, when the work turns out to take long. */
  update(progress: Progress, announcement: string | undefined): void {
    const now = this.io.now();
    this.startedMs ??= now;
    if (progress.phase !== this.phase) {
      this.phase = progress.phase;
      this.phaseStartMs = now;
      this.phaseStartDone = progress.done;
      this.phaseStartBytes = progress.bytes;
    }
    if (now - this.startedMs < quietMs) return;
    if (!this.announced && announcement !== undefined) {
      this.announced = true;
      this.note(announcement);
    }
    if (now - this.drawnMs < intervalMs || !this.withBar) return;
    this.drawnMs = now;
    this.drawn = true;
    // Cut one short of the edge: a full last column makes some terminals wrap, and the line could not be cleared.
    this.write(`\r${cut(this.line(progress, now), this.io.stderr.columns - 1)}\x1b[K`);
  }

  note(text: string): void {
    this.tell(`coppice: ${text}\n`);
  }

  tell(text: string): void {
    this.clear();
    this.write(text);
    this.drawnMs = Number.NEGATIVE_INFINITY;
  }

  clear(): void {
    if (this.drawn) this.write('\r\x1b[K');
    this.drawn = false;
  }

  private line(progress: Progress, now: number): string {
    const { done, total, unit, bytes, what } = progress;
    const seconds = (now - this.phaseStartMs) / 1000;
    const parts = [phaseNames[progress.phase]];
    const amount = unit === 'bytes' ? formatBytes : formatCount;
    const units = unit === 'bytes' ? '' : ` ${unit}`;
    if (total > 0) {
      const filled = Math.min(barWidth, Math.round((done / total) * barWidth));
      parts.push(this.paint('green', '█'.repeat(filled)) + this.paint('dim', '░'.repeat(barWidth - filled)));
      parts.push(`${amount(done)}/${amount(total)}${units}`);
    } else parts.push(`${amount(done)}${units}`);
    const doneHere = done - this.phaseStartDone;
    if (seconds >= 0.5) {
      const bytesHere = unit === 'bytes' ? doneHere : bytes - this.phaseStartBytes;
      if (unit === 'commits') parts.push(`${formatCount(Math.round(doneHere / seconds))} commits/s`);
      else if (bytesHere > 0) parts.push(`${formatBytes(bytesHere / seconds)}/s`);
      else parts.push(`${formatCount(Math.round(doneHere / seconds))} ${unit}/s`);
      if (total > done && doneHere > 0) {
        parts.push(`${formatDuration(((total - done) / doneHere) * seconds * 1000)} left`);
      }
    }
    if (what !== '') parts.push(this.paint('dim', what));
    return parts.join('  ');
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
