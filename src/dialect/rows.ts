import type { BinlogPosition, ChannelStatus, Row } from './dialect.js';

/** The first of `names` that the row has, as text; the empty string when it has none or holds NULL. */
export function text(row: Row, ...names: string[]): string {
  for (const name of names) {
    const value = row[name];
    if (value === undefined) continue;
    if (value === null) return '';
    if (Buffer.isBuffer(value)) return value.toString('utf8');
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  }
  return '';
}

/** Like {@link text}, as a number; null when absent, NULL or no number. */
export function number(row: Row, ...names: string[]): number | null {
  const value = text(row, ...names);
  return value === '' || Number.isNaN(Number(value)) ? null : Number(value);
}

const filterColumns = [
  'Replicate_Do_DB',
  'Replicate_Ignore_DB',
  'Replicate_Do_Table',
  'Replicate_Ignore_Table',
  'Replicate_Wild_Do_Table',
  'Replicate_Wild_Ignore_Table',
  'Replicate_Rewrite_DB',
  'Replicate_Do_Domain_Ids',
  'Replicate_Ignore_Domain_Ids',
  'Replicate_Ignore_Server_Ids',
];

/**
 * One row of SHOW SLAVE STATUS or SHOW REPLICA STATUS, read by column name in both spellings: MySQL
 * renamed the columns with 8.0.22, MariaDB never did.
 */
export function readReplicaStatus(row: Row): ChannelStatus {
  const both = (name: string): [string, string] => [
    name.replace('Replica', 'Slave').replace('Source', 'Master'),
    name,
  ];
  const position = (file: string, offset: string): BinlogPosition => ({
    file: text(row, ...both(file)),
    position: number(row, ...both(offset)) ?? 0,
  });
  const receiver = text(row, ...both('Replica_IO_Running'));
  return {
    name: text(row, 'Connection_name', 'Channel_Name'),
    sourceHost: text(row, ...both('Source_Host')),
    sourcePort: number(row, ...both('Source_Port')) ?? 0,
    sourceUuid: text(row, ...both('Source_UUID')) || null,
    sourceServerId: idOrNull(number(row, ...both('Source_Server_Id'))),
    receiver: receiver === 'Yes' ? 'running' : receiver === 'No' ? 'stopped' : 'connecting',
    receiverState: text(row, ...both('Replica_IO_State')),
    applierRunning: text(row, ...both('Replica_SQL_Running')) === 'Yes',
    executed: position('Relay_Source_Log_File', 'Exec_Source_Log_Pos'),
    relay: position('Relay_Log_File', 'Relay_Log_Pos'),
    received: position('Source_Log_File', 'Read_Source_Log_Pos'),
    lagSeconds: number(row, ...both('Seconds_Behind_Source')),
    delaySeconds: number(row, 'SQL_Delay') ?? 0,
    receiverErrno: number(row, 'Last_IO_Errno') ?? 0,
    receiverError: text(row, 'Last_IO_Error'),
    applierErrno: number(row, 'Last_SQL_Errno') ?? 0,
    applierError: text(row, 'Last_SQL_Error'),
    relayLogBytes: number(row, 'Relay_Log_Space') ?? 0,
    filters: filterColumns
      .map((name) => [name, text(row, name)] as const)
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}=${value}`),
    user: text(row, ...both('Source_User')),
    applierState: text(row, ...both('Replica_SQL_Running_State')),
    receivedGtid: text(row, 'Retrieved_Gtid_Set', 'Gtid_IO_Pos').replace(/\s/g, ''),
    usesGtid: text(row, 'Auto_Position') === '1' || !['', 'No'].includes(text(row, 'Using_Gtid')),
    usesTls: text(row, ...both('Source_SSL_Allowed')) === 'Yes',
  };
}

/** No server that replicates has the id 0. */
function idOrNull(id: number | null): number | null {
  return id === 0 ? null : id;
}

/** Of {@link Dialect.holders}, as far as a process list tells: statements that run and may write. */
export function runningStatements(ours: number): string {
  return `SELECT ID AS id, CONCAT_WS('@', USER, HOST) AS user, INFO AS doing FROM information_schema.PROCESSLIST WHERE COMMAND = 'Query' AND STATE NOT LIKE 'Waiting for %' AND INFO NOT LIKE 'SELECT%' AND USER <> 'event_scheduler' AND ID NOT IN (${ours}, CONNECTION_ID()) ORDER BY TIME DESC`;
}
