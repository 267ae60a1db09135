import {
  sourceRetry,
  type DdlGuardWords,
  type Dialect,
  type GrantNeed,
  type Row,
  type SourceAddress,
} from './dialect.js';
import { literal } from './quote.js';
import { number, readReplicaStatus, runningStatements, text } from './rows.js';
import { atLeast, type Version } from './version.js';

/**
 * MySQL 5.7 and newer. The words changed in steps: REPLICA and the columns with 8.0.22, CHANGE
 * REPLICATION SOURCE with 8.0.23, BINARY LOG STATUS with 8.2.0; 8.4 removed the old ones. Newer
 * majors are taken to speak the newest band.
 */
export function mysqlDialect(version: Version): Dialect {
  const replicaWords = atLeast(version, 8, 0, 22);
  const sourceWords = atLeast(version, 8, 0, 23);
  const binaryLogWords = atLeast(version, 8, 2, 0);
  const replica = replicaWords ? 'REPLICA' : 'SLAVE';
  const onChannel = (name: string) => ` FOR CHANNEL ${literal(name)}`;

  return {
    version,
    band: `mysql ${bandOf(version)}`,
    superReadOnly: true,

    replicaStatus: () => `SHOW ${replica} STATUS`,
    parseReplicaStatus: readReplicaStatus,
    startApplier: (channel) => `START ${replica} SQL_THREAD${onChannel(channel)}`,
    stopApplier: (channel) => `STOP ${replica} SQL_THREAD${onChannel(channel)}`,
    startReplica: (channel) => `START ${replica}${onChannel(channel)}`,
    stopReplica: (channel) => `STOP ${replica}${onChannel(channel)}`,
    startReplicaUntil: (channel, until) => {
      const word = sourceWords ? 'SOURCE' : 'MASTER';
      const end =
        'gtid' in until
          ? `SQL_AFTER_GTIDS = ${literal(until.gtid)}`
          : `${word}_LOG_FILE = ${literal(until.position.file)}, ${word}_LOG_POS = ${until.position.position}`;
      return `START ${replica} UNTIL ${end}${onChannel(channel)}`;
    },
    binlogStatus: () => (binaryLogWords ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS'),
    parseBinlogStatus: (row) => ({
      file: text(row, 'File'),
      position: number(row, 'Position') ?? 0,
    }),
    gtidState: () =>
      'SELECT @@GLOBAL.gtid_executed AS executed, @@GLOBAL.gtid_mode AS mode, @@GLOBAL.gtid_purged AS purged',
    parseGtidState,
    serverUuid: () => 'SELECT @@GLOBAL.server_uuid AS uuid',
    writable: () => 'SELECT NOT @@GLOBAL.read_only AS writable',
    // have_ssl is gone with 8.4, and tls_channel_status of performance_schema is not for everybody.
    offersTls: () => "SHOW GLOBAL STATUS LIKE 'Ssl_server_not_after'",
    counters: {
      starts: ['Com_slave_start', 'Com_replica_start', 'Com_group_replication_start'],
      openTempTables: ['Slave_open_temp_tables', 'Replica_open_temp_tables'],
    },

    async rollBackPrepared(ask) {
      const rows = await ask('XA RECOVER CONVERT XID');
      return rows.map((row) => {
        const hex = text(row, 'data').replace(/^0x/i, '');
        const end = 2 * (number(row, 'gtrid_length') ?? 0);
        const format = number(row, 'formatID') ?? 1;
        return `XA ROLLBACK X'${hex.slice(0, end)}', X'${hex.slice(end)}', ${format}`;
      });
    },
    resetToGtid: (gtid) => [
      binaryLogWords ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER',
      `SET GLOBAL gtid_purged = ${literal(gtid)}`,
    ],
    changeSource: (source, from) => changeSource(source, from, sourceWords),
    takeOwnWrites: () => [],
    forgetSource: (channel) => `RESET ${replica} ALL${onChannel(channel)}`,
    // Without parallel threads the row is that of the applier itself.
    busyAppliers: (channel) =>
      `SELECT COUNT(*) AS busy FROM performance_schema.replication_applier_status_by_worker JOIN performance_schema.threads USING (THREAD_ID) WHERE CHANNEL_NAME = ${literal(channel)} AND NAME LIKE '%worker' AND IFNULL(PROCESSLIST_STATE, '') <> 'Waiting for an event from Coordinator'`,
    startReceiver: (channel) => `START ${replica} IO_THREAD${onChannel(channel)}`,
    stopReceiver: (channel) => `STOP ${replica} IO_THREAD${onChannel(channel)}`,
    // Each sets the other variable too.
    closeForWrites: () => 'SET GLOBAL super_read_only = ON',
    openForWrites: () => 'SET GLOBAL read_only = OFF',
    holders: atLeast(version, 8) ? lockHolders : runningStatements,
    admitPrivileged: () => ['SET GLOBAL super_read_only = OFF'],
    gtidHistory: () => 'SELECT @@GLOBAL.gtid_executed AS history',
    async historyBeyond(ask, a, b) {
      const [row] = await ask(`SELECT GTID_SUBTRACT(${literal(a)}, ${literal(b)}) AS beyond`);
      return oneLine(text(row ?? {}, 'beyond'));
    },
    async whyNotFrom(ask, gtid) {
      const [row = {}] = await ask(
        `SELECT GTID_SUBTRACT(@@GLOBAL.gtid_purged, ${literal(gtid)}) AS purged, GTID_SUBTRACT(${literal(gtid)}, @@GLOBAL.gtid_executed) AS ahead`,
      );
      const [purged, ahead] = [text(row, 'purged'), text(row, 'ahead')].map(oneLine);
      if (purged) return `its binary logs of ${purged} are gone`;
      return ahead ? `it never had ${ahead}` : '';
    },
    receivedHistory: (gtids, uuid) =>
      gtids
        .join(',')
        .split(',')
        .filter((set) => set !== '' && !set.startsWith(`${uuid}:`))
        .join(','),
    countOf: (beyond) =>
      [...beyond.matchAll(/(?<=:)(\d+)(?:-(\d+))?(?![\w-])/g)].reduce(
        (sum, [, first, last = first]) => sum + Number(last) - Number(first) + 1,
        0,
      ),
    ownOf: (beyond, { uuid }) =>
      beyond
        .split(',')
        .filter((set) => set.startsWith(`${uuid}:`))
        .join(','),
    // ALTER EVENT would else make whoever runs it the definer.
    enableEvent: (event, definer) => `ALTER DEFINER = ${definer} EVENT ${event} ENABLE`,
    disableEvent: (event, definer) =>
      `ALTER DEFINER = ${definer} EVENT ${event} DISABLE ON ${binaryLogWords ? 'REPLICA' : 'SLAVE'}`,
    waitForGtid: (gtid, seconds) =>
      `SELECT WAIT_FOR_EXECUTED_GTID_SET(${literal(gtid)}, ${seconds}) = 0 AS reached`,

    // Those with an index over a JSON array: seen with 9.7, also on one server twice in a row.
    unstableChecksums: atLeast(version, 8, 0, 17)
      ? `SELECT TABLE_SCHEMA AS ofSchema, TABLE_NAME AS name FROM information_schema.STATISTICS WHERE EXPRESSION LIKE '% array)'`
      : null,
    readThreads: atLeast(version, 8, 0, 14) ? 'innodb_parallel_read_threads' : null,
    ddlGuard: atLeast(version, 8) ? ddlGuard : null,
    namesAreSlow: true,
    grants: atLeast(version, 8, 0, 0) ? grants8 : grants57,
    closingGrants: [
      { anyOf: ['SYSTEM_VARIABLES_ADMIN', 'SUPER'], why: 'takes the node out of writing' },
    ],
    dumpOptions: (client) => [
      '--set-gtid-purged=OFF',
      ...(atLeast(client, 8, 0, 2) ? ['--column-statistics=0'] : []),
    ],
  };
}

/** Whoever writes or has locked a table for that holds the global lock in this way. */
function lockHolders(ours: number): string {
  return `SELECT PROCESSLIST_ID AS id, CONCAT_WS('@', IFNULL(PROCESSLIST_USER, 'system user'), PROCESSLIST_HOST) AS user, MAX(IFNULL(PROCESSLIST_INFO, SQL_TEXT)) AS doing FROM performance_schema.metadata_locks JOIN performance_schema.threads AS t ON t.THREAD_ID = OWNER_THREAD_ID LEFT JOIN performance_schema.events_statements_current AS s ON s.THREAD_ID = OWNER_THREAD_ID AND s.NESTING_EVENT_ID IS NULL WHERE metadata_locks.OBJECT_TYPE IN ('GLOBAL', 'COMMIT') AND LOCK_STATUS = 'GRANTED' AND LOCK_TYPE <> 'SHARED' AND PROCESSLIST_ID <> ${ours} GROUP BY id, user ORDER BY MAX(PROCESSLIST_TIME) DESC`;
}

function bandOf(version: Version): string {
  if (!atLeast(version, 8)) return '5.7';
  if (!atLeast(version, 8, 0, 22)) return '8.0.0';
  if (!atLeast(version, 8, 0, 23)) return '8.0.22';
  if (!atLeast(version, 8, 2)) return '8.0.23';
  return atLeast(version, 8, 4) ? '8.4' : '8.2';
}

function oneLine(gtids: string): string {
  return gtids.replace(/\s/g, '');
}

/** With `gtid_mode=OFF` the executed set is no position to go on from. */
function parseGtidState(row: Row) {
  const executed = oneLine(text(row, 'executed'));
  const on = ['ON', '1'].includes(text(row, 'mode'));
  const gtid = on ? executed : null;
  return { applied: gtid, held: gtid, written: gtid, marks: { gtid_executed: executed } };
}

function changeSource(
  source: SourceAddress,
  from: Parameters<Dialect['changeSource']>[1],
  sourceWords: boolean,
): string {
  const word = sourceWords ? 'SOURCE' : 'MASTER';
  const settings = [
    `${word}_HOST = ${literal(source.host)}`,
    `${word}_PORT = ${source.port}`,
    `${word}_USER = ${literal(source.user)}`,
    `${word}_PASSWORD = ${literal(source.password)}`,
    `${word}_SSL = ${source.tls ? 1 : 0}`,
    // 8.4 and newer give up after ten tries: the receiver would stay stopped.
    `${word}_CONNECT_RETRY = ${sourceRetry}`,
    `${word}_RETRY_COUNT = 86400`,
    // caching_sha2_password over an unencrypted connection needs the source's key.
    ...(sourceWords && !source.tls ? ['GET_SOURCE_PUBLIC_KEY = 1'] : []),
    ...('gtid' in from
      ? [`${word}_AUTO_POSITION = 1`]
      : [
          `${word}_AUTO_POSITION = 0`,
          `${word}_LOG_FILE = ${literal(from.position.file)}`,
          `${word}_LOG_POS = ${from.position.position}`,
        ]),
  ];
  const verb = sourceWords ? 'CHANGE REPLICATION SOURCE TO' : 'CHANGE MASTER TO';
  return `${verb} ${settings.join(', ')} FOR CHANNEL ${literal(source.channel)}`;
}

const ddlGuard: DdlGuardWords = {
  needs: ['BACKUP_ADMIN'],
  take: ['LOCK INSTANCE FOR BACKUP'],
  complete: [],
  changes: null,
  release: 'UNLOCK INSTANCE',
};

const reading: GrantNeed[] = [
  { anyOf: ['SELECT'], why: 'reads the rows' },
  { anyOf: ['SHOW VIEW'], why: 'reads the definitions of views' },
  { anyOf: ['TRIGGER'], why: 'reads triggers; without it they are left out silently' },
  { anyOf: ['EVENT'], why: 'reads events' },
  {
    anyOf: ['RELOAD', 'FLUSH_TABLES'],
    why: 'holds the read lock of freeze.exclusive',
    optional: true,
  },
  { anyOf: ['REPLICATION CLIENT', 'SUPER'], why: 'reads the replica status' },
  { anyOf: ['PROCESS'], why: 'names what blocks the applier', optional: true },
];

const grants57: GrantNeed[] = [
  ...reading,
  { anyOf: ['SUPER'], why: 'stops and starts the applier' },
];

const grants8: GrantNeed[] = [
  ...reading,
  { anyOf: ['REPLICATION_SLAVE_ADMIN', 'SUPER'], why: 'stops and starts the applier' },
  { anyOf: ['XA_RECOVER_ADMIN'], why: 'sees prepared XA transactions' },
  { anyOf: ['BACKUP_ADMIN'], why: 'holds replicated DDL back while rows are read', optional: true },
];
