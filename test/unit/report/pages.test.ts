import { Settings } from 'luxon';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { script } from '../../../src/report/assets.js';
import { drillPage } from '../../../src/report/drillPage.js';
import { historyPage } from '../../../src/report/historyPage.js';
import { historyPlots } from '../../../src/report/historyPlots.js';
import { render } from '../../../src/report/markup.js';
import { sampleHistory, sampleNow } from '../../support/history.js';
import { sampleDrill } from '../../support/sampleDrill.js';

const { backups, drills } = sampleHistory({ days: 40 });
const zone = Settings.defaultZone;
beforeEach(() => void (Settings.defaultZone = 'Europe/Berlin'));
afterEach(() => void (Settings.defaultZone = zone));

test('a page asks for nothing outside of itself', () => {
  const pages = [
    historyPage({ pair: 'shop', backups, drills, now: sampleNow }),
    drillPage(drills[0]!, backups[0]!),
  ];
  for (const html of pages) {
    expect(policyOf(html)).toContain("default-src 'none'");
    expect(html).not.toMatch(/(src|href)="(?!#|data:)/);
    const [style = ''] = /<style>.*<\/style>/s.exec(html) ?? [];
    expect(style).toContain('.u-wrap');
    expect(style).not.toMatch(/@import|url\(/);
    expect(html).not.toContain('sourceMappingURL');
  }
});

test('a page without a plot has no script but its data', () => {
  const drill = sampleDrill(backups[0]!, { catchUp: false });
  const html = drillPage(drill, null);
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(policyOf(html)).toContain("script-src 'none'");
});

test('times are those of the zone that the page names', () => {
  const html = historyPage({ pair: 'shop', backups, drills, now: sampleNow });
  expect(html).toContain('22 Nov 2026, 10:12');
  expect(html).toContain('Times in Europe/Berlin');
});

test('no code ends the element that it stands in', () => {
  const { element } = script('a("</script>"); b("<!--"); c < d');
  expect(render(element)).toBe('<script>a("\\x3c/script>"); b("\\x3c!--"); c < d</script>');
});

describe('the plots of a history', () => {
  const plots = historyPlots(backups, drills, sampleNow);
  const [restore, pause, size, lag] = plots;

  test('have the figures of the records, in the unit of their axis', () => {
    expect(pause!.unit).toBe('min');
    expect(pause!.series[0]!.values).toEqual(backups.map((backup) => backup.pauseSeconds / 60));
    expect(size!.unit).toBe('GB');
    expect(size!.series[1]!.values).toEqual(backups.map(({ bytes }) => bytes.stored / 1e9));
    expect(restore!.x).toEqual(drills.map(({ startedAt }) => Date.parse(startedAt) / 1000));
    expect(lag!.series.map(({ texts }) => texts.at(-1))).toEqual([
      expect.stringMatching(/^\d\.00 s$/),
      expect.stringMatching(/^\d min \d+ s$/),
    ]);
  });

  test('share one time, up to now', () => {
    const ranges = new Set(plots.map(({ xRange }) => JSON.stringify(xRange)));
    expect(ranges.size).toBe(1);
    expect(pause!.xRange[1]).toBe(sampleNow.getTime() / 1000);
  });

  test('leave out what no record tells', () => {
    const silent = backups.map((backup) => ({ ...backup, lag: [] }));
    const ids = historyPlots(silent, [], sampleNow).map(({ id }) => id);
    expect(ids).toEqual(['plot-pause', 'plot-size']);
    expect(historyPlots([], [], sampleNow)).toEqual([]);
  });
});

function policyOf(html: string): string {
  const [, content = ''] =
    /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
  return content.replaceAll('&#39;', "'");
}
