import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { buildPage } from '../../../.config/page.mjs';
import type { HttpAccess } from '../../../src/api/index.js';
import { Daemon } from '../../../src/daemon/daemon.js';
import { formatPlace, home, type Place } from '../../../src/page/state/place.js';
import { makeFolder } from '../../support/git.js';
import { startChromium } from './chromium.js';

/** How the tab that the tests share is to look. */
export interface Look {
  readonly colorScheme?: 'light' | 'dark';
  readonly viewport?: { readonly width: number; readonly height: number };
}

const defaultLook = { colorScheme: 'light', viewport: { width: 1280, height: 720 } } as const;

/** The page as it is built, served by a daemon of its own, in a real browser. */
export class ServedPage {
  /** What the page should never do, as it was noticed: errors, breaches of its policy, requests to elsewhere. */
  readonly complaints: string[] = [];
  private readonly contexts: BrowserContext[] = [];
  private tab: Page | undefined;

  /** `settings` are those of its store: a daemon does not outlive a change of them. */
  static async start(settings: Readonly<Record<string, unknown>> = {}): Promise<ServedPage> {
    const folder = makeFolder();
    mkdirSync(join(folder, 'store'));
    writeFileSync(join(folder, 'store', 'config.json'), JSON.stringify(settings));
    // The browser first: where there is none, nothing is left running.
    const browser = await startChromium();
    const daemon = await startDaemon(folder);
    return new ServedPage(daemon, await daemon.listenHttp(0), browser, join(folder, 'store'));
  }

  private constructor(
    readonly daemon: Daemon,
    readonly access: HttpAccess,
    private readonly browser: Browser,
    readonly storePath: string,
  ) {}

  /**
   * The tab that the tests share, loaded anew at a place of a repository, as a link that was followed. A tab keeps the token, and the
   * browser what it has read of the page; `about:blank` is where its history leads back to.
   */
  async open(repo: string, place: Partial<Place> = {}, look: Look = {}): Promise<Page> {
    if (this.tab === undefined) {
      this.tab = await this.openTab();
      await this.tab.goto(this.linkTo(repo, place));
    }
    const { colorScheme, viewport } = { ...defaultLook, ...look };
    await this.tab.goto('about:blank');
    await this.tab.setViewportSize(viewport);
    await this.tab.emulateMedia({ colorScheme });
    await this.tab.goto(`${this.access.url}/${queryOf(repo, place)}`);
    return this.tab;
  }

  /** With the token, as `coppice open` opens it. */
  linkTo(repo: string, place: Partial<Place>): string {
    return `${this.access.url}/${queryOf(repo, place)}#token=${this.access.token}`;
  }

  /** A tab of a new browser window, at nothing. */
  async newTab(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.openTab(options);
    this.contexts.push(page.context());
    return page;
  }

  /** Closes all tabs but the shared one, and stops what that is about. */
  async closeTabs(): Promise<void> {
    await Promise.all(this.contexts.splice(0).map((context) => context.close()));
  }

  /** Gives the shared tab up: a test that has failed may still be at work in it. */
  async forgetTab(): Promise<void> {
    const tab = this.tab;
    this.tab = undefined;
    await tab?.context().close();
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.daemon.stop();
  }

  private async openTab(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext(options);
    context.setDefaultTimeout(20_000);
    context.on('page', (page) => this.watch(page));
    return context.newPage();
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

const queryOf = (repo: string, place: Partial<Place>): string => `?${formatPlace({ ...home, repo, ...place })}`;

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
