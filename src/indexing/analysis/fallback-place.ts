import { contentHash, nowMs } from '../../base/index.js';
import { isProvisional } from '../../model/index.js';
import type { FileDiagnostic } from '../../model/index.js';
import type { SegmentSink } from '../segment-sink.js';

/** Where a file is stored, and with what said of it. */
export interface FilePlace {
  readonly key: Buffer;
  readonly diagnostics: readonly FileDiagnostic[];
  /** It fell back for a reason that is not in it: the key is not its own, so that it is analysed again when it is next met. */
  readonly provisional: boolean;
}

/**
 * A file that ended the threads it was given to in so many different hours (in each twice, alone on a fresh one, while another file did
 * well) is itself the reason. A bad hour of a machine is not enough, however often the file is met in it.
 */
const lostHoursMax = 3;
const hoursLookedBack = 72;
const hourMs = 3_600_000;

/**
 * Where a file goes with what its analysis said: to its own key, or to one beside it when it fell back for a reason that is not in it. When threads
 * are lost at it again and again it goes to its own key after all.
 */
export function placeOfFile(key: Buffer, diagnostics: readonly FileDiagnostic[], sink: SegmentSink): FilePlace {
  const reason = diagnostics.find(isProvisional);
  if (reason === undefined) return { key, diagnostics, provisional: false };
  if (reason.code !== 'worker-lost') {
    return { key: contentHash(`provisional\0${reason.code}\0`, key), diagnostics, provisional: true };
  }
  const hour = Math.floor(nowMs() / hourMs);
  let lostHours = 1;
  for (let back = 1; back <= hoursLookedBack && lostHours < lostHoursMax; back++) {
    if (sink.findFile(lostKey(key, hour - back)) !== null) lostHours++;
  }
  if (lostHours < lostHoursMax) return { key: lostKey(key, hour), diagnostics, provisional: true };
  const message = 'its analysis ends the thread that is at it, whenever it is tried';
  return { key, diagnostics: [{ code: 'analysis-failed', message }], provisional: false };
}

const lostKey = (key: Buffer, hour: number): Buffer => contentHash(`provisional\0worker-lost\0${hour}\0`, key);

/** Key of a record that tells that a thread was lost at a file, whenever that was. */
export const lostOnceKey = (key: Buffer): Buffer => contentHash('provisional\0worker-lost\0', key);
