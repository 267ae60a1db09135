import { describe, expect, test } from 'vitest';
import { dialectOf } from '../../../src/dialect/index.js';
import type { Dialect } from '../../../src/dialect/dialect.js';
import { atLeast, parseVersion } from '../../../src/dialect/version.js';

const version = (text: string) => parseVersion(text)!;
const source = {
  host: "h'1",
  port: 3307,
  user: 'repl',
  password: "p'w\\",
  tls: false,
  channel: 'c1',
};

/** Every statement of a dialect, by what it is for. */
function statements(dialect: Dialect): Record<string, string> {
  return {
    replicaStatus: dialect.replicaStatus(),
    stopApplier: dialect.stopApplier(''),
    startApplier: dialect.startApplier("c'1"),
    startReplica: dialect.startReplica(''),
    stopReplica: dialect.stopReplica(''),
    untilGtid: dialect.startReplicaUntil('', { gtid: 'G' }),
    untilPosition: dialect.startReplicaUntil('', { position: { file: 'bin.1', position: 4 } }),
    binlogStatus: dialect.binlogStatus(),
    gtidState: dialect.gtidState(),
    serverUuid: dialect.serverUuid(),
    writable: dialect.writable(),
    resetToGtid: dialect.resetToGtid('G').join('; '),
    changeByGtid: dialect.changeSource(source, { gtid: 'G' }),
    changeByPosition: dialect.changeSource(source, { position: { file: 'bin.1', position: 4 } }),
    waitForGtid: dialect.waitForGtid('G', 5),
  };
}

// The newest band in full; each older one as what differs from the next newer one.
const mysql84 = {
  replicaStatus: 'SHOW REPLICA STATUS',
  stopApplier: "STOP REPLICA SQL_THREAD FOR CHANNEL ''",
  startApplier: "START REPLICA SQL_THREAD FOR CHANNEL 'c''1'",
  startReplica: "START REPLICA FOR CHANNEL ''",
  stopReplica: "STOP REPLICA FOR CHANNEL ''",
  untilGtid: "START REPLICA UNTIL SQL_AFTER_GTIDS = 'G' FOR CHANNEL ''",
  untilPosition: "START REPLICA UNTIL SOURCE_LOG_FILE = 'bin.1', SOURCE_LOG_POS = 4 FOR CHANNEL ''",
  binlogStatus: 'SHOW BINARY LOG STATUS',
  gtidState:
    'SELECT @@GLOBAL.gtid_executed AS executed, @@GLOBAL.gtid_mode AS mode, @@GLOBAL.gtid_purged AS purged',
  serverUuid: 'SELECT @@GLOBAL.server_uuid AS uuid',
  writable: 'SELECT NOT @@GLOBAL.read_only AS writable',
  resetToGtid: "RESET BINARY LOGS AND GTIDS; SET GLOBAL gtid_purged = 'G'",
  changeByGtid:
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'h''1', SOURCE_PORT = 3307, SOURCE_USER = 'repl', SOURCE_PASSWORD = 'p''w\\\\', SOURCE_SSL = 0, SOURCE_CONNECT_RETRY = 10, SOURCE_RETRY_COUNT = 86400, GET_SOURCE_PUBLIC_KEY = 1, SOURCE_AUTO_POSITION = 1 FOR CHANNEL 'c1'",
  changeByPosition:
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'h''1', SOURCE_PORT = 3307, SOURCE_USER = 'repl', SOURCE_PASSWORD = 'p''w\\\\', SOURCE_SSL = 0, SOURCE_CONNECT_RETRY = 10, SOURCE_RETRY_COUNT = 86400, GET_SOURCE_PUBLIC_KEY = 1, SOURCE_AUTO_POSITION = 0, SOURCE_LOG_FILE = 'bin.1', SOURCE_LOG_POS = 4 FOR CHANNEL 'c1'",
  waitForGtid: "SELECT WAIT_FOR_EXECUTED_GTID_SET('G', 5) = 0 AS reached",
};
const mysql82 = mysql84;
const mysql8023 = {
  ...mysql82,
  binlogStatus: 'SHOW MASTER STATUS',
  resetToGtid: "RESET MASTER; SET GLOBAL gtid_purged = 'G'",
};
const mysql8022 = {
  ...mysql8023,
  untilPosition: "START REPLICA UNTIL MASTER_LOG_FILE = 'bin.1', MASTER_LOG_POS = 4 FOR CHANNEL ''",
  changeByGtid:
    "CHANGE MASTER TO MASTER_HOST = 'h''1', MASTER_PORT = 3307, MASTER_USER = 'repl', MASTER_PASSWORD = 'p''w\\\\', MASTER_SSL = 0, MASTER_CONNECT_RETRY = 10, MASTER_RETRY_COUNT = 86400, MASTER_AUTO_POSITION = 1 FOR CHANNEL 'c1'",
  changeByPosition:
    "CHANGE MASTER TO MASTER_HOST = 'h''1', MASTER_PORT = 3307, MASTER_USER = 'repl', MASTER_PASSWORD = 'p''w\\\\', MASTER_SSL = 0, MASTER_CONNECT_RETRY = 10, MASTER_RETRY_COUNT = 86400, MASTER_AUTO_POSITION = 0, MASTER_LOG_FILE = 'bin.1', MASTER_LOG_POS = 4 FOR CHANNEL 'c1'",
};
const mysql800 = {
  ...mysql8022,
  replicaStatus: 'SHOW SLAVE STATUS',
  stopApplier: "STOP SLAVE SQL_THREAD FOR CHANNEL ''",
  startApplier: "START SLAVE SQL_THREAD FOR CHANNEL 'c''1'",
  startReplica: "START SLAVE FOR CHANNEL ''",
  stopReplica: "STOP SLAVE FOR CHANNEL ''",
  untilGtid: "START SLAVE UNTIL SQL_AFTER_GTIDS = 'G' FOR CHANNEL ''",
  untilPosition: "START SLAVE UNTIL MASTER_LOG_FILE = 'bin.1', MASTER_LOG_POS = 4 FOR CHANNEL ''",
};
const mysql57 = mysql800;
const mariadb106 = {
  replicaStatus: 'SHOW ALL REPLICAS STATUS',
  stopApplier: "STOP REPLICA '' SQL_THREAD",
  startApplier: "START REPLICA 'c''1' SQL_THREAD",
  startReplica: "START REPLICA ''",
  stopReplica: "STOP REPLICA ''",
  untilGtid: "START REPLICA '' UNTIL master_gtid_pos = 'G'",
  untilPosition: "START REPLICA '' UNTIL MASTER_LOG_FILE = 'bin.1', MASTER_LOG_POS = 4",
  binlogStatus: 'SHOW BINLOG STATUS',
  gtidState:
    'SELECT @@GLOBAL.gtid_slave_pos AS slavePos, @@GLOBAL.gtid_binlog_pos AS binlogPos, @@GLOBAL.gtid_current_pos AS currentPos',
  serverUuid: "SELECT CONCAT_WS(':', @@hostname, @@port, @@GLOBAL.server_id & 2147483647) AS uuid",
  writable: 'SELECT NOT @@GLOBAL.read_only AS writable',
  resetToGtid: "RESET MASTER; SET GLOBAL gtid_binlog_state = 'G'; SET GLOBAL gtid_slave_pos = 'G'",
  changeByGtid:
    "CHANGE MASTER 'c1' TO MASTER_HOST = 'h''1', MASTER_PORT = 3307, MASTER_USER = 'repl', MASTER_PASSWORD = 'p''w\\\\', MASTER_SSL = 0, MASTER_CONNECT_RETRY = 10, MASTER_USE_GTID = slave_pos",
  changeByPosition:
    "CHANGE MASTER 'c1' TO MASTER_HOST = 'h''1', MASTER_PORT = 3307, MASTER_USER = 'repl', MASTER_PASSWORD = 'p''w\\\\', MASTER_SSL = 0, MASTER_CONNECT_RETRY = 10, MASTER_USE_GTID = no, MASTER_LOG_FILE = 'bin.1', MASTER_LOG_POS = 4",
  waitForGtid: "SELECT MASTER_GTID_WAIT('G', 5) = 0 AS reached",
};

