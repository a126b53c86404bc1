import { describe, expect, test } from 'vitest';
import { skipsBrowser } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { sampleRepository } from '../support/sample-repository.js';
import { pageOf } from '../support/use-served-page.js';

const repository = sampleRepository();
const served = pageOf(repository.path);

describe.skipIf(skipsBrowser)('the tree', () => {
  test('shows folders, what changed last, and the way there and back', async () => {
    const page = await served.open();
    const entries = page.locator('.entry');
    await page.getByText('a lexer').first().waitFor();
    expect(await entries.locator('.entry-name').allTextContents()).toEqual(['docs', 'src', 'README.md', 'image.bin']);
    expect(await entries.locator('.entry-subject').allTextContents()).toEqual(['first', 'a lexer', 'first', 'a lexer']);
    expect(await entries.nth(1).textContent()).toContain('3 files');
    expect(await entries.nth(3).textContent()).toContain('binary');
    await page.getByRole('link', { name: 'src', exact: true }).click();
    await page.getByRole('link', { name: 'parser.ts' }).waitFor();
    await page.getByRole('link', { name: 'lexer', exact: true }).click();
    await page.getByRole('link', { name: 'lexer.go' }).click();
    await page.getByRole('region', { name: 'Text of src/lexer/lexer.go' }).waitFor();
    const trail = page.getByRole('main').getByRole('heading', { level: 1 });
    expect(await trail.textContent()).toBe('sample / src / lexer / lexer.go');
    await trail.getByRole('link', { name: 'src' }).click();
    await eventually(() => page.locator('.entry-name').allTextContents()).toEqual([
      '..Folder above',
      'lexer',
      'long.ts',
      'parser.ts',
    ]);
    await page.goBack();
    await page.getByRole('region', { name: 'Text of src/lexer/lexer.go' }).waitFor();
  });

  test('shows the introduction as it is meant; nothing of it runs or is loaded', async () => {
    const page = await served.open();
    const readme = page.getByRole('region', { name: 'README.md' });
    await readme.getByRole('heading', { name: 'Sample' }).waitFor();
    expect(await readme.getByRole('link').allTextContents()).toEqual(['guides', 'the parser', 'elsewhere', 'picture']);
    expect(await readme.locator('em').textContent()).toBe('arguments');
    expect(await readme.locator('td').allTextContents()).toEqual(['parse', 'read']);
    expect(await readme.locator('script, img').count()).toBe(0);
    expect(await readme.textContent()).toContain('badge');
    await readme.locator('.code-keyword').first().waitFor();
    expect(await page.title()).not.toContain('owned');
    await readme.getByRole('link', { name: 'the parser' }).click();
    await page.getByRole('region', { name: 'Text of src/parser.ts' }).waitFor();
    expect(new URL(page.url()).searchParams.get('lines')).toBe('5');
  });

  test('tells where one was', async () => {
    const page = await served.open({ rev: 'next' });
    await page
      .getByRole('link', { name: 'printer.py' })
      .or(page.getByRole('link', { name: 'src' }))
      .first()
      .waitFor();
    const revs = page.getByRole('navigation', { name: 'Revs' });
    await revs.getByRole('link', { name: 'v1.0' }).click();
    await eventually(() => new URL(page.url()).searchParams.get('rev')).toBe('v1.0');
    expect(await revs.locator('[aria-current]').textContent()).toBe('v1.0');
    expect((await revs.getByRole('link').allTextContents()).slice(0, 2)).toEqual(['v1.0', 'next']);
  });
});
