import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DrillRecord } from '../../src/catalog/drillRecord.js';
import { drillPage } from '../../src/report/drillPage.js';
import { bytesText, nameText, secondsText } from '../../src/util/text.js';
import { hostileNames } from '../rig/hostile/names.js';
import { openBrowser } from '../rig/index.js';
import { sampleBackup } from '../support/history.js';
import { sampleDrill } from '../support/sampleDrill.js';
import { dataIn, desktop, expectPlots, figureOf, phone, show } from './pages.js';

const backup = sampleBackup(new Date('2026-11-21T02:30:00Z'), 1.7);
const drill = sampleDrill(backup);
const attacks = [
  '</script><script>hacked = 1</script>',
  '</title><script>hacked = 1</script>',
  '"><img src=x onerror="hacked = 1">',
  "' onmouseover='hacked = 1",
  '<!--<script>',
  '</noscript><svg onload=hacked=1>',
  '\u202egnp.elbat',
  'جدول',
  '\u2028\u2029\0\x1b[31m',
];

let browser: Browser;
beforeAll(async () => void (browser = await openBrowser()));
afterAll(async () => await browser.close());

describe('the figures on the page', () => {
  test('are those of the record', async () => {
    const { page, expectQuiet } = await show(browser, drillPage(drill, backup));
    const { seconds } = drill;
    expect(await figureOf(page, 'status')).toBe('✓ Proven');
    expect(await figureOf(page, 'restore')).toBe(secondsText(seconds.restore));
    expect(await figureOf(page, 'total')).toBe(secondsText(seconds.total));
    expect(await figureOf(page, 'catchUp')).toBe(secondsText(seconds.catchUp!));
    expect(await figureOf(page, 'pause')).toBe(secondsText(backup.pauseSeconds));
    expect(await figureOf(page, 'size')).toBe(bytesText(drill.bytes.plain));
    expect(await dataIn(page)).toMatchObject({ record: drill, backup });
    expect(await page.locator('.checks tr').count()).toBe(drill.checks.length);
    expectQuiet();
  });

  test('bars are as long as what they stand for took, and begin when it did', async () => {
    const { page } = await show(browser, drillPage(drill, backup));
    for (const [i, { from, seconds }] of drill.phases.entries()) {
      const row = page.locator('.chart').first().locator('.row').nth(i);
      const track = (await row.locator('.track').boundingBox())!;
      const bar = (await row.locator('.bar').boundingBox())!;
      const perSecond = track.width / drill.seconds.total;
      expect(bar.x - track.x).toBeCloseTo(from * perSecond, -0.5);
      expect(Math.abs(bar.width - seconds * perSecond)).toBeLessThan(2.5);
      expect(await row.innerText()).toContain(secondsText(seconds));
    }
    expect(await page.locator('.bar.part').count()).toBe(drill.parts.length);
  });

  test('tables stand by size, with rows and time', async () => {
    const { page } = await show(browser, drillPage(drill, backup));
    await page.locator('summary').click();
    const bySize = [...drill.tables].sort((a, b) => b.bytes - a.bytes);
    const shown = await page.locator('table.bars tbody tr').allInnerTexts();
    expect(shown).toHaveLength(bySize.length);
    for (const [i, { database, name, rows, bytes }] of bySize.entries()) {
      expect(shown[i]).toContain(`${database}.${name}`);
      expect(shown[i]).toContain(rows!.toLocaleString('en'));
      expect(shown[i]).toContain(bytesText(bytes));
    }
  });
});

test('a failed drill says why, first of all and in words', async () => {
  const failed = sampleDrill(backup, { failed: true });
  const { page, expectQuiet } = await show(browser, drillPage(failed, null));
  expect(await figureOf(page, 'reason')).toBe(failed.reason);
  expect(await figureOf(page, 'status')).toBe('✕ Failed');
  const reason = (await page.locator('.reason').boundingBox())!;
  const figures = (await page.locator('.figures').boundingBox())!;
  expect(reason.y).toBeLessThan(figures.y);
  expect(await page.locator('.checks tr').first().innerText()).toContain('failed');
  expect(await page.locator('table.bars tbody tr').first().innerText()).toContain('✕ differs');
  expectQuiet();
});

test('a drill that ended before it began to restore has a page', async () => {
  const early: DrillRecord = {
    ...sampleDrill(backup, { failed: true, catchUp: false }),
    checks: [],
    phases: [],
    parts: [],
    tables: [],
    reason: null,
  };
  const { page, expectQuiet } = await show(browser, drillPage(early, null), { viewport: phone });
  expect(await page.evaluate('probe.overflow()')).toBe(0);
  expectQuiet();
});

test.each(['light', 'dark'] as const)('hostile names stay text (%s)', async (colorScheme) => {
  const names = [...attacks, ...hostileNames];
  const hostile: DrillRecord = {
    ...sampleDrill(backup, { failed: true, tables: names.length }),
    pair: names.join(' '),
    reason: names.join(' '),
    host: attacks[0]!,
    checks: names.map((name) => ({ name, status: 'warned', detail: name })),
    tables: names.map((name, i) => ({ database: name, name, rows: i, bytes: 9 - i, equal: true })),
    catchUp: { ...drill.catchUp!, reached: attacks[1]! },
  };
  hostile.parts = hostile.parts.map((part, i) => {
    const name = names[i % names.length]!;
    return { ...part, database: name, tables: [name, name] };
  });
  const options = { colorScheme, viewport: phone };
  const { page, expectQuiet } = await show(browser, drillPage(hostile, backup), options);
  expect(await page.evaluate('typeof hacked')).toBe('undefined');
  expect(await page.locator('img, svg[onload], [onmouseover]').count()).toBe(0);
  expect(await page.locator('script').count()).toBe(4);
  expect(await page.title()).toContain(nameText(attacks[0]!));
  expect((await dataIn(page))['record']).toEqual(hostile);
  expect(await page.locator('table.bars bdi').allTextContents()).toContain(nameText(attacks[6]!));
  expect(await page.evaluate('probe.overflow()')).toBe(0);
  await expectPlots(page, ['plot-catch-up']);
  expectQuiet();
});

test('500 parts and 300 tables fit, on a desk and on a phone', async () => {
  const large = sampleDrill(backup, { tables: 300, lanes: 16 });
  const [last] = large.parts.slice(-1);
  while (large.parts.length < 500) large.parts.push({ ...last!, seconds: 0.01 });
  const { page, expectQuiet } = await show(browser, drillPage(large, backup));
  for (const viewport of [desktop, phone]) {
    await page.setViewportSize(viewport);
    expect(await page.evaluate('probe.overflow()')).toBe(0);
    await expectPlots(page, ['plot-catch-up']);
  }
  expect(await page.locator('.bar.part').count()).toBe(500);
  expect(await page.locator('table.bars tbody tr').count()).toBe(300);
  expectQuiet();
});
