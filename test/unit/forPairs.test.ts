import { describe, expect, test } from 'vitest';
import { exitStatus, exitStatusOf, StillpointError, type ErrorCode } from '../../src/errors.js';
import { forPairs } from '../../src/forPairs.js';

const refused = new StillpointError('refused', 'too much lag');

describe('forPairs', () => {
  test('a pair that fails ends no other, and the order is that of the pairs', async () => {
    const found = await forPairs(['a', 'b', 'c'], async (pair) => {
      if (pair === 'a') await Promise.resolve();
      if (pair === 'b') throw refused;
      return pair.toUpperCase();
    });
    expect(found.map(({ pair, value, error }) => [pair, value, error])).toEqual([
      ['a', 'A', null],
      ['b', null, refused],
      ['c', 'C', null],
    ]);
  });

  test('no more than so many at once, and as many as that', async () => {
    let now = 0;
    let most = 0;
    const names = Array.from({ length: 7 }, (_, index) => String(index));
    const work = async () => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now -= 1;
    };
    await forPairs(names, work, { atOnce: 3 });
    expect(most).toBe(3);
  });

  test('after the signal nothing begins', async () => {
    const ending = new AbortController();
    const ended = new StillpointError('terminated', 'ended by SIGTERM');
    const begun: string[] = [];
    const work = async (pair: string) => {
      begun.push(pair);
      ending.abort(ended);
      await Promise.resolve();
      return pair;
    };
    const found = await forPairs(['a', 'b'], work, { atOnce: 1, signal: ending.signal });
    expect(begun).toEqual(['a']);
    expect(found.map(({ error }) => error)).toEqual([null, ended]);
  });

  test('what is not our error fails the pair with its text', async () => {
    const [only] = await forPairs(['a'], () => Promise.reject(new TypeError('odd')));
    expect(only?.error).toMatchObject({ code: 'failed', message: 'odd' });
  });
});

const cases: [string, (ErrorCode | null)[], number][] = [
  ['no pair', [], 0],
  ['all well', [null, null], 0],
  ['some failed', ['refused', null, 'failed'], 3],
  ['all refused', ['refused', 'refused'], 10],
  ['all failed, each in its way', ['refused', 'locked'], 1],
  ['one only, refused', ['refused'], 10],
  ['another run was at work on all', ['locked', 'locked'], 11],
  ['another run was at work on one', [null, 'locked'], 3],
  ['one was ended by a signal', [null, 'terminated'], 143],
  ['all ended', ['terminated', 'terminated'], 143],
  ['a replica stays paused, others are well', [null, 'not-resumed'], 20],
  ['a replica stays paused, the others failed', ['locked', 'not-resumed'], 20],
];
test.each(cases)('exit status when %s', (_, codes, status) => {
  expect(exitStatusOf(codes.map((code) => (code === null ? 0 : exitStatus[code])))).toBe(status);
});
