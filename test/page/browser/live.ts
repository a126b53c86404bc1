import { describe, expect, test } from 'vitest';
import { skipsBrowser } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { makeSampleRepository } from '../support/sample-repository.js';
import { pageOf } from '../support/use-served-page.js';

const repository = makeSampleRepository('living');
const served = pageOf(repository.path);

describe.skipIf(skipsBrowser)('a work tree', () => {
  test('that changes is told about; nothing moves until one asks', async () => {
    const page = await served.open({ rev: '@worktree', mode: 'exact', query: 'freshly written' });
    await page.getByText(/Nothing at/).waitFor();
    expect(await page.locator('.freshness').textContent()).toBe('live');
    repository.write('src/fresh.ts', '// freshly written\n');
    const hint = page.getByRole('button', { name: /The work tree has changed/ });
    await hint.waitFor();
    expect(await page.getByText(/Nothing at/).count()).toBe(1);
    await page.keyboard.press('Shift+R');
    await page.getByText('fresh.ts').waitFor();
    await eventually(() => hint.count()).toBe(0);
  });

  test('has the history of the commit that it was made from', async () => {
    const page = await served.open({ rev: '@worktree', mode: 'history', query: 'parse' });
    await page.getByText('Parses one parameter').first().waitFor();
  });

  test('tells that a branch has moved, and nothing for one that has not', async () => {
    const page = await served.open({ rev: 'main', query: 'parse' });
    const other = await served.newTab({ rev: 'v1.0', query: 'parse' });
    await page.getByText('lexer.go').waitFor();
    await other.getByText('guide.md').waitFor();
    repository.commit({ 'moved.md': 'parse\n' });
    await page.getByRole('button', { name: /main has moved/ }).click();
    await page.getByText('moved.md').waitFor();
    expect(await other.getByRole('button', { name: /has moved/ }).count()).toBe(0);
  });
});

describe.skipIf(skipsBrowser)('who may look', () => {
  test('is asked for the token that `coppice open` brings', async () => {
    const page = await served.current.newTab();
    await page.goto(`${served.current.access.url}/?q=parse`);
    await page.getByText('coppice open').waitFor();
    expect(await page.getByRole('combobox').count()).toBe(0);
    await page.goto(`${served.current.access.url}/?q=parse#token=wrong`);
    await page.getByText('no longer fits').waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  });

  test('needs it once for all tabs of a window, and finds no trace of it in the address', async () => {
    const page = await served.newTab({ query: 'parse' });
    await page.getByText('guide.md').waitFor();
    expect(page.url()).not.toContain(served.current.access.token);
    const second = await page.context().newPage();
    await second.goto(page.url());
    await second.getByText('guide.md').waitFor();
  });

  test('is told when the daemon does not answer', async () => {
    const page = await served.newTab({ query: 'parse' });
    await page.getByText('guide.md').waitFor();
    await page.context().setOffline(true);
    await page.getByRole('combobox', { name: /Search/ }).fill('parsed');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toContain('coppice open');
    await page.context().setOffline(false);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('guide.md').waitFor();
  });
});