const bands: [string, string, Record<string, string>][] = [
  ['5.7.10-log', 'mysql 5.7', mysql57],
  ['5.7.44', 'mysql 5.7', mysql57],
  ['8.0.0', 'mysql 8.0.0', mysql800],
  ['8.0.21', 'mysql 8.0.0', mysql800],
  ['8.0.22', 'mysql 8.0.22', mysql8022],
  ['8.0.23', 'mysql 8.0.23', mysql8023],
  ['8.0.36-28', 'mysql 8.0.23', mysql8023],
  ['8.1.0', 'mysql 8.0.23', mysql8023],
  ['8.2.0', 'mysql 8.2', mysql82],
  ['8.3.0', 'mysql 8.2', mysql82],
  ['8.4.0', 'mysql 8.4', mysql84],
  ['9.7.4', 'mysql 8.4', mysql84],
  ['26.7.0', 'mysql 8.4', mysql84],
  ['10.6.0-MariaDB', 'mariadb 10.6', mariadb106],
  ['5.5.5-10.11.19-MariaDB-0+deb12u1-log', 'mariadb 10.6', mariadb106],
  ['11.2.4-MariaDB', 'mariadb 10.6', mariadb106],
  ['11.3.0-MariaDB', 'mariadb 11.3', mariadb106],
  ['11.8.2-MariaDB', 'mariadb 11.3', mariadb106],
];

describe.each(bands)('%s', (text, band, wanted) => {
  test(`speaks ${band}`, () => {
    const dialect = dialectOf(version(text));
    expect(dialect.band).toBe(band);
    expect(statements(dialect)).toEqual(wanted);
  });
});

