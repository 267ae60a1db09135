import type { RestoreResult } from '../../restoreOptions.js';
import {
  bytesText,
  countText,
  fieldsText,
  nameText,
  rateText,
  secondsText,
  timeText,
} from './text.js';

/** What a restore did or would do, as lines for people. */
export function restoreText(result: RestoreResult): string {
  const planned = result.status === 'planned';
  const { bytes, continued } = result;
  const fields: [string, string][] = [
    ['backup', result.backup],
    ['from', result.store],
    ['into', result.server],
    [result.table === null ? 'databases' : 'table', whatText(result)],
    [
      'size',
      `${bytesText(bytes.plain)} of SQL in ${result.parts} parts, ${bytesText(bytes.stored)} stored`,
    ],
  ];
  if (result.definer !== 'keep') {
    fields.push(['definers', result.definer === 'drop' ? 'left out' : 'the account that restores']);
  }
  if (continued) {
    fields.push([
      'there',
      `${continued.parts} of ${result.parts} parts, from ${timeText(continued.since)}`,
    ]);
  }
  fields.push(planned ? ['time', estimateText(result)] : ['took', tookText(result)]);
  if (result.checked) {
    const { tables, rows, objects } = result.checked;
    fields.push([
      'checked',
      `${countText(tables)} tables, ${countText(rows)} rows and ${countText(objects)} views and programs as in the backup`,
    ]);
  }
  if (result.attached) {
    fields.push([
      'attached',
      `it follows the ${result.attachTo} of ${result.pair} and has caught up`,
    ]);
  }
  const head = planned ? `would restore into ${result.target}` : `restored into ${result.target}`;
  return `${head}\n${fieldsText(fields)}${attachText(result)}`;
}

function whatText({ databases, renamed, table }: RestoreResult): string {
  const named = databases.map((name) => {
    const of = table === null ? '' : `.${table}`;
    const to = Object.hasOwn(renamed, name) ? renamed[name] : undefined;
    return to === undefined ? `${name}${of}` : `${name}${of} as ${to}${of}`;
  });
  return nameText(named.join(', '));
}

function estimateText({ estimatedSeconds }: RestoreResult): string {
  if (estimatedSeconds === null) return 'unknown: no drill of this pair has measured it yet';
  return `about ${secondsText(estimatedSeconds)}, by the last drill`;
}

/** What a part of it took that was loaded before is not known, so neither is the rate. */
function tookText({ bytes, seconds, continued }: RestoreResult): string {
  const rate = continued ? '' : rateText(bytes.plain, seconds);
  return rate === '' ? secondsText(seconds) : `${secondsText(seconds)}, ${rate}`;
}

function attachText({ attached, table, attachStatements }: RestoreResult): string {
  if (attached || table !== null || attachStatements.length === 0) return '';
  const lines = attachStatements.map((sql) => `  ${sql};`).join('\n');
  return `\n\nTo make it follow the source from where the backup was taken:\n${lines}`;
}
