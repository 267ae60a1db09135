import { describe, expect, test } from 'vitest';
import { decide, refuseLast, type Candidate } from '../../../src/pair/health.js';

function replica(name: string, more: Partial<Candidate> = {}): Candidate {
  return { name, preference: 0, backups: true, trouble: null, lagSeconds: 0, ...more };
}

const stopped = { trouble: 'the SQL thread is stopped', lagSeconds: null };
const spare = replica('spare', { backups: false, preference: 9 });

function pick(candidates: Candidate[], asked?: string): { name: string; reason: string } {
  return decide(candidates, { pair: 'shop', maxLag: 60, replica: asked });
}

describe('of several replicas', () => {
  test.each([
    ['the first of equals', [replica('east'), replica('west')], 'east', /^the first of those/],
    [
      'the least behind',
      [replica('east', { lagSeconds: 7 }), replica('west', { lagSeconds: 2 })],
      'west',
      /^the least behind: 2 s, east 7 s$/,
    ],
    [
      'the preferred, though it is behind',
      [replica('east'), replica('west', { preference: 1, lagSeconds: 40 })],
      'west',
      /^preference 1$/,
    ],
    [
      'not the preferred when it is too far behind',
      [replica('east'), replica('west', { preference: 1, lagSeconds: 61 })],
      'east',
      /^the only one that may be paused \(west: 61 s behind, the gate is 60 s\)$/,
    ],
    ['never the candidate', [spare, replica('east')], 'east', /\(spare: never paused/],
    [
      'the healthy one, while another stays',
      [replica('east', stopped), replica('west'), spare],
      'west',
      /east: the SQL thread is stopped/,
    ],
    ['the only one there is', [replica('east')], 'east', /^the only one that may be paused$/],
  ])('%s', (_, candidates, name, reason) => {
    const found = pick(candidates);
    expect(found.name).toBe(name);
    expect(found.reason).toMatch(reason);
  });

  test('the one that was asked for', () => {
    expect(pick([replica('east', { preference: 1 }), replica('west')], 'west')).toEqual({
      name: 'west',
      reason: 'it was asked for',
    });
  });
});

describe('refused', () => {
  test.each([
    ['the last one that is well', [replica('east', stopped), replica('west')], undefined, /last/],
    ['also when it was asked for', [replica('east', stopped), replica('west')], 'west', /last/],
    ['the candidate, though asked for', [spare, replica('east')], 'spare', /never paused/],
    ['none that may be', [spare, replica('east', stopped)], undefined, /east: the SQL thread is/],
    ['none that tells its lag', [replica('east', { lagSeconds: null })], undefined, /not tell/],
  ])('%s', (_, candidates, asked, message) => {
    expect(() => pick(candidates, asked)).toThrow(
      expect.objectContaining({
        code: 'refused',
        message: expect.stringMatching(message) as unknown,
      }),
    );
  });

  test('not while another one is well, be it behind or kept', () => {
    const others = [replica('east', stopped), replica('spare', { lagSeconds: 5000 })];
    expect(() => refuseLast([...others, replica('west')], 'west', 'shop')).not.toThrow();
    expect(() => refuseLast([replica('west')], 'west', 'shop')).not.toThrow();
  });
});
