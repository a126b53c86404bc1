import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { skipsBrowser } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { sampleRepository } from '../support/sample-repository.js';
import { pageOf } from '../support/use-served-page.js';

const repository = sampleRepository();
const served = pageOf(repository.path);

const parameter = (page: Page, name: string): string | null => new URL(page.url()).searchParams.get(name);
const selected = (page: Page): Promise<(string | null)[]> =>
  page
    .locator('.code-row.selected .line-number')
    .evaluateAll((links) => links.map((link) => link.getAttribute('data-line')));
const code = (page: Page) => page.getByRole('region', { name: /^Text of/ });

async function isInView(page: Page, text: string): Promise<boolean> {
  return page.getByText(text, { exact: true }).evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
}

describe.skipIf(skipsBrowser)('a file', () => {
  test('opens at the line of a result, and back leads to that result', async () => {
    const page = await served.open({ mode: 'exact', query: 'const' });
    await page.getByRole('link', { name: 'Line 2', exact: true }).first().waitFor();
    const list = page.locator('.result-list');
    await list.evaluate((element) => (element.scrollTop = 12_000));
    const link = page.getByRole('link', { name: 'Line 600', exact: true });
    await link.click();
    await eventually(() => selected(page)).toEqual(['600']);
    expect(parameter(page, 'file')).toBe('src/long.ts');
    expect(parameter(page, 'lines')).toBe('600');
    expect(await isInView(page, 'export const constant599 = 599;')).toBe(true);
    expect(await page.locator('.code-row.selected mark').allTextContents()).toEqual(['const', 'const']);
    expect(await page.locator('.code-row.selected .code-keyword').count()).toBeGreaterThan(0);
    await page.keyboard.press('Escape');
    await link.waitFor();
    expect(await list.evaluate((element) => element.scrollTop)).toBeGreaterThan(10_000);
    expect(await page.locator('.row.active').textContent()).toContain('constant599');
  });

  test('lines are selected by click, with Shift many, and are in the link', async () => {
    const page = await served.open({ file: { path: 'src/parser.ts', rev: 'HEAD', lines: null } });
    await page.getByRole('link', { name: 'Line 3', exact: true }).click();
    await page.getByRole('link', { name: 'Line 6', exact: true }).click({ modifiers: ['Shift'] });
    expect(parameter(page, 'lines')).toBe('3-6');
    await page.reload();
    await eventually(() => selected(page)).toEqual(['3', '4', '5', '6']);
    await page.goBack();
    expect(page.url()).toBe('about:blank');
  });

  test('the permanent link names the commit', async () => {
    const page = await served.open({
      file: { path: 'src/parser.ts', rev: 'main', lines: { start: 2, end: 2 } },
    });
    await page.getByRole('link', { name: 'permalink' }).click();
    await eventually(() => parameter(page, 'at')).toBe(repository.revParse('main'));
    expect(parameter(page, 'lines')).toBe('2');
    await eventually(() => selected(page)).toEqual(['2']);
  });

  test('is shown at another rev in place', async () => {
    const page = await served.open({ file: { path: 'src/parser.ts', rev: 'main', lines: null } });
    await code(page).getByText('Parses one argument').waitFor();
    await page.keyboard.press('r');
    await page.keyboard.type('v1');
    await page.getByRole('option', { name: 'v1.0' }).click();
    await code(page).getByText('Parses one parameter').waitFor();
    expect(parameter(page, 'rev')).toBeNull();
    await page.goBack();
    await code(page).getByText('Parses one argument').waitFor();
  });

  test('its outline leads to its definitions', async () => {
    const page = await served.open({ file: { path: 'src/parser.ts', rev: 'main', lines: null } });
    const outline = page.getByRole('navigation', { name: 'Definitions' });
    await outline.getByRole('link', { name: /valueOf/ }).click();
    await eventually(() => selected(page)).toEqual(['11']);
    expect(await outline.locator('[aria-current]').textContent()).toContain('valueOf');
  });

  test('all of its text is in the document, for the browser to find and copy', async () => {
    const page = await served.open({ file: { path: 'src/long.ts', rev: 'main', lines: null } });
    await code(page).getByText('constant3 ').first().waitFor();
    expect(await page.evaluate(() => (window as unknown as { find(text: string): boolean }).find('const last'))).toBe(
      true,
    );
    const rows = await page.locator('.code-row').count();
    expect(rows).toBeGreaterThan(50);
    expect(rows).toBeLessThan(600);
    await page.evaluate(() => getSelection()!.selectAllChildren(document.querySelector('.code-blocks')!));
    const lines = (await page.evaluate(() => getSelection()!.toString())).trimEnd().split('\n');
    expect(lines).toHaveLength(1501);
    expect(lines[700]).toBe('export const constant700 = 700;');
  });

  test('that is binary, missing or gone says so', async () => {
    const page = await served.open({ file: { path: 'image.bin', rev: 'main', lines: null } });
    await page.getByText('A binary file of 4 bytes.').waitFor();
    const other = await served.open({ file: { path: 'src/printer.py', rev: 'main', lines: null } });
    await other.getByRole('alert').waitFor();
    await other.getByRole('link', { name: 'files named printer.py' }).click();
    await other.getByText(/Nothing at/).waitFor();
  });

  test('leads to the history of a line', async () => {
    const page = await served.open({
      file: { path: 'src/parser.ts', rev: 'main', lines: { start: 5, end: 5 } },
    });
    await code(page).getByText('Parses one argument').waitFor();
    await page.getByRole('link', { name: 'history' }).click();
    const line = page.getByRole('article').filter({ hasText: '/** Parses one argument. */' });
    await line.waitFor();
    expect(await line.locator('.subject').allTextContents()).toEqual(['a lexer']);
  });
});
