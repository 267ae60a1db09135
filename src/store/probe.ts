import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { reasonOf, StillpointError } from '../errors.js';
import { faultOf } from './s3/errors.js';
import type { ProbeResult, Store } from './store.js';

/** What the folders of probes begin with. */
export const probePrefix = '.stillpoint-probe-';

/** A check of one thing: answers what it saw, throws when it does not work. */
type Check = () => Promise<string | { warn: string }>;

/**
 * Tries on a store what a backup does, under a name of its own, and removes it again. Stops at the
 * first thing that fails. `bytes` is the size of the object it writes: on S3 more than one part.
 */
export async function probeStore(store: Store, bytes = 64 * 1024): Promise<ProbeResult[]> {
  const folder = `${probePrefix}${randomBytes(6).toString('hex')}/`;
  const key = `${folder}object`;
  const written = randomBytes(bytes);
  const claim = `${folder}claim`;
  const checks: [string, Check][] = [
    ['write', async () => `${(await store.put(key, written)).bytes} bytes stored`],
    ['read', () => readBack(store, key, written)],
    ['conditional write', () => claimTwice(store, claim)],
    ['list', () => listBoth(store, folder)],
    ['delete', () => removeAll(store, folder, [key, claim]).catch(ifForbidden)],
  ];
  try {
    return await runChecks(checks);
  } finally {
    await store.delete([key, claim]).catch(() => undefined);
  }
}

/** Runs checks in their order up to the first that fails. */
export async function runChecks(checks: readonly [string, Check][]): Promise<ProbeResult[]> {
  const results: ProbeResult[] = [];
  for (const [name, check] of checks) {
    try {
      const seen = await check();
      results.push(
        typeof seen === 'string'
          ? { name, status: 'ok', detail: seen }
          : { name, status: 'warn', detail: seen.warn },
      );
    } catch (error) {
      const hint = error instanceof StillpointError && error.hint ? ` ${error.hint}` : '';
      results.push({ name, status: 'fail', detail: `${reasonOf(error)}.${hint}` });
      break;
    }
  }
  return results;
}

async function readBack(store: Store, key: string, written: Buffer): Promise<string> {
  const read = await buffer(await store.get(key));
  if (!read.equals(written))
    throw new Error(`${store.url} gave back other bytes than it was given`);
  return `${read.length} bytes read back, all equal`;
}

async function claimTwice(store: Store, key: string): Promise<string | { warn: string }> {
  await store.put(key, Buffer.from('first'), { ifAbsent: true });
  try {
    await store.put(key, Buffer.from('second'), { ifAbsent: true });
  } catch (error) {
    if (reasonOf(error).endsWith('exists already')) return 'a second write was refused';
    throw error;
  }
  return {
    warn: `${store.url} ignores conditional writes: of two runs that commit the same backup at the same moment, neither would notice the other.`,
  };
}

async function listBoth(store: Store, folder: string): Promise<string> {
  const found = await keysUnder(store, folder);
  if (found.length !== 2)
    throw new Error(`${store.url} lists ${found.length} objects where 2 were written`);
  return 'what was written is listed';
}

async function removeAll(store: Store, folder: string, keys: string[]): Promise<string> {
  await store.delete(keys);
  const left = await keysUnder(store, folder);
  if (left.length > 0) throw new Error(`${store.url} still lists what was removed`);
  const unfinished = await store.sweep(folder);
  if (unfinished > 0) throw new Error(`${store.url} kept ${unfinished} unfinished writes`);
  return 'all removed, nothing unfinished left';
}

// A choice of who runs it, and a good one: a backup needs none of it.
function ifForbidden(error: unknown): { warn: string } {
  if (faultOf(error)?.status !== 403) throw error;
  return {
    warn: 'These credentials may not delete, so they cannot remove a backup. Give prune others that may (retention.profile, docs/retention.md); it removes what failed runs and this check leave, too.',
  };
}

async function keysUnder(store: Store, folder: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(folder)) keys.push(key);
  return keys;
}
