import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drillPage } from '../../src/report/drillPage.js';
import { historyPage } from '../../src/report/historyPage.js';
import { bytesText, secondsText } from '../../src/util/text.js';
import { openBrowser } from '../rig/index.js';
import { sampleHistory, sampleNow } from '../support/history.js';
import { sampleDrill } from '../support/sampleDrill.js';
import { dataIn, desktop, expectPlots, figureOf, patient, phone, show } from './pages.js';

const { backups, drills } = sampleHistory();
const html = historyPage({ pair: 'shop', backups, drills, now: sampleNow });
const plots = ['plot-restore', 'plot-pause', 'plot-size', 'plot-lag'];

let browser: Browser;
beforeAll(async () => void (browser = await openBrowser()));
afterAll(async () => await browser.close());

test('the figures are those of the records', async () => {
  const { page, expectQuiet } = await show(browser, html);
  const newest = backups.at(-1)!;
  const proven = new Set(drills.filter(({ status }) => status === 'passed').map((d) => d.backup));
  expect(await figureOf(page, 'status')).toBe('✓ Proven');
  expect(await figureOf(page, 'newest')).toBe('6 hours ago');
  expect(await figureOf(page, 'restore')).toBe(secondsText(drills.at(-1)!.seconds.restore));
  expect(await figureOf(page, 'pause')).toBe(secondsText(newest.pauseSeconds));
  expect(await figureOf(page, 'size')).toBe(bytesText(newest.bytes.plain));
  expect(await figureOf(page, 'coverage')).toBe(`${proven.size} of ${backups.length}`);
  await page.locator('summary').click();
  expect(await page.locator('table.drills tr[id]').count()).toBe(drills.length);
  expectQuiet();
});

test('the page holds the figures of every backup and drill', async () => {
  const { page } = await show(browser, html);
  const data = await dataIn(page);
  expect(data).toMatchObject({ pair: 'shop', madeAt: sampleNow.toISOString() });
  const told = data as unknown as { backups: unknown[]; drills: unknown[] };
  expect(told.backups).toHaveLength(backups.length);
  for (const [i, backup] of backups.entries()) expect(backup).toMatchObject(told.backups[i]!);
  expect(told.drills).toHaveLength(drills.length);
  for (const [i, drill] of drills.entries()) expect(drill).toMatchObject(told.drills[i]!);
});

test('each backup is a cell, which leads to its drill', async () => {
  const { page } = await show(browser, html);
  const cells = (state: string) => page.locator(`.coverage .cell.${state}`).count();
  const failed = drills.filter(({ status }) => status === 'failed').length;
  expect(await cells('proven')).toBe(drills.length - failed);
  expect(await cells('failed')).toBe(failed);
  expect(await cells('unproven')).toBe(backups.length - drills.length);
  const { id, backup } = drills.at(-1)!;
  await page.locator(`.coverage a[href="#${id}"]`).click();
  const row = page.locator('tr:target');
  expect(await row.getAttribute('id')).toBe(id);
  expect(await row.innerText()).toContain(backup);
});

