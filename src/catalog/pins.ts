import pLimit from 'p-limit';
import { hostname, userInfo } from 'node:os';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { StillpointError } from '../errors.js';
import { idOfKey, pinKey, pinsPrefix, pruningKey, type BackupAddress } from '../store/keys.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../util/clock.js';
import { timeText } from '../util/text.js';

const readsAtOnce = 32;

/** `pins/<backup id>.json`: keeps a backup from being pruned. */
const pinSchema = z.object({
  format: z.literal(1),
  pair: z.string(),
  /** Id of the backup. */
  backup: z.string(),
  /** When it was pinned. */
  at: z.iso.datetime(),
  /** When the pin ends to hold; null for never. */
  until: z.iso.datetime().nullable(),
  /** `user@host`. */
  by: z.string(),
  reason: z.string().nullable(),
});
export type Pin = z.infer<typeof pinSchema>;

export interface NewPin extends BackupAddress {
  until: Date | null;
  reason: string | null;
}

/** A pin by whoever runs this. */
export function newPin({ pair, id, until, reason }: NewPin, clock: Clock): Pin {
  return {
    format: 1,
    pair,
    backup: id,
    at: clock.now().toISOString(),
    until: until?.toISOString() ?? null,
    by: `${userInfo().username}@${hostname()}`,
    reason,
  };
}

/** Whether a pin still keeps its backup. */
export function pinHolds({ until }: Pick<Pin, 'until'>, now: Date): boolean {
  return until === null || Date.parse(until) > now.getTime();
}

/** The pin that keeps a backup now, of those that `listPins` answers; null when none does. */
export function holdingPin(pins: ReadonlyMap<string, Pin>, id: string, now: Date): Pin | null {
  const pin = pins.get(id);
  return pin && pinHolds(pin, now) ? pin : null;
}

/**
 * Pins a backup, in place of a pin it may have. It need not be committed yet. Throws `refused` when a
 * prune has begun to remove it.
 */
export async function putPin(store: Store, pin: Pin): Promise<void> {
  const at = { pair: pin.pair, id: pin.backup };
  await store.put(pinKey(at), Buffer.from(`${JSON.stringify(pin, null, 2)}\n`));
  // A prune writes its mark and then looks for a pin, so one of us sees the other.
  if ((await store.head(pruningKey(at))) === null) return;
  throw new StillpointError('refused', `backup ${pin.backup} is being pruned`, {
    hint: '`stillpoint list` shows which backups stay; pin one of those.',
  });
}

/**
 * The pins of a pair by their backup's id, also those that hold no more. One that cannot be read holds
 * for ever, and is told to `onDamaged` as a line.
 */
export async function listPins(
  store: Store,
  pair: string,
  onDamaged: (line: string) => void = () => undefined,
): Promise<Map<string, Pin>> {
  const ids: string[] = [];
  for await (const { key } of store.list(pinsPrefix(pair))) {
    const id = idOfKey(pinsPrefix(pair), key);
    if (id !== null) ids.push(id);
  }
  const limit = pLimit(readsAtOnce);
  const pins = await Promise.all(
    ids.map((id) => limit(() => readPin(store, { pair, id }, onDamaged))),
  );
  return new Map(pins.filter((pin) => pin !== null).map((pin) => [pin.backup, pin]));
}

/** Removes a backup's pin. False when it has none. */
export async function removePin(store: Store, at: BackupAddress): Promise<boolean> {
  if ((await store.head(pinKey(at))) === null) return false;
  await store.delete([pinKey(at)]);
  return true;
}

/** The pin of one backup, as `listPins` answers it; null when it has none. */
export async function readPin(
  store: Store,
  at: BackupAddress,
  onDamaged: (line: string) => void = () => undefined,
): Promise<Pin | null> {
  try {
    const pin = pinSchema.parse(JSON.parse(await text(await store.get(pinKey(at)))));
    if (pin.backup === at.id) return pin;
  } catch (error) {
    if (error instanceof StillpointError) {
      if (error.code === 'no-such-backup') return null;
      throw error;
    }
  }
  onDamaged(
    `the pin ${pinKey(at)} cannot be read, so the backup stays: \`stillpoint unpin ${at.id}\` removes it`,
  );
  const unknown = {
    at: new Date(0).toISOString(),
    until: null,
    by: 'unknown',
    reason: 'its record cannot be read',
  };
  return { format: 1, pair: at.pair, backup: at.id, ...unknown };
}

/** `until 2026-12-01 00:00:00 +01:00 by ann@host: before the migration`. */
export function pinText({ until, by, reason }: Pin): string {
  const when = until === null ? 'for ever' : `until ${timeText(until)}`;
  return `${when} by ${by}${reason === null ? '' : `: ${reason}`}`;
}
