import { setTimeout as sleep } from 'node:timers/promises';
import type { Pair } from '../rig/pair.js';

const milliseconds = 10;

/**
 * Runs `body`, and watches the replica's SQL thread meanwhile: seconds that it was seen stopped, null when
 * it never was. What only holds a lock, so that a running thread waits, is not seen. A thread that was
 * left stopped is started, and `say` is told.
 */
export async function watchPause<T>(
  pair: Pair,
  say: (line: string) => void,
  body: () => Promise<T>,
): Promise<{ result: T; pause: number | null }> {
  const over = new AbortController();
  const watching = addStops(pair, over.signal);
  let pause: number | null = null;
  const result = await body().finally(async () => {
    over.abort();
    pause = await watching;
    if (await pair.applierRunning()) return;
    say('it left the SQL thread stopped');
    await pair.replica.query(
      pair.engine === 'mysql' ? 'START REPLICA SQL_THREAD' : 'START SLAVE SQL_THREAD',
    );
  });
  return { result, pause };
}

/** Seconds until `signal`, and a last look after it, in which the thread did not run. */
async function addStops(pair: Pair, signal: AbortSignal): Promise<number | null> {
  let stoppedAt: number | null = null;
  let sum: number | null = null;
  for (let isLast = false; !isLast;) {
    isLast = signal.aborted;
    const isRunning = await pair.applierRunning();
    const now = performance.now();
    if (stoppedAt !== null) sum = (sum ?? 0) + (now - stoppedAt) / 1000;
    stoppedAt = isRunning ? null : now;
    if (!isLast) await sleep(milliseconds);
  }
  return sum;
}
