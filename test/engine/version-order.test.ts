import { expect, test } from 'vitest';
import { newestFirst } from '../../src/engine/revs/version-order.js';

test('versions are sorted by their numbers; what leads to a release comes after it', () => {
  const inOrder = [
    'v2.0.0',
    'v2.0.0-rc.2',
    'v2.0.0-rc.1',
    'v2.0.0-beta',
    'v1.10.1',
    'v1.10',
    'v1.10rc1',
    'v1.9',
    'v1.09-x',
    'release-10',
    'release-9',
    '2024.10.1',
    '2024.9.30',
  ];
  const shuffled = [...inOrder].sort();
  expect(newestFirst(shuffled, (name) => name)).toEqual(inOrder);
});
