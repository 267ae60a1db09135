import { expect, test } from 'vitest';
import { nextBackupId } from '../../../src/catalog/nextId.js';
import { openFileStore } from '../../../src/store/file.js';
import { commitKey } from '../../../src/store/keys.js';
import { systemClock, type Clock } from '../../../src/util/clock.js';
import { ownFolder } from '../util/folder.js';

const { signal } = new AbortController();

/** A clock that starts at a time and goes on. */
function clockFrom(time: string): Clock {
  const begun = systemClock.seconds();
  const now = () => new Date(Date.parse(time) + (systemClock.seconds() - begun) * 1000);
  return { ...systemClock, now };
}

async function storeWith(id: string) {
  const store = openFileStore({ path: await ownFolder() });
  await store.put(commitKey({ pair: 'shop', id }), Buffer.from('{}'));
  return store;
}

test('an id within the second of another one: the next second is waited for', async () => {
  const store = await storeWith('20261122T023000Z-nightly-ffffff');
  const clock = clockFrom('2026-11-22T02:30:00.900Z');
  const id = await nextBackupId(store, 'shop', 'before a migration', { clock, signal });
  expect(id).toMatch(/^20261122T023001Z-before-a-migration-/);
});

test.each([
  ['a second after it', '2026-11-22T02:30:01.000Z', '20261122T023001Z'],
  // A clock that ran ahead must not hold up backups.
  ['before it', '2026-11-22T02:29:59.100Z', '20261122T022959Z'],
])('an id %s: nothing is waited for', async (_, time, begin) => {
  const store = await storeWith('20261122T023000Z-nightly-ffffff');
  const clock = { ...systemClock, now: () => new Date(time) };
  const id = await nextBackupId(store, 'shop', 'nightly', { clock, signal });
  expect(id.startsWith(`${begin}-nightly-`)).toBe(true);
});

test('the waiting can be ended', async () => {
  const store = await storeWith('20261122T023000Z-nightly-ffffff');
  const clock = { ...systemClock, now: () => new Date('2026-11-22T02:30:00.000Z') };
  const waiting = nextBackupId(store, 'shop', 'x', { clock, signal: AbortSignal.timeout(20) });
  await expect(waiting).rejects.toThrow();
});
