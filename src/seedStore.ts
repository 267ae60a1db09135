import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { resolvePair } from './config/choose.js';
import type { Config, PairConfig } from './config/schema.js';
import { everything } from './failover/compareServers.js';

/** The configuration in which the only store of a pair is a folder of the state directory. */
export function withSeedStore(config: Config, name: string): Config {
  const { pair } = resolvePair(config, name);
  const dump = { ...pair.dump, accounts: true, checksums: false };
  const seeding: PairConfig = { ...pair, dump, databases: everything, store: 'seed' };
  // It is read here and now, and removed then.
  delete seeding.encryption;
  return {
    ...config,
    pairs: { ...config.pairs, [name]: seeding },
    stores: { seed: { type: 'file', path: seedFolder(config, name) } },
  };
}

/** Removes the dump of the source that a replica was seeded from. */
export async function removeSeedStore(config: Config, name: string): Promise<void> {
  await rm(seedFolder(config, name), { recursive: true, force: true });
}

function seedFolder({ stateDir }: Config, name: string): string {
  return join(stateDir, `${encodeURIComponent(name)}.seed`);
}
