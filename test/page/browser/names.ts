import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { skipsBrowser } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { otherRepository, projectRepository, sampleRepository } from '../support/sample-repository.js';
import { ServedPage } from '../support/served-page.js';
import { pageOf } from '../support/use-served-page.js';

const served = pageOf(sampleRepository().path);
const project = projectRepository();

describe.skipIf(skipsBrowser)('a name in a file', () => {
  test('is told about at rest, and in full at a double click', async () => {
    const file = { path: 'src/parser.ts', rev: 'main', lines: null };
    const page = await served.open({ file, folder: 'docs/', languages: ['markdown'] });
    const name = page.locator('.code-row code span', { hasText: 'valueOf' }).first();
    await name.hover();
    const card = page.getByRole('tooltip');
    await card.getByText('valueOf(name: string)').waitFor();
    // It is beside the line, above or below, and leaves the name to be seen.
    const [box, word] = [await card.boundingBox(), await name.boundingBox()];
    expect(box!.y >= word!.y + word!.height || box!.y + box!.height <= word!.y).toBe(true);
    await name.dblclick();
    const panel = page.getByRole('region', { name: 'About valueOf' });
    await panel.getByText('1 definition, 1 line of code').waitFor();
    expect(new URL(page.url()).searchParams.get('name')).toBe('valueOf');
    expect(await panel.locator('.name-definition').textContent()).toContain('src/parser.ts:11');
    // All lines are those of the whole rev, whatever the last search was narrowed to.
    const all = new URL((await panel.getByRole('link', { name: 'all lines' }).getAttribute('href'))!, page.url());
    expect(Object.fromEntries(all.searchParams)).toMatchObject({ q: 'valueOf', mode: 'exact' });
    for (const narrowing of ['in', 'lang', 'package']) expect(all.searchParams.has(narrowing)).toBe(false);
    await page.keyboard.press('Escape');
    await eventually(() => panel.count()).toBe(0);
    expect(new URL(page.url()).searchParams.get('file')).toBe('src/parser.ts');
  });

  test('is asked about by the keys, and what is found is followed', async () => {
    const page = await served.open({ file: { path: 'src/parser.ts', rev: 'main', lines: { start: 8, end: 8 } } });
    await page.getByRole('region', { name: 'Text of src/parser.ts' }).waitFor();
    await page.keyboard.press('d');
    await page.keyboard.type('valu');
    await page.getByRole('option', { name: 'values' }).waitFor();
    await page.keyboard.press('Enter');
    const panel = page.getByRole('region', { name: 'About value' });
    await panel.getByText(/lines? of code/).waitFor();
    await panel.getByRole('link', { name: 'Line 8', exact: true }).first().click();
    await eventually(() => new URL(page.url()).searchParams.get('lines')).toBe('8');
  });
});

describe.skipIf(skipsBrowser)('a scope', () => {
  test('of several repositories: chosen by the picker, with facets, and a hit opens', async () => {
    otherRepository();
    await served.open({ query: 'parse' });
    const page = await served.open({ query: 'parse', repo: otherRepository().path });
    await page.getByText('reader.ts').first().waitFor();
    await page.reload();
    await page.getByRole('button', { name: /^Repository:/ }).click();
    await page.getByRole('option', { name: /^\+ sample/ }).click();
    await page.getByText('sample/src/parser.ts').first().waitFor();
    await page.getByRole('region', { name: 'Repository' }).getByRole('button', { name: /other/ }).click();
    await eventually(() => page.locator('.hit-path').allTextContents()).toEqual(['other/reader.ts']);
    await page.locator('.hit-path').click();
    await page.getByRole('region', { name: 'Text of other/reader.ts' }).waitFor();
  });

  test('with dependencies: packages are named, narrowed by, and opened', async () => {
    const page = await served.newTab({ repo: project.path, rev: '@worktree', query: 'pad' });
    await page.getByText('use.js').first().waitFor();
    await page.getByLabel('Dependencies').selectOption('with');
    await page.getByText('left 1.2.0').first().waitFor();
    await page.getByRole('region', { name: 'Package' }).getByRole('button', { name: /left/ }).click();
    await page.getByRole('link', { name: 'node_modules/left/pad.js' }).click();
    await page.getByRole('region', { name: 'Text of node_modules/left/pad.js' }).waitFor();
  });

  test('keeps an answer only where the settings allow it', async () => {
    const page = await served.open({ query: 'parse' });
    await page.getByText('lexer.go').waitFor();
    expect(await page.getByRole('button', { name: 'This is the answer' }).count()).toBe(0);
  });

  test('keeps the answer that is told, with its question, in the store', async () => {
    const own = await ServedPage.start({ feedback: true });
    const { storePath } = own;
    try {
      const page = await own.open(sampleRepository().path, { query: 'parse' });
      const hit = page.locator('.hit', { hasText: 'lexer.go' }).first();
      await hit.getByRole('button', { name: 'This is the answer' }).click();
      await hit.getByText(/^kept in /).waitFor();
      const kept = readdirSync(join(storePath, 'golden'));
      expect(kept).toHaveLength(1);
      const [line, ...more] = readFileSync(join(storePath, 'golden', kept[0]!), 'utf8')
        .trim()
        .split('\n');
      expect(more).toEqual([]);
      expect(line).toMatch(/"parse"/);
      expect(line).toMatch(/lexer\.go/);
      expect(own.complaints).toEqual([]);
    } finally {
      await own.stop();
    }
  });
});
