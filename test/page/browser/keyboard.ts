import { describe, expect, test } from 'vitest';
import { skipsBrowser } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { sampleRepository } from '../support/sample-repository.js';
import { pageOf } from '../support/use-served-page.js';

const served = pageOf(sampleRepository().path);

describe.skipIf(skipsBrowser)('the keyboard alone', () => {
  test('searches, opens, reads, comes back, changes rev and compares', async () => {
    const page = await served.open();
    const { keyboard } = page;
    const parameter = (name: string): string | null => new URL(page.url()).searchParams.get(name);
    const active = page.locator('.row.active');
    const focused = (): Promise<string | null> =>
      page.evaluate(() => document.activeElement?.getAttribute('role') ?? document.activeElement?.className ?? null);
    await page.getByRole('link', { name: 'docs' }).waitFor();

    const focusedText = (): Promise<string | null> => page.evaluate(() => document.activeElement?.textContent ?? null);
    await keyboard.press('j');
    expect(await focusedText()).toBe('docs');
    await keyboard.press('ArrowDown');
    expect(await focusedText()).toBe('src');
    await keyboard.press('Enter');
    await page.getByRole('link', { name: 'parser.ts' }).waitFor();
    expect(parameter('in')).toBe('src/');
    await keyboard.press('u');
    await eventually(() => parameter('in')).toBe(null);

    await keyboard.press('/');
    await keyboard.type('parse');
    await page.getByText('ParseTokens').first().waitFor();
    await keyboard.press('Enter');
    await keyboard.press('ArrowDown');
    expect(await focused()).toBe('grid');
    await active.waitFor();
    const first = await active.textContent();
    await keyboard.press('j');
    await eventually(() => active.textContent()).not.toBe(first);
    await keyboard.press('k');
    await eventually(() => active.textContent()).toBe(first);

    await keyboard.press('Enter');
    await page.getByRole('region', { name: /^Text of/ }).waitFor();
    const line = Number(parameter('lines'));
    await keyboard.press('j');
    expect(Number(parameter('lines'))).toBe(line + 1);
    await keyboard.press('Shift+J');
    expect(parameter('lines')).toBe(`${line + 1}-${line + 2}`);
    await keyboard.press('k');
    await keyboard.press('p');
    expect(Number(parameter('lines'))).toBeLessThanOrEqual(line);
    await keyboard.press('y');
    await eventually(() => parameter('at')).toMatch(/^[0-9a-f]{40}$/);
    await page.goBack();
    await keyboard.press('Escape');
    await eventually(() => active.textContent()).toBe(first);

    await keyboard.press('r');
    await keyboard.type('nex');
    await page.getByRole('option', { name: 'next' }).waitFor();
    await keyboard.press('Enter');
    await eventually(() => parameter('rev')).toBe('next');
    await page.getByText('printer.py').waitFor();
    await keyboard.press('c');
    await keyboard.type('main');
    await page.getByRole('option', { name: 'main' }).waitFor();
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: /only in next/ }).waitFor();

    await keyboard.press('2');
    await eventually(() => parameter('mode')).toBe('exact');
    await keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await keyboard.press('Escape');
    await eventually(() => page.getByRole('dialog').count()).toBe(0);
    await keyboard.press('/');
    await keyboard.press('Escape');
    expect(await focused()).not.toBe('combobox');
  });

  test('a new tab is opened with Control', async () => {
    const page = await served.open({ query: 'parse' });
    await page.getByText('guide.md').waitFor();
    await page.keyboard.press('j');
    const [opened] = await Promise.all([page.context().waitForEvent('page'), page.keyboard.press('Control+Enter')]);
    await opened.getByRole('region', { name: /^Text of/ }).waitFor();
    await opened.close();
    expect(new URL(page.url()).searchParams.get('file')).toBeNull();
  });
});
