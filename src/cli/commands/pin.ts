import { Option, type Command } from 'commander';
import { StillpointError } from '../../errors.js';
import { configOf, type Context } from '../context.js';
import { seconds } from '../options.js';

interface PinFlags {
  pair?: string;
  keep?: Date;
  until?: string;
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
    .option('--until <date>', 'until that time, or the end of that day')
    .option('--reason <text>', 'why, for those who wonder later')
    .option('--pair <pair>', 'the pair it is of')
    .action(async (backup: string, flags: PinFlags, command: Command) => {
      const { pinBackup } = await import('../../pin.js');
      const { timeText } = await import('../output/text.js');
      const { keep, reason, pair } = flags;
      const until = flags.until === undefined ? keep : await dateOf(flags.until);
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
      const { unpinBackup } = await import('../../pin.js');
      const done = await unpinBackup(await configOf(command), { backup, ...flags });
      context.terminal.document(done);
      context.terminal.result(`backup ${done.backup} is not pinned any more`);
    });
}

function inFuture(text: string): Date {
  return new Date(Date.now() + seconds(text) * 1000);
}

/** A date alone means that day to its end, in this machine's zone. */
async function dateOf(text: string): Promise<Date> {
  const { DateTime } = await import('luxon');
  const time = DateTime.fromISO(text);
  if (!time.isValid)
    throw new StillpointError('usage', `--until ${text} is no date`, {
      hint: 'Say a date like 2026-12-01, or 2026-12-01T08:00.',
    });
  return (/^[\d-]+$/.test(text) ? time.endOf('day') : time).toJSDate();
}
