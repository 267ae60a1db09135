import { z } from 'zod';
import { rescuePrefix } from '../store/keys.js';
import type { Store } from '../store/store.js';

// `rescued/<id>/rescue.json`: what a server had of its own when it became a replica again.

export const rescueSchema = z.object({
  format: z.literal(1),
  id: z.string(),
  pair: z.string(),
  /** The server they were on, and the one that has not got them. */
  server: z.string(),
  source: z.string(),
  /** GTIDs, or a stretch of its binary log. */
  transactions: z.string(),
  at: z.iso.datetime(),
  encrypted: z.boolean(),
  /** First the transactions as SQL, then the binary logs that hold them. */
  files: z.array(z.object({ key: z.string(), bytes: z.number(), sha256: z.string() })),
});
export type Rescue = z.infer<typeof rescueSchema>;

/** Writes down what was saved; it counts as saved from then on. */
export async function putRescue(store: Store, rescue: Rescue): Promise<void> {
  const body = Buffer.from(`${JSON.stringify(rescue, null, 2)}\n`);
  await store.put(`${rescuePrefix(rescue.pair, rescue.id)}rescue.json`, body);
}
