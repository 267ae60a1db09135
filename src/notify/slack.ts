import { backupRecordSchema } from '../catalog/records.js';
import { bytesText, secondsText } from '../util/text.js';
import type { Outcome, TestOutcome } from './outcome.js';

const ended = {
  succeeded: 'succeeded',
  failed: 'FAILED',
  skipped: 'was left out',
} as const;

/** A message for an incoming webhook of Slack; Mattermost, Rocket.Chat and Google Chat take it too. */
export function slackMessage(outcome: Outcome | TestOutcome): { text: string } {
  if (outcome.status === 'test') return { text: testText(outcome) };
  const { action, pair, status, error, exit, host, seconds } = outcome;
  const of = pair === null ? '' : ` of ${escape(pair)}`;
  const lines = [
    `*stillpoint: ${action}${of} ${ended[status]}* on ${escape(host)}, after ${secondsText(seconds)}`,
  ];
  if (error) {
    lines.push(`${escape(error.message)} (${error.code}, exit ${exit})`);
    if (error.hint !== null) lines.push(`_hint:_ ${escape(error.hint)}`);
  }
  const { data: backup } = backupRecordSchema.safeParse(outcome.record);
  if (backup) {
    const { bytes, pauseSeconds, warnings } = backup;
    lines.push(
      `${backup.id}: ${bytesText(bytes.plain)} of SQL, ${bytesText(bytes.stored)} stored, paused ${secondsText(pauseSeconds)}`,
      ...warnings.map((warning) => `_warning:_ ${escape(warning)}`),
    );
  }
  return { text: lines.join('\n') };
}

function testText({ pair, host, log }: TestOutcome): string {
  const of = pair === null ? '' : ` of ${escape(pair)}`;
  return [`*stillpoint: a test${of}* on ${escape(host)}`, ...log.map(escape)].join('\n');
}

/** The three characters that Slack reads as markup of its own, so that no name can ping a channel. */
function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
