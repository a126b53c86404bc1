import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { skipsBrowser } from './chromium.js';
import { ServedPage } from './served-page.js';

/** Serves the page of a repository to the tests of a file, and fails each test in which it did what it never should. */
export function useServedPage(repo: string): { readonly current: ServedPage } {
  let served: ServedPage | undefined;
  beforeAll(async () => {
    if (!skipsBrowser) served = await ServedPage.start(repo);
  });
  afterEach(async () => {
    await served?.closeTabs();
    expect(served?.complaints.splice(0) ?? []).toEqual([]);
  });
  afterAll(() => served?.stop());
  return {
    get current() {
      return served!;
    },
  };
}
