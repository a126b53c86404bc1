import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { buildPage } from '../../../.config/page.mjs';
import type { HttpAccess } from '../../../src/api/index.js';
import { Daemon } from '../../../src/daemon/daemon.js';
import { formatPlace, home, type Place } from '../../../src/page/state/place.js';
import { makeFolder } from '../../support/git.js';
import { startChromium } from './chromium.js';

/** The page as it is built, served by a daemon of its own, in a real browser. */
export class ServedPage {
  /** What the page should never do, as it was noticed: errors, breaches of its policy, requests to elsewhere. */
  readonly complaints: string[] = [];
  private readonly contexts: BrowserContext[] = [];

  static async start(repo: string): Promise<ServedPage> {
    const folder = makeFolder();
    // The browser first: where there is none, nothing is left running.
    const browser = await startChromium();
    const daemon = await startDaemon(folder);
    return new ServedPage(repo, daemon, await daemon.listenHttp(0), browser);
  }

  private constructor(
    readonly repo: string,
    readonly daemon: Daemon,
    readonly access: HttpAccess,
    private readonly browser: Browser,
  ) {}

  /** A tab at a place of the repository, as `coppice open` would open it. */
  async open(place: Partial<Place> = {}, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.newTab(options);
    await page.goto(this.linkTo(place));
    return page;
  }

  /** With the token. */
  linkTo(place: Partial<Place>): string {
    const query = formatPlace({ ...home, repo: this.repo, ...place });
    return `${this.access.url}/?${query}#token=${this.access.token}`;
  }

  /** A tab of a new browser window, at nothing. */
  async newTab(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext(options);
    this.contexts.push(context);
    context.setDefaultTimeout(20_000);
    context.on('page', (page) => this.watch(page));
    return context.newPage();
  }

  /** Closes all tabs. */
  async closeTabs(): Promise<void> {
    await Promise.all(this.contexts.splice(0).map((context) => context.close()));
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.daemon.stop();
  }

  private watch(page: Page): void {
    page.on('pageerror', (error) => this.complaints.push(`error: ${error.message}`));
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to/.test(message.text())) this.complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(`${this.access.url}/`)) this.complaints.push(`request to ${request.url()}`);
    });
  }
}

async function startDaemon(folder: string): Promise<Daemon> {
  const pageFolder = join(folder, 'page/');
  await buildPage(pageFolder);
  return Daemon.start({
    storePath: join(folder, 'store'),
    version: '1',
    onDemand: false,
    pageFolder: pathToFileURL(pageFolder),
    log: () => undefined,
    workers: 0,
  });
}
