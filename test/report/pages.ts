import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';

export const desktop = { width: 1200, height: 900 };
export const phone = { width: 360, height: 740 };

/** How long a browser may take on a machine that is busy with everything else. */
export const patient = { timeout: 60_000 };

/** A page in a browser, and what it should not have done. */
export interface Shown {
  page: Page;
  /** Fails the test when there was an error, a line on the console, or a request. */
  expectQuiet: () => void;
}

/** Opens HTML from a file, as people do, in a window of its own. It is closed after the test. */
export async function show(
  browser: Browser,
  html: string,
  options: BrowserContextOptions = {},
): Promise<Shown> {
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-page-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'page.html');
  await writeFile(file, html);
  const { href } = pathToFileURL(file);

  const context = await browser.newContext({ viewport: desktop, ...options });
  onTestFinished(async () => await context.close());
  await context.addInitScript({ path: new URL('probe.js', import.meta.url).pathname });
  const asked: string[] = [];
  const said: string[] = [];
  await context.route('**/*', async (route) => {
    const url = route.request().url();
    if (url === href) {
      await route.continue();
    } else {
      asked.push(url);
      await route.abort();
    }
  });
  const page = await context.newPage();
  page.on('request', (request) => {
    if (request.url() !== href && !request.url().startsWith('data:')) asked.push(request.url());
  });
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  page.on('dialog', (dialog) => {
    said.push(dialog.message());
    void dialog.dismiss();
  });
  await page.goto(href);
  return {
    page,
    expectQuiet() {
      expect(asked).toEqual([]);
      expect(said).toEqual([]);
    },
  };
}

/** What the probe tells of each plot. */
export interface PlotPixels {
  id: string;
  drawn: number;
  inked: number;
  fits: boolean;
}

export const pixelsOf = async (page: Page): Promise<PlotPixels[]> =>
  await page.evaluate('probe.plots()');

/** Fails unless these plots are drawn, each in the colours of now and no wider than its place. */
export async function expectPlots(page: Page, ids: readonly string[]): Promise<void> {
  // A change of size or theme is drawn a moment later.
  await expect.poll(async () => (await pixelsOf(page)).every(isDrawn), patient).toBe(true);
  expect((await pixelsOf(page)).map(({ id }) => id)).toEqual(ids);
}

// The lag's two lines are in other colours than the first.
const isDrawn = ({ id, drawn, inked, fits }: PlotPixels): boolean =>
  drawn > 1000 && fits && (id === 'plot-lag' || inked > 50);

/** The JSON that a page was made with. */
export async function dataIn(page: Page): Promise<Record<string, unknown>> {
  const text = await page.locator('#data').textContent();
  return JSON.parse(text ?? '') as Record<string, unknown>;
}

export const figureOf = async (page: Page, id: string): Promise<string> =>
  await page.locator(`[data-figure="${id}"]`).innerText();
