import { expect, test } from 'vitest';
import { refsText } from '../../../src/page/view/choose/refs-text.js';

test('releases sort as versions, and the first and the last are told', () => {
  expect(refsText([])).toBe('in no branch or tag now');
  expect(refsText(['v2.10.0', 'v2.1.0'])).toBe('in v2.1.0, v2.10.0');
  expect(refsText(['main', 'v2.1.0', 'v2.10.0', 'v2.11.0', 'v2.9.3'])).toBe(
    'in main, 4 releases from v2.1.0 to v2.11.0',
  );
});
