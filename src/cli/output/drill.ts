import type { DrillRecord } from '../../catalog/drillRecord.js';
import { checksText } from './findings.js';
import { bytesText, fieldsText, secondsText, timeText } from './text.js';

/** A drill's record as lines for people. */
export function drillText(record: DrillRecord): string {
  const { seconds, bytes } = record;
  const head =
    record.status === 'passed'
      ? `backup ${record.backup} is proven in ${secondsText(seconds.total)}`
      : `backup ${record.backup} is not proven`;
  const times = [
    `download ${secondsText(seconds.download)}`,
    `restore ${secondsText(seconds.restore)}`,
    `checks ${secondsText(seconds.checks)}`,
    ...(seconds.catchUp === null ? [] : [`catch-up ${secondsText(seconds.catchUp)}`]),
  ];
  const fields = fieldsText([
    ['drill', record.id],
    ['pair', record.pair],
    ['data of', timeText(record.backupAt)],
    ['into', record.into === 'sandbox' ? `a sandbox, ${record.version}` : record.into],
    ['size', `${bytesText(bytes.plain)} of SQL, ${bytesText(bytes.stored)} stored`],
    ['took', times.join(', ')],
  ]);
  return `${head}\n${fields}\n\n${checksText(record.checks)}`;
}
