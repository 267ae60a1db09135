import type { Version } from './version.js';

/** A row as mysql2 returns it: column name to value. */
export type Row = Record<string, unknown>;

/** A point in a binary log. */
export interface BinlogPosition {
  file: string;
  /** Byte offset in `file`. */
  position: number;
}

/** One replication stream of a replica, read from one row of the replica's status. */
export interface ChannelStatus {
  /** Empty for the default channel. */
  name: string;
  sourceHost: string;
  sourcePort: number;
  sourceUuid: string | null;
  /** `server_id` of the source; null until the receiver has reached it once. */
  sourceServerId: number | null;
  /** The I/O thread. `connecting` is neither here nor there: it retries. */
  receiver: 'running' | 'stopped' | 'connecting';
  /** What the receiver says it does, e.g. that it waits for relay log space. */
  receiverState: string;
  applierRunning: boolean;
  /** The source's binlog coordinates up to which everything has been applied. */
  executed: BinlogPosition;
  /** The same point in the replica's own relay log. */
  relay: BinlogPosition;
  /** Up to where the receiver has read the source's binlog. */
  received: BinlogPosition;
  /** As the server sees it; null while the applier or the receiver is stopped. */
  lagSeconds: number | null;
  /** Configured delay (`SQL_Delay`). */
  delaySeconds: number;
  receiverErrno: number;
  receiverError: string;
  applierErrno: number;
  applierError: string;
  relayLogBytes: number;
  /** `Replicate_*` settings that hide something, as `name=value`. */
  filters: string[];
  /** The account that the receiver connects with. */
  user: string;
  /** What the applier says it does, e.g. that it has read all relay log. */
  applierState: string;
  /** GTIDs that the receiver has stored in relay logs; empty where it does not tell. */
  receivedGtid: string;
  /** Whether the channel asks the source by GTID rather than by file and position. */
  usesGtid: boolean;
  /** Whether it is told to reach the source by TLS. */
  usesTls: boolean;
}

/** Seconds after which a receiver that has lost its source tries again; else it is a minute. */
export const sourceRetry = 10;

/** How to attach a server to a source. */
export interface SourceAddress {
  host: string;
  port: number;
  user: string;
  password: string;
  tls: boolean;
  channel: string;
}

/** GTID state of a server; `null` where the server has none. */
export interface GtidState {
  /** What a server restored from a backup taken now must be given to go on from here. */
  applied: string | null;
  /** The same for a server that has written itself: with these writes. */
  held: string | null;
  /** What a replica of this server must reach to hold all that was written here until now. */
  written: string | null;
  /** Every GTID text that must stand still while nothing is written; part of the fence. */
  marks: Record<string, string>;
}

/**
 * How to hold back every change of a definition, also by the applier, while rows may be changed. Measured
 * with MariaDB 10.11 and MySQL 9.7: tables, views, programs, events, accounts and databases.
 */
export interface DdlGuardWords {
  /** Privileges for it. */
  needs: readonly string[];
  /** Run while the appliers stand still. */
  take: readonly string[];
  /** Run once they go on: MariaDB's cannot start while its lock is complete. */
  complete: readonly string[];
  /**
   * Answers rows that change with every statement that changes a definition: what came in before the lock
   * was complete shows in them. Null where the lock is complete from the beginning.
   */
  changes: string | null;
  release: string;
}

/** One requirement on the backup's account. */
export interface GrantNeed {
  /** Any one of these global privileges will do, spelled as SHOW GRANTS spells it. */
  anyOf: readonly string[];
  why: string;
  /** A backup runs without it, though not with every setting. */
  optional?: boolean;
}

/**
 * Everything that differs between MySQL and MariaDB and between their versions. The only place that
 * knows the older tongue (master, slave) from the newer.
 *
 * Statements are plain SQL without a terminator. Source of the bands: the servers' manuals, and runs
 * against MariaDB 10.11 and MySQL 9.7.
 */
export interface Dialect {
  readonly version: Version;
  /** The band of versions whose statements are used, e.g. `mysql 8.0.22`. */
  readonly band: string;
  readonly superReadOnly: boolean;

  /** One row per channel. */
  replicaStatus(): string;
  parseReplicaStatus(row: Row): ChannelStatus;
  startApplier(channel: string): string;
  stopApplier(channel: string): string;
  startReplica(channel: string): string;
  stopReplica(channel: string): string;
  /** Starts a stopped channel whose applier stops by itself once it has applied exactly that much. */
  startReplicaUntil(
    channel: string,
    until: { gtid: string } | { position: BinlogPosition },
  ): string;
  /** Name, position of the server's own binary log; no row when it has none. */
  binlogStatus(): string;
  parseBinlogStatus(row: Row): BinlogPosition;
  /** Single row of the columns that {@link Dialect.parseGtidState} reads. */
  gtidState(): string;
  parseGtidState(row: Row): GtidState;
  /** Single row with the column `uuid`: what tells this server from all others. */
  serverUuid(): string;
  /** Single row with the column `writable`, 1 when accounts without special privileges may write. */
  writable(): string;
  /** Single row with the column `Value`: empty, NO or DISABLED when clients cannot connect encrypted. Any account may. */
  offersTls(): string;
  /** GLOBAL STATUS names that count starts of the applier and open temporary tables. */
  readonly counters: { starts: readonly string[]; openTempTables: readonly string[] };

