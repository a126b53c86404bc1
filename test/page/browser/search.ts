import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { skipsBrowser } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { sampleRepository } from '../support/sample-repository.js';
import { pageOf } from '../support/use-served-page.js';

const repository = sampleRepository();
const served = pageOf(repository.path);

const searchBox = (page: Page) => page.getByRole('combobox', { name: /Search/ });
const rows = (page: Page) => page.getByRole('row');
const status = (page: Page) => page.locator('.summary [role=status]');
/** Paths of the results that are in the document, in order, each once. */
async function paths(page: Page): Promise<string[]> {
  const texts = await page.locator('.hit-path, .path-head a, .file-row a, .symbol-place').allTextContents();
  return [...new Set(texts.map((text) => text.replace(/:\d+$/, '')))];
}

describe.skipIf(skipsBrowser)('search', () => {
  test('as one types: hits with marks, the query in the URL, and back to the one before', async () => {
    const page = await served.open({ query: 'tokens' });
    await page.getByText('lexer.go').waitFor();
    expect(await page.title()).toContain('tokens');
    await searchBox(page).fill('argument');
    await page.getByText('ArgumentParser').first().waitFor();
    expect(await paths(page)).toContain('src/parser.ts');
    expect(await page.locator('mark').allTextContents()).toContain('argument');
    expect(new URL(page.url()).searchParams.get('q')).toBe('argument');
    expect(page.url()).not.toContain('token=');
    await page.goBack();
    await eventually(() => paths(page)).toEqual(['src/lexer/lexer.go']);
    expect(await searchBox(page).inputValue()).toBe('tokens');
    await page.goForward();
    await eventually(() => paths(page)).toContain('src/parser.ts');
  });

  test('completes filters and their values by the keyboard', async () => {
    const page = await served.open();
    await searchBox(page).focus();
    await page.keyboard.type('parse la');
    await page.getByRole('option', { name: /lang:/ }).waitFor();
    expect(await searchBox(page).getAttribute('aria-expanded')).toBe('true');
    await page.keyboard.press('ArrowDown');
    expect(await searchBox(page).getAttribute('aria-activedescendant')).toBe('suggestion-0');
    await page.keyboard.press('Enter');
    expect(await searchBox(page).inputValue()).toBe('parse lang:');
    await page.keyboard.type('golan');
    await page.getByRole('option', { name: /^go/ }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    expect(await searchBox(page).inputValue()).toBe('parse lang:go ');
    await eventually(() => paths(page)).toEqual(['src/lexer/lexer.go']);
    await page.keyboard.type('path:src/l');
    await page.getByRole('option', { name: /src\/lexer/ }).waitFor();
    await page.keyboard.type('exer rev:v');
    await page.getByRole('option', { name: /v1\.0/ }).click();
    expect(await searchBox(page).inputValue()).toBe('parse lang:go path:src/lexer rev:v1.0 ');
  });

  test('says where a query is wrong', async () => {
    const page = await served.open({ query: 'parse kind:nothing' });
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.locator('.error-summary').textContent()).toBe('invalid query: there is no kind "nothing"');
    expect((await alert.locator('pre').textContent())!.split('\n')).toEqual(['  parse kind:nothing', '             ^']);
    expect(await searchBox(page).getAttribute('aria-invalid')).toBe('true');
    await page.getByRole('button', { name: 'Go to the character' }).click();
    expect(await searchBox(page).evaluate((input: HTMLInputElement) => input.selectionStart)).toBe(
      'parse kind:'.length,
    );
    await searchBox(page).fill('parse kind:class');
    await eventually(() => paths(page)).toEqual(['src/parser.ts']);
    expect(await alert.count()).toBe(0);
  });

  test('facets narrow at a click, and give it back', async () => {
    const page = await served.open({ query: 'parse' });
    await rows(page).first().waitFor();
    expect((await paths(page)).length).toBeGreaterThan(2);
    await page
      .getByRole('region', { name: 'Language' })
      .getByRole('button', { name: /markdown/ })
      .click();
    await eventually(async () => (await paths(page)).every((path) => path.endsWith('.md'))).toBe(true);
    await page.getByRole('region', { name: 'Folder' }).getByRole('button', { name: /docs/ }).click();
    await eventually(() => paths(page)).toEqual(['docs/guide.md']);
    expect(new URL(page.url()).searchParams.get('lang')).toBe('markdown');
    await page.reload();
    await eventually(() => paths(page)).toEqual(['docs/guide.md']);
    await page.getByRole('link', { name: 'Clear all filters' }).click();
    await eventually(async () => (await paths(page)).length).toBeGreaterThan(2);
  });

  test('exact: literal or regular expression, letter case, whole words', async () => {
    const page = await served.open({ mode: 'exact', query: 'tokens' });
    await eventually(() => status(page).textContent()).toBe('4 lines');
    await page.getByRole('button', { name: 'Match case' }).click();
    await eventually(() => status(page).textContent()).toBe('2 lines');
    await page.getByRole('button', { name: 'Regular expression' }).click();
    await searchBox(page).fill('^func \\w+');
    await eventually(() => status(page).textContent()).toBe('1 line');
    await searchBox(page).fill('^func (');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toContain('^');
  });

  test('symbols by name, history by line', async () => {
    const page = await served.open({ mode: 'symbols', query: 'parse' });
    await page.getByRole('link', { name: 'ArgumentParser.parseArgument' }).waitFor();
    expect(await paths(page)).toEqual(expect.arrayContaining(['src/lexer/lexer.go', 'src/parser.ts']));
    await page.getByRole('radio', { name: 'history' }).check();
    await searchBox(page).fill('parses one');
    await page.getByText('Parses one parameter').waitFor();
    const line = page.getByRole('article').filter({ hasText: 'Parses one parameter' });
    expect(await line.locator('.change-line').count()).toBe(2);
    expect(await line.textContent()).toContain('in v1.0');
  });

  test('another rev, chosen by its name or typed', async () => {
    const page = await served.open({ query: 'parse' });
    await page.getByText('lexer.go').waitFor();
    await page.getByRole('button', { name: /Rev: HEAD/ }).click();
    await page.getByRole('option', { name: /next/ }).click();
    await page.getByText('printer.py').waitFor();
    expect(await paths(page)).not.toContain('src/lexer/lexer.go');
    expect(new URL(page.url()).searchParams.get('rev')).toBe('next');
    await page.getByRole('button', { name: /Rev: next/ }).click();
    await page.keyboard.type('next~1');
    await page.getByRole('option', { name: /next~1/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('lexer.go').waitFor();
    await page.goBack();
    await page.getByText('printer.py').waitFor();
  });

  test('a rev in the query wins, and is what the results are of', async () => {
    const page = await served.open({ query: 'parse rev:next' });
    await page.getByText('printer.py').waitFor();
    await eventually(() => page.locator('.rev-note').textContent()).toContain('next');
    await page.getByRole('link', { name: 'src/printer.py' }).click();
    await page.getByRole('region', { name: 'Text of src/printer.py' }).waitFor();
    expect(new URL(page.url()).searchParams.get('at')).toBe('next');
  });

  test('a commit can be pinned from its name', async () => {
    const page = await served.open({ query: 'parse', rev: 'next' });
    await page.getByText('printer.py').waitFor();
    await page.locator('.rev-note a').click();
    await eventually(() => new URL(page.url()).searchParams.get('rev')).toBe(repository.revParse('next'));
    await page.getByText('printer.py').waitFor();
  });

  test('a rev that is not there says so, and another can be chosen', async () => {
    const page = await served.open({ query: 'parse', rev: 'nowhere' });
    await page.getByRole('button', { name: 'Choose another rev' }).click();
    await page.getByRole('option', { name: /main/ }).click();
    await page.getByText('lexer.go').waitFor();
  });
});

test.skipIf(skipsBrowser)('what is typed asks no model that costs', async () => {
  const page = await served.current.newTab();
  const asked = page.waitForRequest((request) => request.url().endsWith('/v1/search'));
  await page.goto(served.linkTo({ query: 'parse' }));
  expect((await asked).postDataJSON()).toMatchObject({ query: 'parse', effort: 'fast' });
});

describe.skipIf(skipsBrowser)('a comparison', () => {
  const group = (page: Page, name: RegExp) => page.getByRole('heading', { name });

  test('is in three groups: only in the one, only in the other, in both', async () => {
    const page = await served.open({ query: 'parse', rev: 'main' });
    await page.getByText('lexer.go').waitFor();
    await page.keyboard.press('c');
    await page.getByRole('option', { name: /next/ }).click();
    await group(page, /only in main/).waitFor();
    await group(page, /only in next/).waitFor();
    await group(page, /in both/).waitFor();
    const narrowTo = async (side: RegExp): Promise<string[]> => {
      const button = page.getByRole('region', { name: 'Where' }).getByRole('button', { name: side });
      await button.click();
      await eventually(() =>
        page
          .getByRole('heading', { level: 2 })
          .filter({ hasText: /only|both/ })
          .count(),
      ).toBe(1);
      const found = await paths(page);
      await button.click();
      await eventually(() =>
        page
          .getByRole('heading', { level: 2 })
          .filter({ hasText: /only|both/ })
          .count(),
      ).toBe(3);
      return found;
    };
    expect((await narrowTo(/only in main/)).sort()).toEqual(['src/lexer/lexer.go', 'src/parser.ts']);
    expect((await narrowTo(/only in next/)).sort()).toEqual(['src/parser.ts', 'src/printer.py']);
    expect(await narrowTo(/in both/)).toContain('docs/guide.md');
  });

  test('exact: lines with their side', async () => {
    const page = await served.open({
      mode: 'exact',
      query: 'parse',
      matchCase: true,
      rev: 'main',
      against: 'next',
    });
    await eventually(async () => page.getByRole('heading', { level: 2 }).allTextContents()).toEqual(
      expect.arrayContaining(['only in main 1', 'only in next 3', 'in both 3']),
    );
  });

  test('a file of it is shown as what changed in it, with a way to its text', async () => {
    const page = await served.open({ rev: 'main', against: 'next' });
    await page.getByRole('link', { name: 'src/parser.ts' }).click();
    const diff = page.getByRole('region', { name: 'Changes of src/parser.ts' });
    await diff.waitFor();
    expect(await diff.locator('.diff-added').count()).toBeGreaterThan(0);
    expect(await diff.locator('.diff-removed').count()).toBeGreaterThan(0);
    expect(await diff.locator('.diff-added .diff-sign').first().textContent()).toBe('+');
    await page.getByRole('link', { name: 'The file at main alone' }).click();
    await page.getByRole('region', { name: 'Text of src/parser.ts' }).waitFor();
  });

  test('without a query shows the files that differ', async () => {
    const page = await served.open({ rev: 'main', against: 'next' });
    await eventually(() => status(page).textContent()).toBe('3 changed files');
    expect(await page.locator('.file-row').allTextContents()).toEqual([
      'addedsrc/lexer/lexer.go',
      'removedsrc/printer.py',
      'modifiedsrc/parser.ts',
    ]);
    await page.getByRole('link', { name: 'src/printer.py' }).click();
    await page.getByText('def print_tree').waitFor();
    expect(new URL(page.url()).searchParams.get('at')).toBe('next');
  });
});
