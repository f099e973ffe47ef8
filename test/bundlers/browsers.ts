// Opens a page in Debian's Chromium (by Playwright) or Firefox ESR (by Puppeteer, over WebDriver BiDi), waits for the result that
// its script leaves, and lists whatever went wrong meanwhile.
import { chromium } from 'playwright';
import puppeteer from 'puppeteer-core';
import { CHROMIUM, CHROMIUM_ARGUMENTS } from '../../.ci/chromium.mjs';
import { FIREFOX } from '../../.ci/firefox.mjs';

export interface Visit<Result> {
  readonly result: Result;
  /** Errors on the console, exceptions, requests that failed or went elsewhere than to the page's own origin. */
  readonly problems: readonly string[];
}

export interface Visitor {
  visit<Result>(url: string): Promise<Visit<Result>>;
  close(): Promise<void>;
}

interface Message {
  type(): string;
  text(): string;
  location(): { readonly url?: string };
}

/** What both drivers tell of a page: names of events and their payloads are the same. */
interface Page {
  on(event: 'console', listener: (message: Message) => void): unknown;
  on(event: 'pageerror', listener: (error: unknown) => void): unknown;
  on(event: 'request' | 'requestfailed', listener: (request: { url(): string }) => void): unknown;
}

const PATIENCE_MS = 30_000;

function watch(page: Page, url: string): string[] {
  const problems: string[] = [];
  const { origin } = new URL(url);
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) problems.push(`request elsewhere: ${request.url()}`);
  });
  page.on('requestfailed', (request) => problems.push(`request failed: ${request.url()}`));
  return problems;
}

declare global {
  var result: unknown;
}
// Functions, not strings: those would be evaluated in the page, whose policy forbids it.
const isDone = (): boolean => globalThis.result !== undefined;
const read = (): unknown => globalThis.result;

export async function openChromium(): Promise<Visitor> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS });
  return {
    async visit<Result>(url: string) {
      const context = await browser.newContext(); // with a cache of its own, which is empty
      const page = await context.newPage();
      const problems = watch(page as Page, url);
      try {
        await page.goto(url);
        await page.waitForFunction(isDone, undefined, { timeout: PATIENCE_MS }).catch((error) => fail(error, problems));
        return { result: (await page.evaluate(read)) as Result, problems };
      } finally {
        await context.close();
      }
    },
    close: () => browser.close(),
  };
}

export async function openFirefox(): Promise<Visitor> {
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath: FIREFOX, headless: true });
  return {
    async visit<Result>(url: string) {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      const problems = watch(page as Page, url);
      try {
        await page.goto(url);
        await page.waitForFunction(isDone, { timeout: PATIENCE_MS }).catch((error) => fail(error, problems));
        return { result: (await page.evaluate(read)) as Result, problems };
      } finally {
        await context.close();
      }
    },
    close: () => browser.close(),
  };
}

function fail(error: Error, problems: readonly string[]): never {
  throw new Error(`${error.message}\n${problems.join('\n')}`);
}
