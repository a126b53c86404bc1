import { expect, test } from 'vitest';
import { doctorBesideWriters } from './support/doctor-beside-writers.js';

// `npm run bench -- doctor` does the same for ten minutes, with eight writers.
test('doctor beside writers and collections finds nothing where there is nothing', async () => {
  const ms = Number(process.env['COPPICE_SECONDS'] ?? 3) * 1000;
  const { reports } = await doctorBesideWriters({ ms, looksMin: 3, actsMin: 4, writers: 2, seed: 5 });
  expect(reports).toEqual([]);
}, 180_000);
