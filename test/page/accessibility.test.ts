import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { Place } from '../../src/page/state/place.js';
import { skipsBrowser } from './support/chromium.js';
import { makeSampleRepository } from './support/sample-repository.js';
import { useServedPage } from './support/use-served-page.js';

const served = useServedPage(makeSampleRepository().path);

/** Pictures of the views are left here for who wants to look at them. */
const pictureFolder = process.env['COPPICE_PICTURES'] ?? join(tmpdir(), 'pictures');

interface View {
  readonly name: string;
  readonly place: Partial<Place>;
  /** What is there once it is whole. */
  readonly text: string;
  readonly act?: (page: Page) => Promise<void>;
}

const views: readonly View[] = [
  { name: 'files', place: {}, text: 'guide.md' },
  { name: 'ranked', place: { query: 'parse' }, text: 'ParseTokens' },
  { name: 'active row', place: { query: 'parse' }, text: 'ParseTokens', act: (page) => page.keyboard.press('j') },
  { name: 'exact', place: { query: 'parse', mode: 'exact' }, text: 'lexer.go' },
  { name: 'comparison', place: { query: 'parse', rev: 'main', against: 'next' }, text: 'only in next' },
  { name: 'changed files', place: { rev: 'main', against: 'next' }, text: 'printer.py' },
  {
    name: 'changed file',
    place: { rev: 'main', against: 'next', file: { path: 'src/parser.ts', rev: 'main', lines: null } },
    text: 'Compared: next → main',
  },
  { name: 'symbols', place: { query: 'parse', mode: 'symbols' }, text: 'ParseTokens' },
  { name: 'history', place: { query: 'parse', mode: 'history' }, text: 'Parses one parameter' },
  { name: 'narrowed', place: { query: 'parse', languages: ['markdown'], folder: 'docs/' }, text: 'guide.md' },
  { name: 'query error', place: { query: 'parse )' }, text: 'Go to the character' },
  { name: 'nothing found', place: { query: 'zyxwvut' }, text: 'matches' },
  {
    name: 'file',
    place: { query: 'parse', file: { path: 'src/parser.ts', rev: 'main', lines: { start: 6, end: 8 } } },
    text: 'valueOf',
  },
  {
    name: 'rev picker',
    place: { query: 'parse' },
    text: 'ParseTokens',
    act: async (page) => {
      await page.keyboard.press('r');
      await page.getByRole('option', { name: /v1\.0/ }).waitFor();
    },
  },
  { name: 'keys', place: { query: 'parse' }, text: 'ParseTokens', act: (page) => page.keyboard.press('?') },
  {
    name: 'suggestions',
    place: {},
    text: 'guide.md',
    act: async (page) => {
      await page.keyboard.press('/');
      await page.keyboard.type('path:');
      await page.getByRole('option').first().waitFor();
      await page.keyboard.press('ArrowDown');
    },
  },
];

async function violationsIn(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}

const wide = { width: 1280, height: 860 };
const narrow = { width: 380, height: 780 };

describe.skipIf(skipsBrowser)('everybody', () => {
  test.each(views)('can use $name: in light and dark colours, on a narrow screen', async (view) => {
    const page = await served.current.open(view.place, { colorScheme: 'light', viewport: wide });
    await page.getByText(view.text).filter({ visible: true }).first().waitFor();
    await view.act?.(page);
    // Colours of code come a little later.
    await page.waitForTimeout(150);
    mkdirSync(pictureFolder, { recursive: true });
    const look = async (how: string): Promise<void> => {
      await page.screenshot({ path: join(pictureFolder, `${view.name} ${how}.png`) });
      expect(await violationsIn(page), how).toEqual([]);
    };
    await look('light');
    await page.emulateMedia({ colorScheme: 'dark' });
    await look('dark');
    await page.setViewportSize(narrow);
    await look('narrow');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(narrow.width);
  });

  test('finds the filters behind a button on a narrow screen', async () => {
    const page = await served.current.open({ query: 'parse' }, { viewport: narrow });
    await page.getByText('ParseTokens').first().waitFor();
    await page.getByRole('button', { name: 'Filters' }).click();
    await page.getByRole('button', { name: /markdown/ }).click();
    await page.getByText('guide.md').waitFor();
    expect(await violationsIn(page)).toEqual([]);
  });
});

describe.skipIf(skipsBrowser)('the theme', () => {
  test("is the system's, until another is chosen, which is kept", async () => {
    const page = await served.current.open({}, { colorScheme: 'dark' });
    const background = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await background();
    await page.getByRole('button', { name: 'Theme: system' }).click();
    const light = await background();
    expect(light).not.toBe(dark);
    await page.reload();
    await page.getByRole('button', { name: 'Theme: light' }).click();
    expect(await background()).toBe(dark);
  });
});
