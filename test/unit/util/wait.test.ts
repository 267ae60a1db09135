import { describe, expect, test } from 'vitest';
import { waitFor } from '../../../src/util/wait.js';

const patient = { within: 3600, every: 1 };
/** A wait that nobody would sit through: what ends it is not the time. */
const endless = { within: 3600, every: 3_600_000 };

describe('waitFor', () => {
  test('answers what the probe finds at last', async () => {
    let tries = 0;
    const found = await waitFor(() => Promise.resolve(++tries < 4 ? null : tries), patient);
    expect(found).toBe(4);
    expect(tries).toBe(4);
  });

  test.each([false, 0, '', undefined])('takes %j for an answer', async (answer) => {
    expect(await waitFor(() => Promise.resolve(answer), endless)).toBe(answer);
  });

  test('tries once, also when there is no time', async () => {
    let tries = 0;
    const found = await waitFor(
      () => {
        tries += 1;
        return Promise.resolve(null);
      },
      { within: 0, every: 3_600_000 },
    );
    expect(found).toBeNull();
    expect(tries).toBe(1);
  });

  test('throws what the probe throws', async () => {
    const lost = new Error('lost');
    await expect(waitFor(() => Promise.reject(lost), endless)).rejects.toBe(lost);
  });

  test('does not try once the signal has fired', async () => {
    const reason = new Error('interrupted');
    let tries = 0;
    const waiting = waitFor(() => Promise.resolve(++tries), {
      ...endless,
      signal: AbortSignal.abort(reason),
    });
    await expect(waiting).rejects.toBe(reason);
    expect(tries).toBe(0);
  });

  test('is woken by the signal between two tries', async () => {
    const reason = new Error('interrupted');
    const stop = new AbortController();
    const waiting = waitFor(
      () => {
        setImmediate(() => stop.abort(reason));
        return Promise.resolve(null);
      },
      { ...endless, signal: stop.signal },
    );
    await expect(waiting).rejects.toBe(reason);
  });
});
