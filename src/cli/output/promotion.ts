import type { Promotion } from '../../catalog/promotions.js';
import type { PromoteResult } from '../../promotePair.js';
import { bytesText, fieldsText, secondsText, timeText } from './text.js';

/**
 * What a promotion did, and what is left to a person, as lines for people. `file`: name of the configuration.
 */
export function promotedText(result: PromoteResult, file: string): string {
  const { pair, status, oldSource, newSource, others, promotion } = result;
  if (status === 'planned')
    return `nothing was changed: ${newSource} would be the source of ${pair}`;
  if (status === 'nothing' || promotion === null) {
    const since = promotion === null ? '' : `, since ${timeText(promotion.finishedAt)}`;
    return `${newSource} is the source of ${pair} already${since}`;
  }
  const fields: [string, string][] = [
    ...lossText(promotion, oldSource),
    ...eventsText(promotion),
    ['application', `has to write to ${newSource}`],
    ...openText(promotion).map((says): [string, string] => [newSource, says]),
    [
      oldSource,
      promotion.kind === 'switchover'
        ? `option file: ${closedLine(promotion.engine)}`
        : `must not come back as a source: stillpoint pair rejoin ${pair}`,
    ],
    ...others.map(({ name, status: how }): [string, string] => [
      `replica ${name}`,
      how === 'following'
        ? `follows ${newSource} now`
        : `does not follow: stillpoint pair rejoin ${pair} --replica ${name}`,
    ]),
    [
      file,
      `swap source and replica${promotion.replica === null ? '' : ` ${promotion.replica}`} of ${pair}`,
    ],
  ];
  const paused =
    promotion.writesPausedSeconds === null
      ? ''
      : `; nobody could write for ${secondsText(promotion.writesPausedSeconds)}`;
  return `${newSource} is the source of ${pair}${paused}\n${fieldsText(fields)}`;
}

/** The line of an option file that makes a server come back as a replica. */
export function closedLine(engine: 'mysql' | 'mariadb' | null): string {
  return engine === 'mariadb' ? 'read_only = ON' : 'super_read_only = ON';
}

function eventsText({ kind, events, eventScheduler }: Promotion): [string, string][] {
  if (events.length === 0) return [];
  const lines: [string, string][] = [['events', `turned on: ${events.join(', ')}`]];
  if (eventScheduler && kind === 'failover')
    lines.push([
      '',
      'the event scheduler was off and is on: see whether the old source ran events',
    ]);
  return lines;
}

/** What makes the new source come back as one when it restarts. */
function openText({ engine, eventScheduler, persisted }: Promotion): string[] {
  const names = engine === 'mariadb' ? 'read_only' : 'read_only and super_read_only';
  return [
    `option file: ${names} off, or no such line`,
    ...(eventScheduler ? ['option file: event_scheduler = ON'] : []),
    ...(persisted.length > 0
      ? [`run on it: ${persisted.map((name) => `RESET PERSIST ${name};`).join(' ')}`]
      : []),
  ];
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
