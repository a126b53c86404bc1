import { openSync, writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { randomFrom } from '../../../crash/support/random.js';
import { RandomEdits } from './random-edits.js';

/**
 * Edits a folder in bursts for so long: `editor FOLDER SEED MS MARKER`. The marker file holds a number that is odd during
 * a burst, and another after each.
 */
const [folder, seed, ms, marker] = process.argv.slice(2);
const random = randomFrom(Number(seed));
const edits = new RandomEdits(folder!, random);
const file = openSync(marker!, 'w');
let phase = 0;
const mark = (): number => writeSync(file, String(++phase).padStart(8, '0'), 0);
const endMs = performance.now() + Number(ms);
mark();
while (performance.now() < endMs) {
  for (let left = random(6); left >= 0; left--) {
    if (random(2) === 0) edits.moveFolders();
    else edits.touchFile();
  }
  mark();
  await pause(random(12));
  mark();
}
