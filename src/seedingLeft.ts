import type { Config } from './config/schema.js';
import { StillpointError } from './errors.js';
import { openBackup } from './openBackup.js';
import type { Server } from './pair/server.js';
import { ledgerPath, ledgersOf, removeLedger, type LedgerEntry } from './restore/ledger.js';

/** Whether a seeding of this server was interrupted: it may hold a part of the data only. */
export async function seedingBegun(config: Config, server: Server): Promise<boolean> {
  return (await interrupted(config, server)) !== null;
}

/** What a seeding that goes on was interrupted in; one that begins anew, or was of another store, is forgotten. */
export async function leftOf(
  config: Config,
  { pair, anew = false, dryRun = false }: { pair: string; anew?: boolean; dryRun?: boolean },
  replica: Server,
): Promise<LedgerEntry | null> {
  const left = await interrupted(config, replica);
  if (!left || (!anew && (await isStored(config, left.backup, pair)))) return left;
  if (!dryRun) await removeLedger(ledgerPath(config.stateDir, left.backup, replica.uuid));
  return null;
}

async function isStored(config: Config, backup: string, pair: string): Promise<boolean> {
  const opened = await openBackup(config, backup, pair).catch((error: unknown) => {
    if (error instanceof StillpointError && error.code === 'no-such-backup') return null;
    throw error;
  });
  await opened?.store.close();
  return opened !== null;
}

async function interrupted(config: Config, replica: Server): Promise<LedgerEntry | null> {
  const entries = await ledgersOf(config.stateDir, replica.uuid);
  const isSeed = ({ asked }: LedgerEntry) => asked.attach && asked.accounts && asked.only === null;
  return entries.find(isSeed) ?? null;
}