test.each(['5.6.51', '5.5.62', '10.5.27-MariaDB'])('%s is refused', (text) => {
  expect(() => dialectOf(version(text))).toThrow(`server version ${text} is too old`);
});

test('MariaDB is known by its comment too', () => {
  expect(parseVersion('10.11.2', 'mariadb.org binary distribution')?.flavour).toBe('mariadb');
  expect(parseVersion('8.0.36', 'MySQL Community Server')?.flavour).toBe('mysql');
  expect(parseVersion('nonsense')).toBeNull();
});

test('versions compare by number, not by text', () => {
  expect(atLeast(version('8.0.9'), 8, 0, 22)).toBe(false);
  expect(atLeast(version('10.11.2-MariaDB'), 10, 6)).toBe(true);
  expect(atLeast(version('9.0.0'), 8, 4, 1)).toBe(true);
});

describe('a row of the replica status', () => {
  // Recorded from MySQL 5.7 (Slave_*, Master_*), MySQL 9.7 and MariaDB 10.11, shortened to what is read.
  const old = {
    Slave_IO_State: 'Waiting for master to send event',
    Master_Host: 'db1',
    Master_Port: 3306,
    Master_UUID: 'u-1',
    Master_Log_File: 'bin.000002',
    Read_Master_Log_Pos: 900,
    Relay_Log_File: 'relay.000002',
    Relay_Log_Pos: 320,
    Relay_Master_Log_File: 'bin.000001',
    Slave_IO_Running: 'Yes',
    Slave_SQL_Running: 'No',
    Exec_Master_Log_Pos: '154',
    Relay_Log_Space: 1000,
    Seconds_Behind_Master: null,
    Last_SQL_Errno: 1062,
    Last_SQL_Error: 'Duplicate entry',
    Last_IO_Error: '',
    Replicate_Ignore_DB: 'scratch',
    SQL_Delay: 0,
    Auto_Position: 0,
    Master_SSL_Allowed: 'Yes',
    Channel_Name: '',
  };
  const renamed = Object.fromEntries(
    Object.entries(old).map(([name, value]) => [
      name.replace('Slave', 'Replica').replace('Master', 'Source'),
      value,
    ]),
  );
  const expected = {
    name: '',
    sourceHost: 'db1',
    sourcePort: 3306,
    receiver: 'running',
    receiverState: 'Waiting for master to send event',
    applierRunning: false,
    executed: { file: 'bin.000001', position: 154 },
    received: { file: 'bin.000002', position: 900 },
    relay: { file: 'relay.000002', position: 320 },
    lagSeconds: null,
    applierErrno: 1062,
    applierError: 'Duplicate entry',
    filters: ['Replicate_Ignore_DB=scratch'],
    usesGtid: false,
    usesTls: true,
  };

  test.each([
    ['MySQL 5.7', '5.7.44', old],
    ['MySQL 9.7', '9.7.4', renamed],
    ['MariaDB 10.11', '10.11.19-MariaDB', { ...old, Connection_name: '', Using_Gtid: 'No' }],
  ])('of %s is read by name', (_, text, row) => {
    expect(dialectOf(version(text)).parseReplicaStatus(row)).toMatchObject(expected);
  });

  test('names its connection, its lag, and a receiver that retries', () => {
    const row = {
      ...old,
      Connection_name: 'west',
      Slave_IO_Running: 'Connecting',
      Slave_SQL_Running: 'Yes',
      Seconds_Behind_Master: 7,
      Using_Gtid: 'Slave_Pos',
    };
    const found = dialectOf(version('10.11.19-MariaDB')).parseReplicaStatus(row);
    expect(found).toMatchObject({
      name: 'west',
      receiver: 'connecting',
      applierRunning: true,
      lagSeconds: 7,
      usesGtid: true,
    });
  });
});

test('a GTID state says what to go on from', () => {
  const mysql = dialectOf(version('9.7.4'));
  const row = { executed: 'a:1-5,\nb:1', mode: 'ON', purged: '' };
  expect(mysql.parseGtidState(row)).toMatchObject({ applied: 'a:1-5,b:1', written: 'a:1-5,b:1' });
  expect(mysql.parseGtidState({ ...row, mode: 'ON_PERMISSIVE' }).applied).toBeNull();
  const mariadb = dialectOf(version('10.11.19-MariaDB'));
  expect(
    mariadb.parseGtidState({ slavePos: '0-1-7', binlogPos: '0-1-9', currentPos: '0-1-8' }),
  ).toEqual({
    applied: '0-1-7',
    held: '0-1-8',
    written: '0-1-9',
    marks: { gtid_slave_pos: '0-1-7', gtid_binlog_pos: '0-1-9', gtid_current_pos: '0-1-8' },
  });
  expect(
    mariadb.parseGtidState({ slavePos: '', binlogPos: '', currentPos: '' }).applied,
  ).toBeNull();
});
