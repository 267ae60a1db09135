import { putRescue, type Rescue } from './catalog/rescues.js';
import type { ChosenPair } from './config/choose.js';
import { filtersOf } from './dump/filters.js';
import { findMysqlbinlog, findProgram } from './dump/tools.js';
import type { Extra } from './failover/extra.js';
import { rescue } from './failover/rescue.js';
import { recipientArgs, spoolOf } from './openRun.js';
import { addressOf } from './pair/act.js';
import type { Server } from './pair/server.js';
import { newBackupId, parseBackupId } from './store/keys.js';
import type { Store } from './store/store.js';
import type { Clock } from './util/clock.js';
import { withOptionFile } from './pair/optionFile.js';

export interface KeepOptions {
  store: Store;
  /** The server that has it, and the one that has not. */
  replica: Server;
  source: Server;
  signal: AbortSignal;
  clock: Clock;
}

/** Saves what a server has alone, so that it may be taken from it. */
export async function keepExtra(
  { name, pair }: ChosenPair,
  extra: Extra,
  { store, replica, source, signal, clock }: KeepOptions,
): Promise<Rescue> {
  const { flavour } = replica.dialect.version;
  const recipients = recipientArgs(pair.encryption);
  const encrypted = recipients.length > 0;
  const tools = {
    zstd: await findProgram('zstd', pair.tools.zstd),
    age: encrypted ? await findProgram('age', pair.tools.age) : null,
  };
  const id = newBackupId(clock, 'rescued');
  const mysqlbinlog = await findMysqlbinlog(flavour, pair.tools.mysqlbinlog);
  const files = await withOptionFile(
    replica,
    async (optionFile) =>
      await rescue(replica, extra, {
        ...{ pair: name, id, store, mysqlbinlog, optionFile, encrypted, signal },
        filters: filtersOf({ tools, compression: pair.dump.compression, recipients }),
        spool: spoolOf(pair.dump),
      }),
  );
  const saved: Rescue = {
    format: 1,
    id,
    pair: name,
    server: addressOf(replica),
    source: addressOf(source),
    transactions: extra.says,
    at: (parseBackupId(id)?.time ?? clock.now()).toISOString(),
    encrypted,
    files,
  };
  await putRescue(store, saved);
  return saved;
}
