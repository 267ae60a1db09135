import { InvalidArgumentError, Option, type Command } from 'commander';
import { DateTime } from 'luxon';
import { parseDuration } from '../../config/units.js';
import { pinBackup, unpinBackup } from '../../pin.js';
import { configOf, type Context } from '../context.js';
import { timeText } from '../output/text.js';

interface PinFlags {
  pair?: string;
  keep?: Date;
  until?: Date;
  reason?: string;
}

export function registerPin(program: Command, context: Context): void {
  program
    .command('pin')
    .argument('<backup>', 'its id, a label, or latest')
    .description('keep a backup from being pruned')
    .addOption(
      new Option('--keep <duration>', 'for so long from now, like 14d; for ever when left out')
        .argParser(inFuture)
        .conflicts('until'),
    )
    .addOption(
      new Option('--until <date>', 'until that time, or the end of that day').argParser(dateOf),
    )
    .option('--reason <text>', 'why, for those who wonder later')
    .option('--pair <pair>', 'the pair it is of')
    .action(async (backup: string, flags: PinFlags, command: Command) => {
      const { keep, until = keep, reason, pair } = flags;
      const pin = await pinBackup(await configOf(command), {
        backup,
        ...(pair === undefined ? {} : { pair }),
        ...(until === undefined ? {} : { until }),
        ...(reason === undefined ? {} : { reason }),
      });
      context.terminal.document(pin);
      const when = pin.until === null ? '' : ` until ${timeText(pin.until)}`;
      context.terminal.result(`backup ${pin.backup} is pinned${when}`);
    });
}

export function registerUnpin(program: Command, context: Context): void {
  program
    .command('unpin')
    .argument('<backup>', 'its id, a label, or latest')
    .description('let retention decide over a backup again')
    .option('--pair <pair>', 'the pair it is of')
    .action(async (backup: string, flags: { pair?: string }, command: Command) => {
      const done = await unpinBackup(await configOf(command), { backup, ...flags });
      context.terminal.document(done);
      context.terminal.result(`backup ${done.backup} is not pinned any more`);
    });
}

function inFuture(text: string): Date {
  const seconds = parseDuration(text);
  if (seconds === null || seconds <= 0)
    throw new InvalidArgumentError('say a duration like 14d or 36h.');
  return new Date(Date.now() + seconds * 1000);
}

/** A date alone means that day to its end, in this machine's zone. */
function dateOf(text: string): Date {
  const time = DateTime.fromISO(text);
  if (!time.isValid)
    throw new InvalidArgumentError('say a date like 2026-12-01, or 2026-12-01T08:00.');
  return (/^[\d-]+$/.test(text) ? time.endOf('day') : time).toJSDate();
}
