/** Work that has had so many slices is long: it gives way to what has just begun, which mostly is soon done. */
const shortSlices = 8;
/** Of so many slices one is for long work while there is other. */
const longEvery = 3;

const short: (() => void)[] = [];
const long: (() => void)[] = [];
let turn = 0;
let armed = false;

/**
 * Lets waiting IO and timers run: long synchronous work calls it between slices of some milliseconds (see TimeSlices). Of all that wait
 * for their next slice, one goes on in each turn of the event loop, so that IO waits for one slice, however many are at work.
 * `slicesDone`: how many the caller has had.
 */
export function yieldToEventLoop(slicesDone = 0): Promise<void> {
  return new Promise((resolve) => {
    (slicesDone < shortSlices ? short : long).push(resolve);
    if (armed) return;
    armed = true;
    setImmediate(goOn);
  });
}

function goOn(): void {
  const isLong = short.length === 0 || (long.length > 0 && ++turn % longEvery === 0);
  (isLong ? long : short).shift()!();
  if (short.length + long.length > 0) setImmediate(goOn);
  else armed = false;
}
