import {
  sourceRetry,
  type DdlGuardWords,
  type Dialect,
  type GrantNeed,
  type Row,
} from './dialect.js';
import { beyond, countOf, whyNotFrom } from './mariadbGtids.js';
import { literal } from './quote.js';
import { number, readReplicaStatus, runningStatements, text } from './rows.js';
import { atLeast, type Version } from './version.js';

/**
 * MariaDB 10.6 and newer. It took the word REPLICA with 10.5.1 but kept the old column names and
 * CHANGE MASTER; connections are named after the verb, not FOR CHANNEL, which only newer ones take.
 */
export function mariadbDialect(version: Version): Dialect {
  return {
    version,
    band: atLeast(version, 11, 3) ? 'mariadb 11.3' : 'mariadb 10.6',
    superReadOnly: false,

    replicaStatus: () => 'SHOW ALL REPLICAS STATUS',
    parseReplicaStatus: readReplicaStatus,
    startApplier: (channel) => `START REPLICA ${literal(channel)} SQL_THREAD`,
    stopApplier: (channel) => `STOP REPLICA ${literal(channel)} SQL_THREAD`,
    startReplica: (channel) => `START REPLICA ${literal(channel)}`,
    stopReplica: (channel) => `STOP REPLICA ${literal(channel)}`,
    startReplicaUntil: (channel, until) => {
      const end =
        'gtid' in until
          ? `master_gtid_pos = ${literal(until.gtid)}`
          : `MASTER_LOG_FILE = ${literal(until.position.file)}, MASTER_LOG_POS = ${until.position.position}`;
      return `START REPLICA ${literal(channel)} UNTIL ${end}`;
    },
    binlogStatus: () => 'SHOW BINLOG STATUS',
    parseBinlogStatus: (row) => ({
      file: text(row, 'File'),
      position: number(row, 'Position') ?? 0,
    }),
    gtidState: () =>
      'SELECT @@GLOBAL.gtid_slave_pos AS slavePos, @@GLOBAL.gtid_binlog_pos AS binlogPos, @@GLOBAL.gtid_current_pos AS currentPos',
    parseGtidState,
    // MariaDB has no server_uuid before 11.x's server_uid: host, port and id tell servers apart. The id without
    // its highest bit, which is turned over while a server is seeded.
    serverUuid: () =>
      "SELECT CONCAT_WS(':', @@hostname, @@port, @@GLOBAL.server_id & 2147483647) AS uuid",
    writable: () => 'SELECT NOT @@GLOBAL.read_only AS writable',
    offersTls: () => "SHOW GLOBAL VARIABLES LIKE 'have_ssl'",
    counters: {
      starts: ['Com_start_slave', 'Com_slave_start', 'Com_start_all_slaves', 'Com_replica_start'],
      openTempTables: ['Slave_open_temp_tables'],
    },

    async rollBackPrepared(ask) {
      const rows = await ask("XA RECOVER FORMAT='SQL'");
      return rows.map((row) => `XA ROLLBACK ${text(row, 'data')}`);
    },
    // With the state a server that stands at just this GTID can follow this one later: 10.11 with gtid_strict_mode
    // refuses one that is not in its binary log, though all that comes after it is.
    resetToGtid: (gtid) => [
      'RESET MASTER',
      `SET GLOBAL gtid_binlog_state = ${literal(gtid)}`,
      `SET GLOBAL gtid_slave_pos = ${literal(gtid)}`,
    ],
    changeSource: (source, from) => {
      const settings = [
        `MASTER_HOST = ${literal(source.host)}`,
        `MASTER_PORT = ${source.port}`,
        `MASTER_USER = ${literal(source.user)}`,
        `MASTER_PASSWORD = ${literal(source.password)}`,
        `MASTER_SSL = ${source.tls ? 1 : 0}`,
        `MASTER_CONNECT_RETRY = ${sourceRetry}`,
        ...('gtid' in from
          ? ['MASTER_USE_GTID = slave_pos']
          : [
              'MASTER_USE_GTID = no',
              `MASTER_LOG_FILE = ${literal(from.position.file)}`,
              `MASTER_LOG_POS = ${from.position.position}`,
            ]),
      ];
      return `CHANGE MASTER ${literal(source.channel)} TO ${settings.join(', ')}`;
    },
    takeOwnWrites: () => ['SET GLOBAL gtid_slave_pos = @@GLOBAL.gtid_current_pos'],
    forgetSource: (channel) => `RESET REPLICA ${literal(channel)} ALL`,
    // The threads serve all channels.
    busyAppliers: () =>
      "SELECT COUNT(*) AS busy FROM information_schema.PROCESSLIST WHERE COMMAND = 'Slave_worker' AND STATE <> 'Waiting for work from SQL thread'",
    startReceiver: (channel) => `START REPLICA ${literal(channel)} IO_THREAD`,
    stopReceiver: (channel) => `STOP REPLICA ${literal(channel)} IO_THREAD`,
    closeForWrites: () => 'SET GLOBAL read_only = ON',
    openForWrites: () => 'SET GLOBAL read_only = OFF',
    holders: runningStatements,
    admitPrivileged: () => [],
    gtidHistory: () =>
      "SELECT CONCAT(@@GLOBAL.gtid_binlog_state, '|', @@GLOBAL.gtid_slave_pos) AS history",
    historyBeyond: (_, a, b) => Promise.resolve(beyond(a, b)),
    whyNotFrom,
    // What a replica has applied holds nothing of its own.
    receivedHistory: (gtids) => `|${gtids.join(',')}`,
    countOf,
    ownOf: (beyond, { serverId }) =>
      beyond
        .split(', ')
        .filter((range) => range.split('-')[1] === String(serverId))
        .join(', '),
    enableEvent: (event, definer) => `ALTER DEFINER = ${definer} EVENT ${event} ENABLE`,
    disableEvent: (event, definer) => `ALTER DEFINER = ${definer} EVENT ${event} DISABLE ON SLAVE`,
    waitForGtid: (gtid, seconds) =>
      `SELECT MASTER_GTID_WAIT(${literal(gtid)}, ${seconds}) = 0 AS reached`,

    unstableChecksums: null,
    readThreads: null,
    ddlGuard,
    namesAreSlow: false,
    grants: atLeast(version, 11, 3) ? [...grants, showRoutine] : grants,
    closingGrants: [{ anyOf: ['READ_ONLY ADMIN'], why: 'takes the node out of writing' }],
    // The former rows of system-versioned tables; an older server would not take them back.
    dumpOptions: (client) =>
      [version, client].every((one) => atLeast(one, 10, 11)) ? ['--dump-history'] : [],
  };
}

