import { describe, expect, test } from 'vitest';
import { skipsBrowser } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { makeLargeRepository, manyHits } from '../support/sample-repository.js';
import { pageOf } from '../support/use-served-page.js';

const served = pageOf(makeLargeRepository().path);

/** On a busy machine a frame may take long for reasons that are not ours. */
const frameMsMax = 400;

describe.skipIf(skipsBrowser)(`${manyHits} results`, () => {
  test('come after an indexing that shows how far it is', async () => {
    const page = await served.current.newTab();
    await page.addInitScript(() => {
      const seen: string[] = [];
      Object.assign(window, { seen });
      new MutationObserver(() => {
        const bar = document.querySelector('[role=progressbar]');
        const [label, now, max] = ['label', 'valuenow', 'valuemax'].map(
          (name) => bar?.getAttribute(`aria-${name}`) ?? '',
        );
        if (bar !== null) seen.push(`${label}: ${now} of ${max}`);
      }).observe(document, { subtree: true, childList: true, attributes: true });
    });
    await page.goto(served.linkTo({ query: 'needle', limit: manyHits }));
    await eventually(() => page.getByRole('grid').getAttribute('aria-rowcount')).toBe(String(manyHits));
    await eventually(() => page.getByRole('progressbar').count()).toBe(0);
    const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
    const steps = seen.flatMap((text) => /^Indexing HEAD: (\d+) of 10000$/.exec(text)?.[1] ?? []).map(Number);
    expect(new Set(steps).size).toBeGreaterThan(2);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
  });

  test('scroll smoothly, with few of them in the document', async () => {
    const page = await served.open({ query: 'needle', limit: manyHits });
    const grid = page.getByRole('grid');
    await eventually(() => grid.getAttribute('aria-rowcount')).toBe(String(manyHits));
    const frames = await page.locator('.result-list').evaluate(async (element) => {
      const times: number[] = [];
      let before = performance.now();
      for (let frame = 0; frame < 120; frame++) {
        element.scrollTop += 3_000;
        await new Promise(requestAnimationFrame);
        times.push(performance.now() - before);
        before = performance.now();
      }
      return times.sort((a, b) => a - b);
    });
    expect(frames[Math.floor(frames.length / 2)]).toBeLessThan(frameMsMax / 4);
    expect(frames.at(-1)).toBeLessThan(frameMsMax);
    expect(await page.getByRole('row').count()).toBeLessThan(60);
    await page.locator('.result-list').evaluate((element) => (element.scrollTop = element.scrollHeight));
    await page.locator(`[aria-rowindex="${manyHits}"]`).waitFor();
    // What stands still gets its colours.
    await page.locator('.row .code-keyword').first().waitFor();
  });

  test('can be walked through by the keys, to the last', async () => {
    const page = await served.open({ mode: 'exact', query: 'needle' });
    const grid = page.getByRole('grid');
    await eventually(() => grid.getAttribute('aria-rowcount')).toBe(String(2 * manyHits));
    await page.keyboard.press('j');
    for (let step = 0; step < 50; step++) await page.keyboard.press('ArrowDown');
    const active = page.locator('.row.active');
    expect(await active.getAttribute('aria-rowindex')).toBe('102');
    expect(await grid.getAttribute('aria-activedescendant')).toBe(await active.getAttribute('id'));
    await page.locator('.result-list').evaluate((element) => (element.scrollTop = element.scrollHeight));
    await page.locator(`[aria-rowindex="${2 * manyHits}"]`).waitFor();
    expect(await active.count()).toBe(1);
  });
});
