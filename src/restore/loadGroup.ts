import type { Readable } from 'node:stream';
import type { ManifestPart } from '../catalog/records.js';
import type { Store } from '../store/store.js';
import type { Step } from '../util/lent.js';
import { inSession, loadingSession, loadPart, type LoadOptions } from './loadPart.js';

/** What of each part is loaded; `ends`: nothing of it is left then. */
export interface Pass {
  choose: () => Step | undefined;
  ends: boolean;
  /** Told why a statement was not taken. Left out, all ends with it. */
  onRefused?: (part: ManifestPart, why: string) => void;
}

/** Stored bytes. Less than this is loaded within the time that a connection and a look at the disk take. */
const littleBytes = 64 * 1024;
const mostTogether = 32;
/** Parts that a store, which may be far away, is asked for before it is their turn. */
const askedAhead = 8;

/** Little parts as groups of some, in their order, at least a few groups for each that loads; others alone. */
export function inGroups(parts: readonly ManifestPart[], parallel: number): ManifestPart[][] {
  const little = parts.filter(isLittle).length;
  const most = Math.min(mostTogether, Math.ceil(little / (parallel * 4)));
  const groups: [ManifestPart, ...ManifestPart[]][] = [];
  for (const part of parts) {
    const last = groups.at(-1);
    const fits = last && isLittle(part) && isLittle(last[0]) && last.length < most;
    if (fits) last.push(part);
    else groups.push([part]);
  }
  return groups;
}

function isLittle({ bytes }: ManifestPart): boolean {
  return bytes < littleBytes;
}

/** Loads parts one after the other over one connection. */
export async function loadGroup(
  parts: readonly ManifestPart[],
  options: LoadOptions,
  init: string,
  { choose, ends, onRefused }: Pass,
): Promise<void> {
  const { ledger, signal, observe } = options;
  signal.throwIfAborted();
  const keys = parts.map(({ key }) => key);
  const loaded: string[] = [];
  await ledger?.begin(keys);
  const store = readAhead(options.store, keys, signal);
  try {
    await inSession(options, loadingSession, async (session) => {
      for (const part of parts) {
        await loadPart(part, { ...options, store }, init, {
          choose: choose(),
          session,
          onRefused: onRefused && ((why) => onRefused(part, why)),
        });
        loaded.push(part.key);
        if (ends) await observe({ type: 'part', key: part.key });
      }
    });
  } finally {
    store.close();
    if (ends) await ledger?.end(loaded);
  }
}

/** A store that is asked for the next of these objects while one is read. */
function readAhead(
  store: Pick<Store, 'get'>,
  keys: readonly string[],
  signal: AbortSignal,
): Pick<Store, 'get'> & { close(): void } {
  const asked = new Map<string, Promise<Readable>>();
  const ask = (key: string): Promise<Readable> => {
    const known = asked.get(key);
    if (known) return known;
    // Its turn may never come, and nobody hear of what becomes of it.
    const body = store.get(key, { signal }).then((one) => one.on('error', () => undefined));
    body.catch(() => undefined);
    asked.set(key, body);
    return body;
  };
  return {
    async get(key) {
      const at = keys.indexOf(key);
      const bodies = keys.slice(at, at + askedAhead).map(ask);
      return await (bodies[0] ?? ask(key));
    },
    close() {
      for (const body of asked.values())
        body.then(
          (one) => one.destroy(),
          () => undefined,
        );
    },
  };
}
