import type { Promotion } from '../../catalog/promotions.js';
import type { PromoteResult } from '../../promoteOptions.js';
import { bytesText, fieldsText, secondsText, timeText } from './text.js';

/** What a promotion did, and what is left to a person, as lines for people. */
export function promotedText(result: PromoteResult): string {
  const { pair, status, oldSource, newSource, others, promotion } = result;
  if (status === 'planned')
    return `nothing was changed: ${newSource} would be the source of ${pair}`;
  if (status === 'nothing' || promotion === null) {
    const since = promotion === null ? '' : `, since ${timeText(promotion.finishedAt)}`;
    return `${newSource} is the source of ${pair} already${since}`;
  }
  const fields: [string, string][] = [
    ...lossText(promotion, oldSource),
    ...(promotion.events.length > 0
      ? [['events', `turned on: ${promotion.events.join(', ')}`] as [string, string]]
      : []),
    ['application', `has to write to ${newSource}`],
    [newSource, 'option file: read_only and super_read_only off, or no such line'],
    [
      oldSource,
      promotion.kind === 'switchover'
        ? 'option file: super_read_only = ON (MariaDB: read_only = ON)'
        : `must not come back as a source: stillpoint pair rejoin ${pair}`,
    ],
    ...others.map(({ name, status: how }): [string, string] => [
      `replica ${name}`,
      how === 'following'
        ? `follows ${newSource} now`
        : `does not follow: stillpoint pair rejoin ${pair} --replica ${name}`,
    ]),
    ['stillpoint.yaml', `swap source and replica of ${pair}`],
  ];
  const paused =
    promotion.writesPausedSeconds === null
      ? ''
      : `; nobody could write for ${secondsText(promotion.writesPausedSeconds)}`;
  return `${newSource} is the source of ${pair}${paused}\n${fieldsText(fields)}`;
}

function lossText({ kind, received, alone }: Promotion, oldSource: string): [string, string][] {
  if (kind === 'switchover')
    return [['lost', alone === null ? 'nothing' : `${alone} is on ${oldSource} alone`]];
  const { file, position } = received.position;
  const fields: [string, string][] = [
    ['has', `everything up to ${received.gtid ?? `${file}:${position}`} of the old source`],
    ['may be lost', 'what the old source committed after that: it is on that server only'],
  ];
  if (received.partialBytes > 0)
    fields.push([
      'in part',
      `${bytesText(received.partialBytes)} of a transaction came and are dropped`,
    ]);
  if (received.lastContact !== null) fields.push(['last contact', timeText(received.lastContact)]);
  else if (received.lastWritten !== null)
    fields.push([
      'last event',
      `was written at ${timeText(received.lastWritten)}, by the clock of the old source`,
    ]);
  return fields;
}
