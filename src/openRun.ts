import { availableParallelism, tmpdir } from 'node:os';
import type { ChosenPair } from './config/choose.js';
import { replicaTitle } from './config/replicas.js';
import { optionFileText } from './config/option-file.js';
import type { Config } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import { findTools, type DumpTools } from './dump/tools.js';
import { sentAtOnce } from './dump/crew.js';
import type { SpoolSpace } from './dump/spool.js';
import { journalAt, journalsBeside, type Journal } from './freeze/journal.js';
import { openServer, type Server } from './pair/server.js';
import { openStore } from './store/open.js';
import type { Store } from './store/store.js';
import { openOptionFile } from './util/optionFile.js';

/** What a backup of one pair works with; nothing of it touches the replication. */
export interface Run extends ChosenPair {
  replica: Server;
  place: Store;
  journal: Journal;
  /** Of the other replicas of the pair. */
  others: readonly Journal[];
  tools: DumpTools;
  /** Arguments that name age's recipients; empty when the backup is not encrypted. */
  recipients: string[];
  spool: SpoolSpace;
  /** Path of the file that mysqldump connects with. */
  optionFile: string;
  close(): Promise<void>;
}

/** Opens everything a backup needs, and so finds what is missing before anything is paused. */
export async function openRun(config: Config, chosen: ChosenPair): Promise<Run> {
  const { name, pair } = chosen;
  const recipients = recipientArgs(pair.encryption);
  const settings = await resolveServer(pair.replica);
  const replica = await openServer(settings, replicaTitle(name, chosen.replicaName));
  const { flavour } = replica.dialect.version;
  try {
    const tools = await findTools(flavour, pair.tools, recipients.length > 0);
    const place = await openStore(chosen.store);
    const own = { name: chosen.replicaName, uuid: replica.uuid };
    const journal = await journalAt(config.stateDir, name, own);
    const options = await openOptionFile(optionFileText(settings, flavour));
    return {
      ...chosen,
      replica,
      place,
      journal,
      others: await journalsBeside(config.stateDir, name, journal),
      tools,
      recipients,
      spool: spoolOf(pair.dump),
      optionFile: options.path,
      async close() {
        replica.close();
        await options.close();
        await place.close();
      },
    };
  } catch (error) {
    replica.close();
    throw error;
  }
}

/** Where what is on its way to the store may wait. */
export function spoolOf({ spool, parallel }: ChosenPair['pair']['dump']): SpoolSpace {
  const { memory, disk, path } = spool;
  const atOnce = (parallel ?? availableParallelism()) * sentAtOnce;
  return { folder: path ?? tmpdir(), memory, memoryLeft: memory * atOnce, diskLeft: disk };
}

/** What names the recipients of a backup to age; empty when it is not encrypted. */
export function recipientArgs(encryption: ChosenPair['pair']['encryption']): string[] {
  if (!encryption) return [];
  const { recipients, recipientsFile } = encryption;
  return [
    ...recipients.flatMap((recipient) => ['-r', recipient]),
    ...(recipientsFile === undefined ? [] : ['-R', recipientsFile]),
  ];
}
