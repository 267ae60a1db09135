import type { DrillRecord } from '../catalog/drillRecord.js';
import { bytesText, secondsText } from '../util/text.js';
import { badge } from './page.js';
import { markup, nameOf, trusted, type Html } from './markup.js';
import { percent } from './scale.js';

type Table = DrillRecord['tables'][number];

/** How long the rows of a table took to load. */
export interface LoadTime {
  seconds: number;
  /** Tables that share its part, which then took that long with all of them. */
  others: number;
}

/** Tables seen at once; the rest unfolds. */
const atFirst = 20;

/** Tables by name: rows, size and time of loading as bars, those that differ first, then the largest. */
export function tableChart(record: DrillRecord): Html {
  const times = loadTimes(record);
  const tables = [...record.tables].sort(
    (a, b) => Number(a.equal) - Number(b.equal) || b.bytes - a.bytes,
  );
  const most = {
    bytes: Math.max(...tables.map(({ bytes }) => bytes)),
    seconds: Math.max(0, ...[...times.values()].map(({ seconds }) => seconds)),
  };
  const row = (table: Table) => tableRow(table, times.get(keyOf(table)), most);
  const rest = tables.slice(atFirst);
  const folded = markup`
<details><summary>${rest.length} more</summary>${grid(rest.map(row))}</details>`;
  return markup`${grid(tables.slice(0, atFirst).map(row))}${rest.length > 0 ? folded : null}`;
}

/** By database and table, from the parts that hold rows; parts of one table add up. */
export function loadTimes({ parts }: Pick<DrillRecord, 'parts'>): Map<string, LoadTime> {
  const times = new Map<string, LoadTime>();
  for (const { kind, database, tables, seconds } of parts) {
    if (kind !== 'data') continue;
    for (const name of tables) {
      const key = keyOf({ database, name });
      const before = times.get(key)?.seconds ?? 0;
      times.set(key, { seconds: before + seconds, others: tables.length - 1 });
    }
  }
  return times;
}

export const keyOf = ({ database, name }: { database: string; name: string }): string =>
  JSON.stringify([database, name]);

function grid(rows: readonly Html[]): Html {
  return markup`
<table class="bars"><thead><tr><th class="table">table</th><th class="number rows">rows</th><th>size</th><th>time to load</th><th class="equal">compared</th></tr></thead>
<tbody>${rows}
</tbody></table>`;
}

function tableRow(
  table: Table,
  time: LoadTime | undefined,
  most: { bytes: number; seconds: number },
): Html {
  const rows = table.rows === null ? '–' : table.rows.toLocaleString('en');
  const loaded =
    time === undefined
      ? markup`<td></td>`
      : barCell(time.seconds, most.seconds, timeText(time), time.others > 0 ? 'shared' : 'time');
  return markup`
<tr><th class="table"><span class="database">${nameOf(table.database)}.</span>${nameOf(table.name)}</th>
<td class="number rows">${rows}</td>
${barCell(table.bytes, most.bytes, bytesText(table.bytes), 'size')}
${loaded}
<td class="equal">${table.equal ? badge('passed', 'equal') : badge('failed', 'differs')}</td></tr>`;
}

function barCell(value: number, most: number, text: string, kind: string): Html {
  const width = trusted(`width:${percent(value, most)}`);
  return markup`<td class="measure"><i class="bar ${kind}" style="${width}"></i><span>${text}</span></td>`;
}

function timeText({ seconds, others }: LoadTime): string {
  const text = secondsText(seconds);
  return others === 0 ? text : `${text} with ${others} other${others === 1 ? '' : 's'}`;
}
