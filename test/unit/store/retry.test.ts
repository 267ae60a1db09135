import { describe, expect, it } from 'vitest';
import { s3Failure } from '../../../src/store/s3/errors.js';
import { defaultPatience } from '../../../src/store/s3/options.js';
import { delayAfter, withRetry } from '../../../src/store/s3/retry.js';

const quick = { attempts: 5, unreachable: 3, firstDelay: 1, longestDelay: 2 };
const aim = { action: 'write', url: 's3://b/k', bucket: 'b', endpoint: 'http://s3' } as const;
const failure = (properties: object) => s3Failure(Object.assign(new Error('x'), properties), aim);
const busy = failure({ name: 'SlowDown', $metadata: { httpStatusCode: 503 } });
const refused = failure({ code: 'ECONNREFUSED' });
const denied = failure({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });

/** Fails with these errors, one a try, then succeeds; counts the tries. */
function failing(...errors: Error[]) {
  const state = { tries: 0 };
  const attempt = (number: number): Promise<number> => {
    state.tries++;
    const error = errors[number - 1];
    return error ? Promise.reject(error) : Promise.resolve(number);
  };
  return { state, attempt };
}

describe('withRetry', () => {
  it('tries until it works', async () => {
    expect(await withRetry(quick, undefined, failing(busy, refused, busy).attempt)).toBe(4);
  });

  it.each([
    ['what may pass, five times', busy, 5],
    ['a closed door, three times', refused, 3],
    ['what will not change, once', denied, 1],
    ['an error that is not of the service, once', new Error('bug'), 1],
  ])('tries %s', async (_name, error, times) => {
    const { state, attempt } = failing(...Array.from({ length: 9 }, () => error));
    await expect(withRetry(quick, undefined, attempt)).rejects.toBe(error);
    expect(state.tries).toBe(times);
  });

  it('ends a wait when it is aborted', async () => {
    const abort = new AbortController();
    const reason = new Error('stop');
    const tries = { ...quick, firstDelay: 3_600_000, longestDelay: 3_600_000 };
    const { state, attempt } = failing(busy, busy);
    const trying = withRetry(tries, abort.signal, attempt);
    abort.abort(reason);
    await expect(trying).rejects.toBe(reason);
    expect(state.tries).toBeLessThanOrEqual(1);
  });
});

describe('the default patience', () => {
  const waits = (tries: number, chance: number): number => {
    let sum = 0;
    for (let number = 1; number < tries; number++)
      sum += delayAfter(defaultPatience, number, chance);
    return sum / 1000;
  };

  it('outlives two minutes in which the service refuses at once', () => {
    expect(waits(defaultPatience.attempts, 1)).toBeGreaterThan(120);
    expect(waits(defaultPatience.attempts, 0)).toBeLessThan(180);
  });

  it('outlives two minutes of silence', () => {
    const silent = (defaultPatience.attempts * defaultPatience.silence) / 1000;
    expect(silent).toBeGreaterThan(120);
    expect(defaultPatience.silence).toBeLessThan(60_000);
  });

  it('knocks at a closed door for about a minute', () => {
    expect(waits(defaultPatience.unreachable, 1)).toBeGreaterThan(40);
    expect(waits(defaultPatience.unreachable, 0)).toBeLessThan(80);
  });
});
