import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { Place } from '../../../src/page/state/place.js';
import { skipsBrowser } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { otherRepository, projectRepository, sampleRepository } from '../support/sample-repository.js';
import { pageOf } from '../support/use-served-page.js';

const served = pageOf(sampleRepository().path);

/** Pictures of the views are left here for who wants to look at them. */
const pictureFolder = process.env['COPPICE_PICTURES'];
if (pictureFolder !== undefined) mkdirSync(pictureFolder, { recursive: true });

interface View {
  readonly name: string;
  readonly place: Partial<Place>;
  /** What is there once it is whole. */
  readonly text: string;
  readonly act?: (page: Page) => Promise<void>;
}

const views: readonly View[] = [
  { name: 'files', place: {}, text: 'a lexer' },
  { name: 'folder', place: { folder: 'src/lexer/' }, text: 'lexer.go' },
  {
    name: 'names',
    place: { file: { path: 'src/parser.ts', rev: 'main', lines: null }, name: 'parseArgument' },
    text: '1 definition, 1 line of code',
  },
  {
    name: 'several repositories',
    place: { query: 'parse', repo: JSON.stringify([sampleRepository().path, otherRepository().path]) },
    text: 'other/reader.ts',
  },
  {
    name: 'dependencies',
    place: { repo: projectRepository().path, rev: '@worktree', query: 'pad', deps: 'with' },
    text: 'left 1.2.0',
  },
  {
    name: 'repository picker',
    place: {},
    text: 'a lexer',
    act: async (page) => {
      await page.getByRole('button', { name: /^Repository:/ }).click();
      await page.locator('.choice').first().waitFor();
    },
  },
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
    text: 'a lexer',
    act: async (page) => {
      await page.keyboard.press('/');
      await page.keyboard.type('path:');
      await page.locator('#suggestions [role=option]').first().waitFor();
      await page.keyboard.press('ArrowDown');
    },
  },
];

/** What axe finds, by all of its rules or by the named ones. */
async function violationsIn(page: Page, rules?: string[]): Promise<string[]> {
  // Half a megabyte of script, once for a page.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  const violations = await page.evaluate(async (only) => {
    const found = await (window as unknown as { axe: typeof axe }).axe.run({
      resultTypes: ['violations'],
      ...(only === undefined ? {} : { runOnly: only }),
    });
    return found.violations.map(({ id, nodes }) => ({ id, html: nodes.map(({ html }) => html.slice(0, 160)) }));
  }, rules);
  return violations.map(({ id, html }) => `${id}: ${html.join(' | ')}`);
}

const wide = { width: 1280, height: 860 };
const narrow = { width: 380, height: 780 };
/** Pictures are also taken of these. */
const alsoPictured = [
  { width: 390, height: 844 },
  { width: 1920, height: 1080 },
];

async function takePictures(page: Page, name: string, folder: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const size of alsoPictured) {
      await page.setViewportSize(size);
      await page.screenshot({ path: join(folder, `${name} ${colorScheme} ${size.width}.png`) });
    }
  }
}

describe.skipIf(skipsBrowser)('everybody', () => {
  test.each(views)('can use $name: in light and dark colours, on a narrow screen', async (view) => {
    const page = await served.open(view.place, { colorScheme: 'light', viewport: wide });
    await page.getByText(view.text).filter({ visible: true }).first().waitFor();
    await view.act?.(page);
    const look = async (how: string, rules?: string[]): Promise<void> => {
      if (pictureFolder !== undefined) await page.screenshot({ path: join(pictureFolder, `${view.name} ${how}.png`) });
      expect(await violationsIn(page, rules), how).toEqual([]);
    };
    // Colours of code come a little later.
    await eventually(() => page.locator('[role=grid][aria-busy=true]').count()).toBe(0);
    await look('light');
    // Other colours change nothing but colours.
    await page.emulateMedia({ colorScheme: 'dark' });
    await look('dark', ['color-contrast']);
    await page.setViewportSize(narrow);
    await look('narrow');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(narrow.width);
    if (pictureFolder !== undefined) await takePictures(page, view.name, pictureFolder);
  });

  test('finds the filters behind a button on a narrow screen', async () => {
    const page = await served.open({ query: 'parse' }, { viewport: narrow });
    await page.getByText('ParseTokens').first().waitFor();
    await page.getByRole('button', { name: 'Filters' }).click();
    await page.getByRole('button', { name: /markdown/ }).click();
    await page.getByText('guide.md').waitFor();
    expect(await violationsIn(page)).toEqual([]);
  });
});

describe.skipIf(skipsBrowser)('the theme', () => {
  test("is the system's, until another is chosen, which is kept", async () => {
    const page = await served.newTab({}, { colorScheme: 'dark' });
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
