import { describe, expect, test } from 'vitest';
import { median } from '../../bench/median.js';
import { plot, secondsText } from '../../bench/plot.js';
import { groupReport } from '../../bench/report.js';
import type { Group, Measure, Results } from '../../bench/results.js';
import { ratio, summarize } from '../../bench/summary.js';

const measure = (contender: string, round: number, seconds: number, more = {}): Measure => ({
  contender,
  round,
  seconds,
  pause: null,
  cpuSeconds: 2 * seconds,
  serverCpuSeconds: 1,
  peakMemory: 8e6,
  storedBytes: 300e6,
  ...more,
});

const gzip = 'mysqldump | gzip, uploaded';
const own = 'stillpoint, hold: dump';
const lean = 'stillpoint, hold: snapshot, no checksums';
// The second round was slow for all: a ratio of medians would not show 10, 2.5 and 1.
const dumps = [
  ...[measure(gzip, 1, 40), measure(own, 1, 10, { pause: 9 }), measure(lean, 1, 4, { pause: 0.1 })],
  ...[
    measure(gzip, 2, 80),
    measure(own, 2, 20, { pause: 19 }),
    measure(lean, 2, 8, { pause: 0.3 }),
  ],
  ...[measure(gzip, 3, 40), measure(own, 3, 10, { pause: 9 }), measure(lean, 3, 4, { pause: 0.2 })],
];
const group: Group = {
  engine: 'mariadb',
  version: '10.11.19-MariaDB',
  data: 'small',
  dataBytes: 640e6,
  tables: 10_000,
  dumps,
  restores: [],
  writes: [
    { during: 'no backup', round: 1, rate: 1000 },
    { during: 'hold: dump', round: 1, rate: 990 },
  ],
};
const results = (groups: Group[]): Results => ({
  format: 1,
  finishedAt: '2026-01-02T03:04:05.000Z',
  cores: 2,
  memory: 8e9,
  node: 'v20',
  groups,
});

describe('median', () => {
  test('takes the middle one, or the middle of two', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNull();
  });
});

describe('summarize', () => {
  test('has a line a contender in their order, and passes over what was not measured', () => {
    const lines = summarize(dumps);
    expect(lines.map(({ contender }) => contender)).toEqual([gzip, own, lean]);
    expect(lines.map(({ seconds }) => seconds)).toEqual([40, 10, 4]);
    expect(lines.map(({ pause }) => pause)).toEqual([null, 9, 0.2]);
  });
});

describe('ratio', () => {
  const of = ({ seconds }: Measure) => seconds;
  test('compares within rounds', () => {
    const slow = [measure('a', 1, 10), measure('a', 2, 300), measure('a', 3, 10)];
    const base = [measure('b', 1, 5), measure('b', 2, 100), measure('b', 3, 20)];
    expect(ratio(slow, base, of)).toBe(2);
  });

  test('is null when no round has both', () => {
    expect(ratio([measure('a', 1, 10)], [measure('b', 2, 5)], of)).toBeNull();
  });
});

describe('groupReport', () => {
  test('shows medians and ratios, aligned', () => {
    expect(groupReport(group)).toBe(
      `
mariadb 10.11.19-MariaDB, small: 10000 tables, 640 MB

medians                                      time        data    pause     CPU  replica's  memory  stored  ÷ dump  ÷ snapshot
mysqldump | gzip, uploaded                40.00 s   16.0 MB/s        -  80.0 s      1.0 s    8 MB  300 MB  4.00 ×     10.00 ×
stillpoint, hold: dump                    10.00 s   64.0 MB/s  9.000 s  20.0 s      1.0 s    8 MB  300 MB  1.00 ×      2.50 ×
stillpoint, hold: snapshot, no checksums   4.00 s  160.0 MB/s  0.200 s   8.0 s      1.0 s    8 MB  300 MB  0.40 ×      1.00 ×

medians, at the source  transactions  ÷ no backup
no backup                    1000 /s       1.00 ×
hold: dump                    990 /s       0.99 ×`.trim(),
    );
  });

  test('says nothing where nothing was measured', () => {
    expect(groupReport({ ...group, dumps: [], writes: [] })).toBe('');
  });
});

describe('plot', () => {
  test('draws a bar for each time and pause, to one scale, and leaves no text unescaped', () => {
    const svg = plot(results([group]));
    const widths = (kind: string) =>
      [...svg.matchAll(new RegExp(`width="([\\d.]+)"[^>]*class="${kind}"`, 'g'))]
        .map((found) => Number(found[1]))
        // The first is that of the legend.
        .slice(1);
    const [other] = widths('other');
    expect(widths('ours')).toEqual([other! / 4, other! / 10]);
    const [long, short] = widths('pause');
    expect(long).toBeCloseTo((other! * 9) / 40, 0);
    // Never so thin that it is not seen.
    expect(short).toBe(2);
    expect(svg).toContain('MariaDB 10.11.19, small');
    const bare = plot(results([{ ...group, dumps: [measure('a > b & <c>', 1, 1)] }]));
    expect(bare).toContain('a &gt; b &amp; &lt;c&gt;');
    expect(bare).not.toContain('<c>');
  });

  test('leaves out what has no dumps', () => {
    expect(plot(results([{ ...group, dumps: [] }]))).not.toContain('MariaDB');
  });

  test.each([
    [null, '–'],
    [0.0534, '53 ms'],
    [5.678, '5.68 s'],
    [41.02, '41.0 s'],
  ])('says %s seconds as %s', (seconds, text) => {
    expect(secondsText(seconds)).toBe(text);
  });
});
