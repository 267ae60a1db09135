import { waitFor } from '../../src/util/wait.js';
import type { OwnServer, RigServer, ServerOptions, ServerPlace, Where } from './server.js';
import type { Engine } from './tools.js';

/** Password of the accounts `stillpoint` (least grants) and `repl` (replication only). */
export const backupPassword = `p4ss "w'ord#\\`;

const quotedPassword = backupPassword.replaceAll(/['\\]/g, '\\$&');

/** What the backup account needs, as the privileges page of the documentation lists it. */
export function backupGrants(engine: Engine): string {
  return engine === 'mariadb'
    ? 'SELECT, SHOW VIEW, TRIGGER, EVENT, RELOAD, PROCESS, SLAVE MONITOR, BINLOG MONITOR, REPLICATION SLAVE ADMIN, REPLICATION SLAVE'
    : 'SELECT, SHOW VIEW, TRIGGER, EVENT, RELOAD, PROCESS, REPLICATION CLIENT, REPLICATION SLAVE, REPLICATION_SLAVE_ADMIN, XA_RECOVER_ADMIN, BACKUP_ADMIN, SHOW_ROUTINE';
}

/** Makes the account `stillpoint` with what a backup needs. */
export function grantBackup(engine: Engine): string {
  return `CREATE USER stillpoint@'%' IDENTIFIED BY '${quotedPassword}'; GRANT ${backupGrants(engine)} ON *.* TO stillpoint@'%';`;
}

/** A source and its replica, with what tests ask of them. */
export interface Pair {
  engine: Engine;
  source: RigServer;
  replica: RigServer;
  /** Until the replica, or this server, has all that the source has written. */
  /** `within`: seconds, 120. */
  waitForCatchUp(server?: RigServer, within?: number): Promise<void>;
  /** Does the replica's SQL thread run? */
  applierRunning(): Promise<boolean>;
  /** Seconds behind the source as the replica says it; null when it does not. */
  lagSeconds(): Promise<number | null>;
  /** What is wrong with the replication of this pair: a stopped thread, an errant GTID. */
  faults(): Promise<string[]>;
  /** Makes the replica forget transactions of its own, and starts what is stopped. */
  healErrant(): Promise<void>;
}

type Status = Record<string, string | number | null>;

/** A pair of two servers that replicate already. */
export function pairOf(source: RigServer, replica: RigServer): Pair {
  const { engine } = source;
  const isMysql = engine === 'mysql';
  const status = async (): Promise<Status> =>
    (await replica.query<Status>(isMysql ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS'))[0] ?? {};
  const field = (row: Status, name: string) =>
    row[isMysql ? name.replace('Slave', 'Replica').replace('Master', 'Source') : name] ?? null;
  const own = async (server: RigServer, column: string): Promise<string> => {
    const [row] = await server.query<{ v: string | number }>(`SELECT ${column} AS v`);
    return String(row!.v).replace(/\s/g, '');
  };

  async function waitForCatchUp(server = replica, within = 120): Promise<void> {
    const gtid = await own(source, isMysql ? '@@gtid_executed' : '@@gtid_binlog_pos');
    const wait = isMysql
      ? `SELECT 1 - WAIT_FOR_EXECUTED_GTID_SET('${gtid}', 1) AS done`
      : `SELECT MASTER_GTID_WAIT('${gtid}', 1) + 1 AS done`;
    const isThere = async () => {
      const [row] = await server.query<{ done: number | string }>(wait);
      return Number(row!.done) === 1 ? true : null;
    };
    if (!(await waitFor(isThere, { within, every: 0 }))) {
      throw new Error(`not caught up: ${JSON.stringify(await status())}`);
    }
  }

  const isRunning = (row: Status, thread: 'SQL' | 'IO') =>
    field(row, `Slave_${thread}_Running`) === 'Yes';

  /** GTIDs that the replica wrote itself, or a clause about them. */
  async function errant(): Promise<string> {
    if (!isMysql) {
      const id = await own(replica, '@@server_id');
      const all = (await own(replica, '@@gtid_binlog_pos')).split(',');
      return all.filter((gtid) => gtid.split('-')[1] === id).join(',');
    }
    const uuid = await own(replica, '@@server_uuid');
    const executed = (await own(replica, '@@gtid_executed')).split(',');
    return executed.filter((set) => set.startsWith(uuid)).join(',');
  }

  return {
    engine,
    source,
    replica,
    waitForCatchUp,
    async applierRunning() {
      return isRunning(await status(), 'SQL');
    },
    async lagSeconds() {
      const value = field(await status(), 'Seconds_Behind_Master');
      return value === null ? null : Number(value);
    },
    async faults() {
      const row = await status();
      const found: string[] = [];
      if (!isRunning(row, 'SQL'))
        found.push(`the SQL thread is stopped: ${String(row['Last_SQL_Error'])}`);
      if (!isRunning(row, 'IO'))
        found.push(`the receiver is stopped: ${String(row['Last_IO_Error'])}`);
      const gtids = await errant();
      if (gtids !== '') found.push(`the replica has GTIDs of its own: ${gtids}`);
      return found;
    },
    async healErrant() {
      if (isMysql) {
        const uuid = await own(replica, '@@server_uuid');
        const sets = (await own(replica, '@@gtid_executed')).split(',');
        const kept = sets.filter((set) => !set.startsWith(uuid)).join(',');
        await replica.query(
          `STOP REPLICA; RESET BINARY LOGS AND GTIDS; SET GLOBAL gtid_purged = '${kept}'; SET GLOBAL super_read_only = 1; START REPLICA`,
        );
      } else {
        const domains = (await own(replica, '@@gtid_slave_pos')).split(',');
        const id = await own(replica, '@@server_id');
        const kept = domains.filter((gtid) => gtid.split('-')[1] !== id).join(',');
        await replica.query(
          `STOP SLAVE; RESET MASTER; SET GLOBAL gtid_binlog_state = '${kept}'; SET GLOBAL gtid_slave_pos = '${kept}'; START SLAVE`,
        );
      }
      await waitForCatchUp();
    },
  };
}

/** Makes a server a replica of this source, as the account `repl`. */
export function followSql(
  engine: Engine,
  { host, port }: Pick<ServerPlace, 'host' | 'port'>,
): string {
  return engine === 'mysql'
    ? `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${host}', SOURCE_PORT=${port}, SOURCE_USER='repl', SOURCE_PASSWORD='${quotedPassword}', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1; START REPLICA`
    : `CHANGE MASTER TO MASTER_HOST='${host}', MASTER_PORT=${port}, MASTER_USER='repl', MASTER_PASSWORD='${quotedPassword}', MASTER_USE_GTID=slave_pos; START SLAVE`;
}

export interface PairOptions {
  /** Their server ids. */
  source: number;
  replica: number;
  /** More arguments for both. */
  args?: string[];
  /** Where they run. */
  at?: { source: Where; replica: Where };
}

/** Starts a source and a replica that follows it, with the backup's and the replication's accounts. */
export async function startPair(
  engine: Engine,
  startServer: (options: ServerOptions) => Promise<OwnServer>,
  { args = [], at, ...ids }: PairOptions = { source: 1, replica: 2 },
): Promise<Pair & { source: OwnServer; replica: OwnServer }> {
  const readOnly = engine === 'mysql' ? '--super-read-only=ON' : '--read-only=ON';
  const [source, replica] = await Promise.all([
    startServer({ id: ids.source, args, ...(at && { at: at.source }) }),
    startServer({ id: ids.replica, args: [...args, readOnly], ...(at && { at: at.replica }) }),
  ]);
  await source.query(`
    ${grantBackup(engine)}
    CREATE USER repl@'%' IDENTIFIED BY '${quotedPassword}';
    GRANT REPLICATION SLAVE ON *.* TO repl@'%';
  `);
  await replica.query(followSql(engine, source));
  const pair = pairOf(source, replica);
  await pair.waitForCatchUp();
  return { ...pair, source, replica };
}

/** Empties a server: replication, databases, accounts, binary log and GTIDs. */
export async function emptyServer(server: RigServer): Promise<void> {
  const isMysql = server.engine === 'mysql';
  await server.query(isMysql ? 'STOP REPLICA; RESET REPLICA ALL' : 'STOP ALL SLAVES');
  const channels = isMysql
    ? []
    : await server.query<{ Connection_name: string }>('SHOW ALL SLAVES STATUS');
  for (const { Connection_name: name } of channels) await server.query(`RESET SLAVE '${name}' ALL`);
  const databases = await server.query<{ name: string }>(
    "SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')",
  );
  const accounts = await server.query<{ User: string; Host: string }>(
    "SELECT User, Host FROM mysql.user WHERE User NOT IN ('root', 'mariadb.sys', 'PUBLIC') AND User NOT LIKE 'mysql.%'",
  );
  const string = (text: string) => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
  await server.query(
    [
      'SET foreign_key_checks = 0, sql_mode = ""',
      ...databases.map(({ name }) => `DROP DATABASE \`${name.replaceAll('`', '``')}\``),
      // MariaDB's roles have no host.
      ...accounts.map(({ User, Host }) =>
        Host === '' ? `DROP ROLE ${string(User)}` : `DROP USER ${string(User)}@${string(Host)}`,
      ),
      isMysql ? 'RESET BINARY LOGS AND GTIDS' : "RESET MASTER; SET GLOBAL gtid_slave_pos = ''",
      'SET foreign_key_checks = 1, sql_mode = DEFAULT',
    ].join('; '),
  );
}
