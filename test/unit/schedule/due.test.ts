import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, ended, type Watched } from '../../../src/schedule/due.js';
import { latestRun } from '../../../src/schedule/times.js';

const nightly = (since: string, zone = 'UTC'): Watched => ({
  name: 'nightly',
  pair: 'all',
  timing: { cron: '30 2 * * *', zone },
  since: new Date(since),
});
const starts = (watched: Watched[], now: string) =>
  decide(watched, [], new Date(now)).start.map(({ name, due }) => `${name} ${due.toISOString()}`);

describe('a run is started', () => {
  test('when it is due, and not before', () => {
    const watched = [nightly('2026-11-24T02:31:00Z')];
    expect(starts(watched, '2026-11-25T02:29:59.999Z')).toEqual([]);
    expect(starts(watched, '2026-11-25T02:30:00Z')).toEqual(['nightly 2026-11-25T02:30:00.000Z']);
  });

  test('once, when a laptop slept over three of them', () => {
    const first = decide([nightly('2026-11-20T02:31:00Z')], [], new Date('2026-11-23T09:00:00Z'));
    expect(first.start.map(({ due }) => due.toISOString())).toEqual(['2026-11-23T02:30:00.000Z']);
    expect(decide(first.watched, [], new Date('2026-11-23T09:00:30Z')).start).toEqual([]);
  });

  test('once more, when the clock is set back a day: the day comes again', () => {
    const watched = [nightly('2026-11-24T02:40:00Z')];
    const back = decide(watched, [], new Date('2026-11-23T12:00:00Z'));
    expect(back.start).toEqual([]);
    expect(starts(back.watched, '2026-11-24T02:30:00Z')).toEqual([
      'nightly 2026-11-24T02:30:00.000Z',
    ]);
  });

  test('not again, when the clock is set back an hour', () => {
    const watched = [nightly('2026-11-24T02:40:00Z')];
    const back = decide(watched, [], new Date('2026-11-24T01:40:00Z'));
    expect(starts(back.watched, '2026-11-24T02:30:00Z')).toEqual([]);
    expect(starts(back.watched, '2026-11-25T02:30:00Z')).toEqual([
      'nightly 2026-11-25T02:30:00.000Z',
    ]);
  });

  test('at once, when the clock is set forward over it', () => {
    expect(starts([nightly('2026-11-24T02:40:00Z')], '2027-11-24T12:00:00Z')).toEqual([
      'nightly 2027-11-24T02:30:00.000Z',
    ]);
  });

  test('not within a year after a clock that was a year ahead is set right, but the next night', () => {
    const back = decide([nightly('2027-11-24T02:40:00Z')], [], new Date('2026-11-24T12:00:00Z'));
    expect(starts(back.watched, '2026-11-25T02:30:00Z')).toHaveLength(1);
  });
});

test('a run that outlives its next start stands for it', () => {
  const watched = [nightly('2026-11-24T02:30:00Z')];
  const later = new Date('2026-11-25T04:00:00Z');
  expect(decide(watched, [{ name: 'nightly', pair: 'all' }], later).start).toEqual([]);
  const after = ended(watched, 'nightly', later);
  expect(starts(after, '2026-11-25T04:00:01Z')).toEqual([]);
  expect(starts(after, '2026-11-26T02:30:00Z')).toHaveLength(1);
});

test('another schedule of the pair waits until it has ended, and is then run', () => {
  const drill = { ...nightly('2026-11-24T00:00:00Z'), name: 'drill', pair: 'shop' };
  const now = new Date('2026-11-24T02:30:00Z');
  const first = decide([drill], [{ name: 'nightly', pair: 'all' }], now);
  expect(first.start).toEqual([]);
  expect(first.waiting.map(({ name }) => name)).toEqual(['drill']);
  expect(decide(first.watched, [{ name: 'other', pair: 'books' }], now).start).toHaveLength(1);
});

describe('whatever the clock does', () => {
  const schedules = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      pair: fc.constantFrom('shop', 'books', 'all'),
      cron: fc.constantFrom('30 2 * * *', '0 * * * *', '*/20 * * * *', '15 3 * * sun'),
      zone: fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe'),
    }),
    { selector: ({ name }) => name, minLength: 1 },
  );
  // Minutes by which the wall clock moves between two looks; and which of the runs ends then.
  const steps = fc.array(
    fc.record({ move: fc.integer({ min: -3000, max: 3000 }), end: fc.nat(3) }),
    {
      maxLength: 30,
    },
  );

  test('runs on a pair never overlap, and none is started before its time', () => {
    fc.assert(
      fc.property(schedules, steps, (given, moves) => {
        let now = new Date('2026-10-24T22:00:00Z');
        let watched: Watched[] = given.map(({ name, pair, cron, zone }) => ({
          ...{ name, pair, since: now },
          timing: { cron, zone },
        }));
        let running: { name: string; pair: string }[] = [];
        for (const { move, end } of moves) {
          now = new Date(now.getTime() + move * 60_000);
          const gone = running[end];
          if (gone) {
            running = running.filter((one) => one !== gone);
            watched = ended(watched, gone.name, now);
          }
          const decision = decide(watched, running, now);
          for (const one of decision.start) {
            const { timing, since } = watched.find(({ name }) => name === one.name)!;
            expect(one.due <= now).toBe(true);
            expect(latestRun(timing, one.due)).toEqual(one.due);
            expect(one.due > since || since > now).toBe(true);
          }
          running = [...running, ...decision.start];
          watched = decision.watched;
          const pairs = running.map(({ pair }) => pair);
          expect(new Set(pairs).size).toBe(pairs.length);
          if (pairs.includes('all')) expect(pairs).toEqual(['all']);
          expect(decide(watched, running, now).start).toEqual([]);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('when it goes on evenly, every time that is due is started once', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('30 2 * * *', '*/20 * * * *', '0 1-4 * * *'),
        fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'),
        fc.constantFrom('2026-03-28', '2026-10-24', '2026-10-31', '2026-10-03', '2026-04-04'),
        (cron, zone, day) => {
          const from = new Date(`${day}T00:00:00Z`);
          let watched: Watched[] = [
            { name: 'a', pair: 'shop', timing: { cron, zone }, since: from },
          ];
          const started: number[] = [];
          const expected = new Set<number>();
          for (let minute = 10; minute <= 36 * 60; minute += 10) {
            const now = new Date(from.getTime() + minute * 60_000);
            const decision = decide(watched, [], now);
            started.push(...decision.start.map(({ due }) => due.getTime()));
            watched = decision.watched;
            const latest = latestRun({ cron, zone }, now);
            if (latest && latest > from) expected.add(latest.getTime());
          }
          expect(started).toEqual([...expected]);
        },
      ),
      { numRuns: 15 },
    );
  });
});
