import { setMaxListeners } from 'node:events';
import type { CatalogCache } from './catalog/cache.js';
import { updateIndex } from './catalog/updateIndex.js';
import type { Store } from './store/store.js';

/** Seconds that it goes on reading records after what it runs beside has ended. */
const readsOn = 3;
/** Seconds after which it then gives up. */
const givesUp = 10;

/**
 * Keeps the index in the store up to date, while `beside` goes on and for some seconds more. Settles after
 * `beside`, and never throws: without an index a listing is only slower. These credentials may not be allowed
 * to write there, and a store may not let anything be overwritten. Where there is no cache (`openCatalogCache`)
 * there is no index either.
 */
export async function keepIndex(
  store: Store,
  pair: string,
  opening: CatalogCache | undefined | Promise<CatalogCache | undefined>,
  { beside, signal }: { beside: Promise<unknown>; signal: AbortSignal },
): Promise<void> {
  const reading = new AbortController();
  const late = new AbortController();
  const timers: NodeJS.Timeout[] = [];
  const hurry = () => {
    timers.push(setTimeout(() => reading.abort(), readsOn * 1000));
    timers.push(setTimeout(() => late.abort(), givesUp * 1000));
  };
  const over = beside.then(hurry, hurry);
  const update = async () => {
    const cache = await opening;
    if (cache === undefined) return;
    const ending = AbortSignal.any([signal, late.signal]);
    // Several requests at once listen to it, and Node warns of the eleventh listener.
    setMaxListeners(0, ending);
    await updateIndex(store, pair, cache, { reading: reading.signal, signal: ending });
  };
  await update().catch(() => undefined);
  await over;
  for (const timer of timers) clearTimeout(timer);
}
