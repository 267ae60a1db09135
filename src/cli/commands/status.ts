import { InvalidArgumentError, Option, type Command } from 'commander';
import { pairNames } from '../../config/choose.js';
import { parseDuration } from '../../config/units.js';
import type { PairStatus } from '../../status.js';
import { redact } from '../../util/redact.js';
import { configOf, type Context } from '../context.js';

interface StatusFlags {
  watch?: true | string;
}

/** Seconds between two pictures. */
const usually = 2;

export function registerStatus(program: Command, context: Context): void {
  program
    .command('status')
    .argument('[pair]', 'the pair; all pairs when it is left out')
    .description('show the servers, how replication runs, how old the last backup and proof are')
    .addOption(
      new Option('--watch [seconds]', `look again and again (default: every ${usually} s)`),
    )
    .action(async (named: string | undefined, flags: StatusFlags, command: Command) => {
      const { every, pair } = watching(flags.watch, named);
      const { statusOf } = await import('../../status.js');
      const config = await configOf(command);
      const names = pairNames(config, pair);
      if (every !== null) {
        const { watchStatus } = await import('../../watchStatus.js');
        await show(watchStatus(config, names, { every, signal: context.signal }), context, every);
        return;
      }
      const { statusText } = await import('../output/status.js');
      const found = await Promise.all(names.map((name) => statusOf(config, name)));
      context.terminal.document(found);
      const drawing = process.stdout.isTTY ? { width: widthOf(process.stdout) } : {};
      context.terminal.result(found.map((one) => statusText(one, drawing)).join('\n\n'));
    });
}

/** `status --watch shop` means the pair. */
function watching(
  watch: true | string | undefined,
  named: string | undefined,
): { every: number | null; pair: string | undefined } {
  if (watch === undefined) return { every: null, pair: named };
  if (watch === true) return { every: usually, pair: named };
  const every = parseDuration(watch);
  if (every === null && named === undefined) return { every: usually, pair: watch };
  if (every === null || every < 0.1)
    throw new InvalidArgumentError(`--watch takes a time like 5s, got "${watch}".`);
  return { every, pair: named };
}

/** On a terminal one picture over the other, else one after the other; with --json a line for each. */
async function show(
  looks: AsyncIterable<PairStatus[]>,
  { terminal }: Context,
  every: number,
): Promise<void> {
  const { statusText } = await import('../output/status.js');
  const { openScreen } = await import('../output/screen.js');
  const { timeText } = await import('../output/text.js');
  const { stdout } = process;
  let last: PairStatus[] = [];
  let at = new Date();
  const picture = () => {
    const drawing = stdout.isTTY ? { width: widthOf(stdout), now: at } : { now: at };
    const pairs = last.map((one) => statusText(one, drawing));
    return redact([timeText(at.toISOString()), ...pairs].join('\n\n'));
  };
  const draw = () => {
    if (last.length > 0) screen?.draw(picture(), `every ${every} s; Ctrl-C ends it`);
  };
  const screen = terminal.json || terminal.quiet ? null : openScreen(stdout, draw);
  try {
    for await (const found of looks) {
      last = found;
      at = new Date();
      if (screen) draw();
      else if (terminal.json) terminal.page(`${redact(JSON.stringify(found))}\n`);
      else terminal.result(`${picture()}\n`);
    }
  } finally {
    screen?.leave();
  }
}

function widthOf({ columns }: NodeJS.WriteStream): number {
  return Math.max(60, columns || 80);
}
