import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Place } from '../../../src/page/state/place.js';
import { skipsBrowser } from './chromium.js';
import { ServedPage, type Look } from './served-page.js';

let served: ServedPage | undefined;

/** The page of one repository, in the browser and from the daemon that all tests of the file share. */
export interface PageOf {
  readonly current: ServedPage;
  /** The shared tab, at a place. */
  open(place?: Partial<Place>, look?: Look): Promise<Page>;
  /** A tab of a window of its own, at a place. */
  newTab(place: Partial<Place>, options?: BrowserContextOptions): Promise<Page>;
  linkTo(place: Partial<Place>): string;
}

/** Serves the page to all tests of a file, and fails each test in which it did what it never should. */
export function servePage(): void {
  beforeAll(async () => {
    if (!skipsBrowser) served = await ServedPage.start();
  });
  afterEach(async ({ task }) => {
    await served?.closeTabs();
    if (task.result?.state === 'fail') await served?.forgetTab();
    expect(served?.complaints.splice(0).join('\n') ?? '').toBe('');
  });
  afterAll(() => served?.stop());
}

export function pageOf(repo: string): PageOf {
  return {
    get current() {
      return served!;
    },
    open: (place, look) => served!.open(repo, place, look),
    async newTab(place, options) {
      const page = await served!.newTab(options);
      await page.goto(this.linkTo(place));
      return page;
    },
    linkTo: (place) => served!.linkTo(repo, place),
  };
}
