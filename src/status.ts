import type { DrillRecord } from './catalog/drillRecord.js';
import type { Promotion } from './catalog/promotions.js';
import type { BackupRecord } from './catalog/records.js';
import { resolvePair, type ChosenPair } from './config/choose.js';
import { replicasOf, replicaTitle } from './config/replicas.js';
import type { Config } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import { reasonOf } from './errors.js';
import { openPromotionJournal, type PromotionEntry } from './failover/journal.js';
import { journalsOf, type JournalEntry } from './freeze/journal.js';
import { lookAt, type ReplicaStatus, type ServerStatus, type Topology } from './pair/topology.js';
import { keptOf, type Kept } from './statusKept.js';
import { bothWrite } from './statusWriters.js';
import { within } from './util/within.js';

/** A replica of a pair, and what we did to it. */
export interface PairReplicaStatus extends ReplicaStatus {
  /** Whether a freeze of ours holds it now: that of a run going on, or of a dead one. */
  frozenByUs: boolean;
  /**
   * Of two writers, the one that a run of ours has taken out of writing, going on or dead. `closed`: it takes no
   * writes. `open`: it does, but `drain.after` has not run. Null: neither.
   */
  outOfWriting: 'closed' | 'open' | null;
  /** Of several, the one with the highest is paused. */
  preference: number;
  /** Whether it may be paused at all. */
  backups: boolean;
}

/** How a pair is now. Parts that cannot be seen are null, with the reason in `problems`. */
export interface PairStatus {
  pair: string;
  source: ServerStatus;
  replicas: PairReplicaStatus[];
  /** Of the first of `replicas`, like `channels`. */
  version: string | null;
  channels: ReplicaStatus['channels'];
  /** Whether a freeze of ours holds a replica now: that of a run going on, or of a dead one. */
  frozenByUs: boolean;
  /** Whether some run holds the lock of a replica. */
  running: boolean;
  /** Whether a dead run left something behind that `resume` removes. */
  unfinished: boolean;
  lastBackup: BackupRecord | null;
  /** The newest drill, passed or failed. */
  lastDrill: DrillRecord | null;
  /** The newest drill that passed: how old the last proof is. */
  lastProof: DrillRecord | null;
  /** A promotion that was begun and has not ended. */
  promotion: Pick<PromotionEntry, 'id' | 'kind' | 'phase' | 'since'> | null;
  /** The last one that has ended. */
  lastPromotion: Promotion | null;
  /** Whether what the configuration calls a replica is the source now. */
  rolesSwapped: boolean;
  problems: string[];
}

export interface StatusOptions {
  /** Seconds after which a server that does not answer is left alone. Default 10. */
  within?: number;
  /** What the store holds, if it is known already; else it is looked at. */
  kept?: Kept;
}

/** Seconds for the store, which may have much to list. */
const storePatience = 60;

/** Looks at one pair: its servers, its journal and its store. Never throws for what is down. */
export async function statusOf(
  config: Config,
  name: string,
  options: StatusOptions = {},
): Promise<PairStatus> {
  const chosen = resolvePair(config, name);
  const problems: string[] = [];
  const attempt = async <T>(otherwise: T, work: () => Promise<T>): Promise<T> =>
    await work().catch((error: unknown) => {
      problems.push(reasonOf(error));
      return otherwise;
    });
  const [servers, entries, promotion, kept] = await Promise.all([
    lookAtPair(chosen, options.within ?? 10),
    attempt([], async () => await entriesOf(config, name)),
    attempt(null, async () => await openPromotionJournal(config.stateDir, name).read()),
    options.kept ?? keptOfPair(config, name),
  ]);
  const replicas = servers.replicas.map((replica) => withRun(chosen, replica, entries));
  const running = replicas.some((replica) => replica.running);
  const [first] = replicas;
  const { source } = servers;
  // One whose end was killed has come to it all the same, and the next one closes its journal.
  const hasEnded = promotion?.newSource === source.uuid && isLeading(source);
  const begun =
    promotion === null || hasEnded
      ? null
      : {
          ...{ id: promotion.id, kind: promotion.kind },
          ...{ phase: promotion.phase, since: promotion.since },
        };
  return {
    pair: name,
    source: servers.source,
    replicas,
    version: first?.version ?? null,
    channels: first?.channels ?? [],
    frozenByUs: replicas.some(({ frozenByUs }) => frozenByUs),
    running,
    unfinished: entries.length > 0 && !running,
    lastBackup: kept.lastBackup,
    lastDrill: kept.lastDrill,
    lastProof: kept.lastProof,
    promotion: begun,
    lastPromotion: kept.lastPromotion,
    rolesSwapped: isSwapped(servers, kept.lastPromotion),
    problems: [
      ...new Set([
        ...bothWrite(name, servers, kept.lastPromotion),
        ...problems,
        ...servers.problems,
        ...kept.problems,
      ]),
    ],
  };
}

