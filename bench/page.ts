// What typing on the page feels like: npm run bench -- page --repo PATH [--store DIR] [--words N]
//
// A real Chromium shows the page of a daemon as users have it. Words of the repository, from rare to common, are typed letter by letter in each
// mode; measured is the time from a key, the first of a word and its last one, until the first hits of what is then in the box are painted.
// Where nothing matches, the page's saying so counts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { startChromium } from '../test/page/support/chromium.js';
import { BenchDaemon } from './daemon/bench-daemon.js';
import {
  Report,
  git,
  machine,
  median,
  option,
  printTable,
  quantile,
  repositoryName,
  writeJson,
} from './support/measure.js';
import { countWords, linesAt, wordPicker } from './support/patterns.js';

const repo = resolve(option('repo'));
const wordCount = Number(option('words', '12'));
const given = option('store', '');
const store = given === '' ? mkdtempSync(join(tmpdir(), 'coppice-page-')) : resolve(given);
/** Between two keys of a quick typist. */
const betweenKeysMs = 120;
const shownMs = 120_000;
const modes = ['ranked', 'exact', 'symbols'] as const;

/** Run in the page, before the key: milliseconds from the next key until the first hits of a query are painted. */
const untilShown = (query: string): string => `void (window.shown = new Promise((done) => {
  const query = ${JSON.stringify(query)};
  addEventListener('keydown', () => {
    const start = performance.now();
    const look = () => {
      const isAsked = new URLSearchParams(location.search).get('q') === query;
      const results = document.querySelector('main.results:not(.results-old)');
      const isShown = isAsked && results !== null && results.querySelector('[role=row], .nothing') !== null;
      if (isShown) done(performance.now() - start);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, { once: true, capture: true });
}))`;

async function press(page: Page, key: string, query: string): Promise<number> {
  await page.evaluate(untilShown(query));
  await page.keyboard.press(key);
  return page.evaluate<number>('window.shown');
}

async function run(): Promise<void> {
  const report = new Report();
  const files = git(repo, 'ls-tree', '-r', 'HEAD').split('\n').length - 1;
  const targetMs = files > 50_000 ? 250 : 100;
  const at = wordPicker(countWords(linesAt(repo, 'HEAD')));
  const words = [...new Set(Array.from({ length: wordCount }, (_, i) => at(i / (wordCount - 1))[0]))];
  const daemon = BenchDaemon.start(store);
  const browser = await startChromium();
  try {
    const engine = daemon.engine(repo);
    await engine.index(['HEAD']);
    const page = await browser.newPage();
    page.setDefaultTimeout(shownMs);
    for (const mode of modes) {
      const place = new URLSearchParams({ repo, rev: 'HEAD', mode });
      await page.goto('about:blank');
      await page.goto(`${daemon.http.url}/?${place.toString()}#token=${daemon.http.token}`);
      const box = page.getByRole('combobox', { name: /Search/ });
      await box.waitFor();
      const ofFirst: number[] = [];
      const ofLast: number[] = [];
      for (const word of words) {
        await box.fill('');
        await page.waitForTimeout(500);
        ofFirst.push(await press(page, word[0]!, word[0]!));
        for (const letter of word.slice(1, -1)) {
          await page.keyboard.press(letter);
          await page.waitForTimeout(betweenKeysMs);
        }
        ofLast.push(await press(page, word.at(-1)!, word));
      }
      const say = (what: string, times: readonly number[]): void => {
        const [p50, worst] = [median(times), quantile(times, 0.95)];
        report.add(
          `${mode}: ${what}, p50 and p95`,
          `${p50.toFixed(0)} and ${worst.toFixed(0)} ms`,
          `≤ ${String(targetMs)} ms`,
          p50 <= targetMs,
          times,
        );
      };
      // The first word meets a process that has not searched yet.
      report.add(`${mode}: the first word of all, its last key`, `${ofLast[0]!.toFixed(0)} ms`, '-', null);
      say('after the first key of a word', ofFirst.slice(1));
      say('after its last key', ofLast.slice(1));
    }
  } finally {
    await browser.close();
    await daemon.stop();
    if (given === '') rmSync(store, { recursive: true, force: true });
  }
  const name = repositoryName(repo);
  printTable(`${name}: ${String(files)} files, ${String(words.length)} words; ${machine()}`, report.rows);
  writeJson(`page-${name}`, { repository: name, files, words, machine: machine(), ...report });
}

await run();
