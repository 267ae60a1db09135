import { describe, expect, test } from 'vitest';
import { estimateSeconds } from '../../../src/restore/estimate.js';
import { exampleDrill } from '../../support/drill.js';

const drill = (status: 'passed' | 'failed', plain: number, download: number, restore: number) =>
  exampleDrill({
    status,
    bytes: { plain, stored: 1 },
    seconds: { download, restore, checks: 100, catchUp: null, total: 200 },
  });

describe('about how long a restore takes', () => {
  test('is not known without a drill that passed', () => {
    expect(estimateSeconds(1000, [])).toBeNull();
    expect(estimateSeconds(1000, [drill('failed', 1000, 1, 1)])).toBeNull();
    expect(estimateSeconds(1000, [drill('passed', 0, 1, 1)])).toBeNull();
  });

  test('is what the newest that passed took for as much', () => {
    const drills = [
      drill('passed', 1000, 100, 100),
      drill('passed', 1000, 1, 3),
      drill('failed', 1000, 50, 50),
    ];
    expect(estimateSeconds(500, drills)).toBe(2);
    expect(estimateSeconds(0, drills)).toBe(0);
  });
});