/** What the store holds of a pair; what it does not tell in time is a problem. */
export async function keptOfPair(
  config: Config,
  name: string,
  seconds = storePatience,
): Promise<Kept> {
  return await within(seconds, async () => await keptOf(config, name)).catch(
    (error: unknown): Kept => ({
      ...{ lastBackup: null, lastDrill: null, lastProof: null, lastPromotion: null },
      problems: [`store of ${name}: ${reasonOf(error)}`],
    }),
  );
}

async function lookAtPair({ name, pair }: ChosenPair, seconds: number): Promise<Topology> {
  const source = {
    who: `source of ${name}`,
    resolve: async () => await resolveServer(pair.source),
  };
  const replicas = replicasOf(pair).map((replica) => ({
    name: replica.name,
    who: replicaTitle(name, replica.name),
    resolve: async () => await resolveServer(replica.server),
  }));
  return await lookAt(source, replicas, seconds);
}

async function entriesOf(config: Config, name: string): Promise<JournalEntry[]> {
  const journals = await journalsOf(config.stateDir, name);
  const entries = await Promise.all(journals.map(async ({ journal }) => await journal.read()));
  return entries.filter((entry) => entry !== null);
}

function withRun(
  { pair }: ChosenPair,
  replica: ReplicaStatus,
  entries: readonly JournalEntry[],
): PairReplicaStatus {
  const { preference = 0, backups = true } =
    replicasOf(pair).find(({ name }) => name === replica.name) ?? {};
  const isAt = ({ serverUuid, replica: name = null }: JournalEntry) =>
    replica.uuid === null ? name === replica.name : serverUuid === replica.uuid;
  const isFrozen = entries.some((entry) => entry.phase === 'frozen' && isAt(entry));
  // The lease may have ended the freeze of a dead run.
  const runs = replica.uuid !== null && replica.channels.every((one) => one.applier === 'running');
  const out = entries.find((entry) => entry.out && isAt(entry))?.out;
  const isClosed = out?.reopen === true && replica.takesWrites !== true;
  const outOfWriting = isClosed ? 'closed' : out?.after === true ? 'open' : null;
  return { ...replica, frozenByUs: isFrozen && !runs, outOfWriting, preference, backups };
}

/** As the servers say it, and where they do not, as the record of the last promotion has it. */
function isSwapped({ source, replicas }: Topology, last: Promotion | null): boolean {
  if (isLeading(source)) return false;
  return replicas.some((replica) => {
    if (!isLeading(replica)) return false;
    return source.channels.some((channel) => channel.source === replica.address)
      ? true
      : last?.newSource.uuid === replica.uuid;
  });
}

/** Whether a server takes writes and follows nobody. */
function isLeading({ uuid, takesWrites, channels }: ServerStatus): boolean {
  return uuid !== null && takesWrites === true && channels.length === 0;
}