  /** Rolls back every prepared XA transaction, whoever has left it; a statement for each that `ask` finds. */
  rollBackPrepared(ask: (sql: string) => Promise<Row[]>): Promise<string[]>;

  /** Makes an empty server take `gtid` as already applied. */
  resetToGtid(gtid: string): string[];
  /** Points the server at its source: from `gtid` where it is given, else from `position`. */
  changeSource(
    source: SourceAddress,
    from: { gtid: string } | { position: BinlogPosition },
  ): string;
  /**
   * Makes everything that the server has written count as applied, so that it can follow another server
   * which has all of that. MySQL does so by itself.
   */
  takeOwnWrites(): string[];
  /** Removes a stopped channel with all that is known of its source. */
  forgetSource(channel: string): string;
  /**
   * Single row with the column `busy`: how many parallel threads of an applier have something to apply. The
   * applier itself says that it has read all relay logs as soon as it has handed the last transaction on.
   */
  busyAppliers(channel: string): string;
  startReceiver(channel: string): string;
  stopReceiver(channel: string): string;
  /** Ends writes by everybody who has no special privilege; on MySQL by these too. */
  closeForWrites(): string;
  openForWrites(): string;
  /**
   * Rows of `id`, `user` and `doing`: the connections, but for `ours`, that keep a server from being closed for
   * writes, the oldest first. MariaDB and MySQL 5.7 do not tell who has locked a table and does nothing.
   */
  holders(ours: number): string;
  /** Lets accounts with special privileges, and nobody else, write to a server that is closed for writes. */
  admitPrivileged(): string[];
  /** Single row with the column `history`: every GTID that the server has in its data. */
  gtidHistory(): string;
  /**
   * The GTIDs of history `a` that are not in history `b`, as text for people; empty for none. `ask` runs a
   * query, for a server that has to do it.
   */
  historyBeyond(ask: (sql: string) => Promise<Row[]>, a: string, b: string): Promise<string>;
  /**
   * Why a replica that has applied just `gtid` could not go on from this server, as a clause for people;
   * empty where it can. `ask` runs a query on it.
   */
  whyNotFrom(ask: (sql: string) => Promise<Row[]>, gtid: string): Promise<string>;
  /**
   * A history of what a replica has received: what it has applied, and what its receiver says. What the server
   * with this `uuid` wrote itself is not in it.
   */
  receivedHistory(gtids: readonly string[], uuid: string): string;
  /** How many transactions a text of {@link Dialect.historyBeyond} names. */
  countOf(beyond: string): number;
  /** What of a text of {@link Dialect.historyBeyond} this server has written itself. */
  ownOf(beyond: string, server: { uuid: string; serverId: number }): string;
  /** Makes an event run that is off because it came from the source; keeps its definer. */
  enableEvent(event: string, definer: string): string;
  /** Turns an event off as one that came from the source; keeps its definer. */
  disableEvent(event: string, definer: string): string;
  /** Blocks until the applier has reached `gtid`; returns one row with the column `reached` (1 or 0). */
  waitForGtid(gtid: string, seconds: number): string;

  /**
   * Tables, as `ofSchema` and `name`, for which CHECKSUM TABLE answers something else every time; null where
   * there are none.
   */
  readonly unstableChecksums: string | null;

  /**
   * The session variable of the threads that COUNT(*) reads with; null where it takes one. Of small tables a
   * thousand took MySQL 9.7 1.1 s with four of them, as it begins with, and 0.3 s with one.
   */
  readonly readThreads: string | null;

  /** Null where the server has nothing that holds definitions still. */
  readonly ddlGuard: DdlGuardWords | null;

  /**
   * Whether SHOW TABLES LIKE, which mysqldump asks for every table that it is named, looks through all tables
   * of the database: 10,000 took MySQL 9.7 some 25 ms each on a busy machine.
   */
  readonly namesAreSlow: boolean;

  /** What the backup's account needs on the replica. */
  readonly grants: readonly GrantNeed[];
  /** What it needs beside that to take a node out of writing. */
  readonly closingGrants: readonly GrantNeed[];
  /** Options for mysqldump beyond those every flavour takes. */
  dumpOptions(client: Version): string[];
}
