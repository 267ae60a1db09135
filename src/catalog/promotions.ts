import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { promotionKey, promotionsPrefix } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { reasonOf, StillpointError } from '../errors.js';

// `promotions/<id>.json`: what `pair promote --json` prints, and what `pair rejoin` goes by.

const place = z.object({ host: z.string(), port: z.number(), uuid: z.string().nullable() });
const position = z.object({ file: z.string(), position: z.number() });

export const promotionSchema = z.object({
  format: z.literal(1),
  id: z.string(),
  pair: z.string(),
  /** `switchover`: both servers were there. `failover`: the source was gone. */
  kind: z.enum(['switchover', 'failover']),
  status: z.literal('promoted'),
  oldSource: place,
  newSource: place,
  /** Of a pair with several replicas the name of the one that is the source now. */
  replica: z.string().nullable().default(null),
  /** Null in older records. */
  engine: z.enum(['mysql', 'mariadb']).nullable().default(null),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  /** From the moment the source took no more writes until the new one took them; null: nobody knows. */
  writesPausedSeconds: z.number().nullable(),
  /** What the new source had of the old one. */
  received: z.object({
    /** GTIDs; null where there are none. */
    gtid: z.string().nullable(),
    /** Up to where the old source's binary log was applied. */
    position,
    /** Bytes of a transaction that came only in part. */
    partialBytes: z.number(),
    /** When the old source was last heard of; null where the server does not tell. */
    lastContact: z.iso.datetime().nullable(),
    /** When the newest event of it was written, by its clock: on MariaDB, which tells of no contact; else null. */
    lastWritten: z.iso.datetime().nullable().default(null),
  }),
  /** Where the new source's binary log stood before its first write; null when it writes none. */
  opensAt: position.nullable(),
  /** What was written to the old source after it had been replaced, of a switchover; null for nothing. */
  alone: z.string().nullable().default(null),
  /** `database.event`: these run on the new source now. */
  events: z.array(z.string()),
  /** Whether its event scheduler was off, and was turned on for them. */
  eventScheduler: z.boolean().default(false),
  /** Variables that SET PERSIST has stored on it, and that make it read-only when it restarts. */
  persisted: z.array(z.string()).default([]),
  /** The other replicas of a pair with several; `left`: it was not turned to the new source, and why. */
  others: z
    .array(
      z.object({
        name: z.string(),
        status: z.enum(['following', 'left']),
        reason: z.string().nullable(),
      }),
    )
    .default([]),
  warnings: z.array(z.string()),
  /** `user@host`. */
  by: z.string(),
  tool: z.string(),
});
export type Promotion = z.infer<typeof promotionSchema>;

/** Writes it down in the store. */
export async function putPromotion(store: Store, promotion: Promotion): Promise<void> {
  const body = Buffer.from(`${JSON.stringify(promotion, null, 2)}\n`);
  await store.put(promotionKey(promotion.pair, promotion.id), body);
}

/** The newest promotion of a pair; null when there was none. */
export async function lastPromotion(store: Store, pair: string): Promise<Promotion | null> {
  let newest = '';
  // Ids sort by time.
  for await (const { key } of store.list(promotionsPrefix(pair)))
    if (key.endsWith('.json') && key > newest) newest = key;
  if (newest === '') return null;
  try {
    return promotionSchema.parse(JSON.parse(await text(await store.get(newest))));
  } catch (error) {
    throw new StillpointError(
      'failed',
      `the record ${newest} of the last promotion cannot be read: ${reasonOf(error)}`,
      { hint: 'Look at it with the tools of the store; move it away when it is beyond repair.' },
    );
  }
}

/**
 * Whether a server is the one that was promoted. MariaDB's identity holds the name of its host, which a container
 * may lose: the same address, port and server_id will do.
 */
export function wasNewSource(
  { newSource }: Promotion,
  { uuid, settings }: { uuid: string; settings: { host: string; port: number } },
): boolean {
  if (newSource.uuid === uuid) return true;
  const rest = (identity: string | null) => /^[^:]*(:\d+:\d+)$/.exec(identity ?? '')?.[1];
  const isThere = newSource.host === settings.host && newSource.port === settings.port;
  return isThere && rest(uuid) !== undefined && rest(newSource.uuid) === rest(uuid);
}

/** Whether a server is the one that was the source before: by its address where it could not be asked then. */
export function wasOldSource(
  { oldSource }: Promotion,
  { uuid, settings }: { uuid: string; settings: { host: string; port: number } },
): boolean {
  if (oldSource.uuid !== null) return oldSource.uuid === uuid;
  return oldSource.host === settings.host && oldSource.port === settings.port;
}
