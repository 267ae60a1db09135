import { pinText, type Pin } from '../../catalog/pins.js';
import type { Proof } from '../../catalog/proofs.js';
import type { BackupRecord, ManifestTable } from '../../catalog/records.js';
import { tableText } from './table.js';
import { bytesText, fieldsText, nameText, secondsText, timeText } from './text.js';

/** A backup's record as lines for people; `proven` is left out where it cannot be known yet. */
export function recordText(
  record: BackupRecord,
  proven?: Proof | null,
  pinned: Pin | null = null,
): string {
  return fieldsText([
    ...recordFields(record),
    ...(proven === undefined ? [] : [['proven', proofText(proven)] as const]),
    ...(pinned === null ? [] : [['pinned', nameText(pinText(pinned))] as const]),
  ]);
}

/** The names and values of these lines. */
export function recordFields(record: BackupRecord): [string, string][] {
  const { coordinates, bytes } = record;
  const title = record.flavour === 'mariadb' ? 'MariaDB' : 'MySQL';
  const channels = coordinates.channels.length > 1 ? coordinates.channels : [];
  return [
    ['pair', `${record.pair} (${title} ${record.version})`],
    ...replicaFields(record),
    ['paused', `${secondsText(record.pauseSeconds)}, from ${timeText(record.pausedAt)}`],
    ...heldFields(record),
    ['took', secondsText(record.seconds)],
    [
      'size',
      `${bytesText(bytes.plain)} of SQL in ${record.parts} parts, ${bytesText(bytes.stored)} stored${record.encrypted ? ', encrypted' : ''}`,
    ],
    ['source position', `${coordinates.source.file}:${coordinates.source.position}`],
    ...channels.map((channel): [string, string] => [
      `  channel ${channel.name}`,
      `${channel.source.file}:${channel.source.position} of ${channel.host}:${channel.port}`,
    ]),
    ['GTID', coordinates.gtid ?? 'none'],
    ...(coordinates.directions ?? [])
      .filter(({ server }) => server === 'replica')
      .map(({ binlog }): [string, string] => [
        'replica position',
        binlog === null ? 'none' : `${binlog.file}:${binlog.position}`,
      ]),
    ['store', record.store],
  ];
}

/** Which of several replicas was paused. */
function replicaFields({ replica }: BackupRecord): [string, string][] {
  if (!replica?.name) return [];
  const { name, address, reason } = replica;
  const why = reason === null ? '' : `: ${reason}`;
  return [['replica', nameText(`${name} (${address})${why}`)]];
}

/** What `freeze.hold` did, where it did not just dump in the pause as it was told. */
function heldFields({ hold, holdReason }: BackupRecord): [string, string][] {
  if (hold === 'snapshot') return [['rows', 'from snapshots that were opened in the pause']];
  return holdReason ? [['rows', `read in the pause: ${nameText(holdReason)}`]] : [];
}

/** `on 2026-11-22 04:10:00 +01:00 in 4 min 10 s`. */
function proofText(proven: Proof | null): string {
  if (proven === null) return 'not yet: `stillpoint drill` restores it and compares';
  return `on ${timeText(proven.at)} in ${secondsText(proven.seconds)}, by drill ${proven.drill}`;
}

/** The tables of a backup as a table. */
export function tablesText(tables: readonly ManifestTable[]): string {
  const rows = tables.map((table) => [
    nameText(table.database),
    nameText(table.name),
    table.engine,
    table.rows === null ? '-' : String(table.rows),
    table.checksum ?? '-',
  ]);
  const head = ['database', 'table', 'engine', 'rows', 'checksum'];
  return tableText(head, rows, ['rows', 'checksum']);
}
