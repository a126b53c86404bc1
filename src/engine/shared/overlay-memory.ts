import { CoppiceError, elapsedMs } from '../../base/index.js';

/** Content of one overlay, and of all overlays of a process, in bytes; and how many there are. */
const overlayBytesMax = 16 * 1024 * 1024;
const totalBytesMax = 64 * 1024 * 1024;
const overlaysMax = 1000;
/** One that was not used for so long makes room for others, whatever time was asked for it. */
const restingMs = 10 * 60_000;

interface HeldOverlay {
  readonly bytes: number;
  usedMs: number;
  readonly drop: () => void;
}

/** What the overlays of all repositories of a process hold, bounded for each and in all. */
export class OverlayMemory {
  private readonly held = new Map<object, HeldOverlay>();
  private bytes = 0;

  /** TOO_LARGE for an overlay that is more than one can be. */
  checkSize(bytes: number): void {
    if (bytes <= overlayBytesMax) return;
    throw new CoppiceError(
      'TOO_LARGE',
      `an overlay of ${bytes} bytes is larger than the ${overlayBytesMax} that it can have`,
      {
        hint: 'lay only buffers that differ from the files on disk over the work tree',
        data: { sizeBytes: bytes, limitBytes: overlayBytesMax },
      },
    );
  }

  /** Room for one more; those that rest longest are dropped for it. SERVER_BUSY when there is none. `instead` goes anyway. */
  add(overlay: object, bytes: number, drop: () => void, instead: object | undefined): void {
    if (instead !== undefined) this.remove(instead);
    const fits = (): boolean => this.bytes + bytes <= totalBytesMax && this.held.size < overlaysMax;
    const sinceMs = elapsedMs() - restingMs;
    for (const [other, { usedMs, drop: dropOther }] of this.held) {
      if (fits() || usedMs > sinceMs) break; // the latest used are at the end
      this.remove(other);
      dropOther();
    }
    if (!fits()) {
      throw new CoppiceError('SERVER_BUSY', `${this.held.size} overlays hold ${this.bytes} bytes already`, {
        hint: 'drop overlays that are no longer needed, or try again later: those not used for 10 minutes make room',
        data: { limitBytes: totalBytesMax, limit: overlaysMax },
      });
    }
    this.held.set(overlay, { bytes, usedMs: elapsedMs(), drop });
    this.bytes += bytes;
  }

  use(overlay: object): void {
    const entry = this.held.get(overlay);
    if (entry === undefined) return;
    entry.usedMs = elapsedMs();
    this.held.delete(overlay);
    this.held.set(overlay, entry);
  }

  remove(overlay: object): void {
    const entry = this.held.get(overlay);
    if (entry === undefined) return;
    this.held.delete(overlay);
    this.bytes -= entry.bytes;
  }
}
