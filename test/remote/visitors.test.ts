import { expect, test } from 'vitest';
import { lookForLeaks } from './visitors/looking.js';
import { serveNode, serveStore } from './visitors/world.js';

// The long form is `npm run bench -- visitors`.
test.each([
  ['a search node', serveNode, 11],
  ['a server of its own repositories', serveStore, 12],
] as const)(
  '%s tells nobody of what they may not see',
  async (_, serve, seed) => {
    const size = { repositories: 2, users: 3, requests: 50, seed };
    const { leaks, alone, refusals } = await lookForLeaks(serve, size);
    expect(leaks.slice(0, 5)).toEqual([]);
    expect(alone).toBeGreaterThan(5);
    expect(refusals).toBeGreaterThan(5);
  },
  60_000,
);
