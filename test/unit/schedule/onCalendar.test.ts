import { execaSync } from 'execa';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { onCalendar } from '../../../src/schedule/render/onCalendar.js';
import { nextRuns } from '../../../src/schedule/times.js';
import { mayRun } from '../../support/programs.js';
import { anyCron } from './anyCron.js';

test.each([
  ['30 2 * * *', ['*-*-* 02:30:00 UTC']],
  ['*/20 * * * *', ['*-*-* *:00,20,40:00 UTC']],
  ['0 9-11 * jan,jul mon-fri', ['Mon,Tue,Wed,Thu,Fri *-01,07-* 09,10,11:00:00 UTC']],
  ['0 0 * * 7,1', ['Mon,Sun *-*-* 00:00:00 UTC']],
  ['5 4 1,15 * 5', ['*-*-01,15 04:05:00 UTC', 'Fri *-*-* 04:05:00 UTC']],
])('%s', (cron, calendars) => {
  expect(onCalendar({ cron, zone: 'UTC' })).toEqual(calendars);
});

describe.runIf(mayRun('systemd-analyze'))('systemd reads it as we do', () => {
  const from = new Date('2027-06-01T00:00:00Z');

  test('whatever the expression, in zones with and without a change of the clocks', () => {
    fc.assert(
      fc.property(anyCron, fc.constantFrom('UTC', 'Asia/Tokyo', 'Europe/Berlin'), (cron, zone) => {
        const ours = nextRuns({ cron, zone }, from, 6)
          // systemd leaves out what falls into a gap: that difference is told, not converted.
          .filter((at) => at < new Date('2027-10-01T00:00:00Z'));
        const theirs = runsOf(onCalendar({ cron, zone }), ours.length);
        expect(theirs.slice(0, ours.length)).toEqual(ours);
      }),
      { numRuns: 40 },
    );
  });

  function runsOf(calendars: readonly string[], count: number): Date[] {
    if (count === 0) return [];
    const { stdout } = execaSync(
      'systemd-analyze',
      ['calendar', `--iterations=${count}`, '--base-time=2027-06-01 00:00:00', ...calendars],
      { env: { TZ: 'UTC', LC_ALL: 'C' } },
    );
    const found = [...stdout.matchAll(/(?:Next elapse|Iter\. #\d+): \w+ (\S+) (\S+) UTC/g)];
    const times = found.map(([, date = '', time = '']) => Date.parse(`${date}T${time}Z`));
    return [...new Set(times)].sort((a, b) => a - b).map((at) => new Date(at));
  }
});