/**
 * An applier that starts takes the lock of a change of definitions for a moment (it looks for its tables of
 * GTIDs), so it would wait under BLOCK_DDL for ever.
 */
const ddlGuard: DdlGuardWords = {
  needs: ['RELOAD'],
  take: ['BACKUP STAGE START'],
  complete: ['BACKUP STAGE FLUSH', 'BACKUP STAGE BLOCK_DDL'],
  changes:
    "SHOW GLOBAL STATUS WHERE Variable_name RLIKE '^Com_(alter|create|drop|rename|truncate|optimize|repair|grant|revoke|set_password)' AND Variable_name NOT LIKE '%temporary%'",
  release: 'BACKUP STAGE END',
};

function parseGtidState(row: Row) {
  const marks = {
    gtid_slave_pos: text(row, 'slavePos'),
    gtid_binlog_pos: text(row, 'binlogPos'),
    gtid_current_pos: text(row, 'currentPos'),
  };
  return {
    applied: marks.gtid_slave_pos || null,
    held: marks.gtid_current_pos || null,
    written: marks.gtid_binlog_pos || null,
    marks,
  };
}

/** REPLICATION CLIENT is an alias of BINLOG MONITOR here and not enough for the replica status. */
const grants: GrantNeed[] = [
  { anyOf: ['SELECT'], why: 'reads the rows' },
  { anyOf: ['SHOW VIEW'], why: 'reads the definitions of views' },
  { anyOf: ['TRIGGER'], why: 'reads triggers; without it they are left out silently' },
  { anyOf: ['EVENT'], why: 'reads events' },
  {
    anyOf: ['RELOAD'],
    why: 'holds the read lock of freeze.exclusive and the backup lock of freeze.hold: snapshot',
    optional: true,
  },
  { anyOf: ['PROCESS'], why: 'names what blocks the applier', optional: true },
  { anyOf: ['SLAVE MONITOR', 'REPLICA MONITOR'], why: 'reads the replica status' },
  {
    anyOf: ['BINLOG MONITOR', 'REPLICATION CLIENT'],
    why: "reads the replica's own binlog position",
  },
  {
    anyOf: ['REPLICATION SLAVE ADMIN', 'REPLICATION REPLICA ADMIN'],
    why: 'stops and starts the applier',
  },
];

const showRoutine: GrantNeed = {
  anyOf: ['SHOW CREATE ROUTINE', 'SELECT'],
  why: 'reads procedures and functions',
};
