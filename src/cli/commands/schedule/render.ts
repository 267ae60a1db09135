import { Option, type Command } from 'commander';
import { realpathSync } from 'node:fs';
import type { Place } from '../../../schedule/render/place.js';
import { systemClock } from '../../../util/clock.js';
import { ask } from '../../ask.js';
import { configFileOf, type Context, type GlobalOptions } from '../../context.js';
import type { RenderFlags } from './renderTo.js';

export function registerScheduleRender(schedule: Command, { terminal }: Context): void {
  schedule
    .command('render')
    .argument('[schedule...]', 'the schedules; all that have a time when left out')
    .description('print schedules for the scheduler you have, or install them there')
    .addOption(
      new Option('--to <scheduler>', 'what starts them')
        .choices(['crontab', 'systemd', 'kubernetes'])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--install', 'write them into your crontab, or as units').conflicts('uninstall'),
    )
    .option('--uninstall', 'take them out again')
    .option('--dry-run', 'with both: only say what would change')
    .option('--user <account>', 'systemd: the account it runs as', 'stillpoint')
    .option('--image <image>', 'kubernetes: the image with stillpoint in it')
    .option('--namespace <name>', 'kubernetes: the namespace', 'stillpoint')
    .action(async (names: string[], flags: RenderFlags, command: Command) => {
      const { loadSchedules, timedSchedules } = await import('../../../schedule/load.js');
      const { changeOf, textOf } = await import('./renderTo.js');
      const { config, file } = await configFileOf(command);
      const place: Place = {
        config,
        configFile: file,
        program: [process.execPath, realpathSync(process.argv[1] ?? '')],
        schedules: timedSchedules(await loadSchedules(config), names),
        now: systemClock.now(),
      };
      if (!flags.install && !flags.uninstall) {
        terminal.page(textOf(place, flags));
        return;
      }
      const change = await changeOf(place, flags, names);
      const { yes = false } = command.optsWithGlobals<GlobalOptions>();
      if (flags.dryRun !== true && change.lines.length > 0) {
        await ask(change.lines.join(', '), yes);
        await change.apply();
      }
      terminal.document({ changed: change.lines, dryRun: flags.dryRun ?? false });
      const done = flags.dryRun ? 'would ' : 'done: ';
      terminal.result(
        change.lines.length === 0
          ? 'nothing to do: all is as it should be'
          : change.lines.map((line) => done + line).join('\n'),
      );
    });
}