describe('the plots', () => {
  test('are drawn, and tell the values under the cursor', async () => {
    const { page, expectQuiet } = await show(browser, html);
    await expectPlots(page, plots);
    const pause = (at: number) => secondsText(backups.at(at)!.pauseSeconds);
    const legend = page.locator('figure:has(#plot-pause) .legend .value');
    expect(await legend.innerText()).toBe(pause(-1));
    await hover(page, '#plot-pause', 0);
    await expect.poll(async () => await legend.innerText(), patient).toBe(pause(0));
    await page.mouse.move(0, 0);
    await expect.poll(async () => await legend.innerText(), patient).toBe(pause(-1));
    expectQuiet();
  });

  test('fit a window that becomes a phone, and back', async () => {
    const { page, expectQuiet } = await show(browser, html);
    for (const viewport of [desktop, phone, desktop]) {
      await page.setViewportSize(viewport);
      await expectPlots(page, plots);
      expect(await page.evaluate('probe.overflow()')).toBe(0);
    }
    expectQuiet();
  });

  test('follow the theme, and are light on paper', async () => {
    const { page, expectQuiet } = await show(browser, html, { colorScheme: 'light' });
    const ink = async () =>
      await page.evaluate('getComputedStyle(document.documentElement).getPropertyValue("--ink-1")');
    const light = await ink();
    await expectPlots(page, plots);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await ink()).not.toBe(light);
    await expectPlots(page, plots);
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
    expect(await ink()).toBe(light);
    await expectPlots(page, plots);
    await page.emulateMedia({ colorScheme: 'dark', media: 'screen' });
    await expectPlots(page, plots);
    expectQuiet();
  });

  test('are in the printed document, one picture each', async () => {
    const { page, expectQuiet } = await show(browser, html, { colorScheme: 'dark' });
    const pdf = await page.pdf({ format: 'A4' });
    const pictures = pdf.toString('latin1').match(/\/Subtype \/Image\b/g) ?? [];
    expect(pictures.length).toBeGreaterThanOrEqual(plots.length);
    await expectPlots(page, plots);
    expectQuiet();
  });

  test('are tables where no script runs', async () => {
    const { page, expectQuiet } = await show(browser, html, { javaScriptEnabled: false });
    const rows = page.locator('figure:has(#plot-pause) noscript tbody tr');
    expect(await rows.count()).toBe(60);
    expect(await rows.last().innerText()).toContain(secondsText(backups.at(-1)!.pauseSeconds));
    expect(await page.locator('.canvas:visible').count()).toBe(0);
    expectQuiet();
  });
});

test.each(['light', 'dark'] as const)(
  'text stands out from its ground (%s)',
  async (colorScheme) => {
    const failed = sampleDrill(backups.at(-1)!, { failed: true });
    const pages = [
      html,
      historyPage({ pair: 'shop', backups, drills: [...drills, failed], now: sampleNow }),
      drillPage(drills.at(-1)!, backups.at(-2)!),
      drillPage(failed, null),
    ];
    for (const one of pages) {
      const { page } = await show(browser, one, { colorScheme });
      const found: { text: string; ratio: number }[] = await page.evaluate('probe.contrasts()');
      expect(found.length).toBeGreaterThan(50);
      expect(found.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
    }
  },
);

describe('there may be', () => {
  test('nothing yet', async () => {
    const empty = historyPage({ pair: 'shop', backups: [], drills: [], now: sampleNow });
    const { page, expectQuiet } = await show(browser, empty, { viewport: phone });
    expect(await figureOf(page, 'status')).toContain('Not proven');
    expect(await page.locator('main').innerText()).toContain('stillpoint drill');
    expectQuiet();
  });

  test('one backup and one drill, which failed', async () => {
    const backup = backups.at(-1)!;
    const drill = sampleDrill(backup, { failed: true });
    const one = historyPage({ pair: 'shop', backups: [backup], drills: [drill], now: sampleNow });
    const { page, expectQuiet } = await show(browser, one);
    expect(await figureOf(page, 'reason')).toBe(drill.reason);
    expect(await figureOf(page, 'coverage')).toBe('0 of 1');
    await expectPlots(page, plots);
    expectQuiet();
  });

  test('drills of backups that are gone', async () => {
    const gone = historyPage({ pair: 'shop', backups: [], drills, now: sampleNow });
    const { page, expectQuiet } = await show(browser, gone);
    await expectPlots(page, ['plot-restore']);
    expectQuiet();
  });

  test('400 backups', async () => {
    const long = sampleHistory({ days: 420 });
    expect(long.backups.length).toBeGreaterThan(400);
    const many = historyPage({ pair: 'shop', ...long, now: sampleNow });
    const { page, expectQuiet } = await show(browser, many, { viewport: phone });
    await expectPlots(page, plots);
    expect(await page.evaluate('probe.overflow()')).toBe(0);
    expectQuiet();
  });
});

/** Moves the mouse over a plot, to a part of its width. */
async function hover(page: Page, id: string, share: number): Promise<void> {
  const over = page.locator(`${id} .u-over`);
  await over.scrollIntoViewIfNeeded();
  const box = (await over.boundingBox())!;
  await page.mouse.move(box.x + 1 + share * (box.width - 2), box.y + box.height / 2);
}
