import { Option, type Command } from 'commander';
import { realpathSync } from 'node:fs';
import { StillpointError } from '../../../errors.js';
import { loadSchedules, timedSchedules } from '../../../schedule/load.js';
import { crontabBlock } from '../../../schedule/render/crontab.js';
import {
  crontabChange,
  unitsChange,
  unitsRemoval,
  type Change,
} from '../../../schedule/render/install.js';
import { kubernetesManifests } from '../../../schedule/render/kubernetes.js';
import type { Place } from '../../../schedule/render/place.js';
import { systemdUnits } from '../../../schedule/render/systemd.js';
import { systemClock } from '../../../util/clock.js';
import { ask } from '../../ask.js';
import { configFileOf, type Context, type GlobalOptions } from '../../context.js';

interface Flags {
  to: 'crontab' | 'systemd' | 'kubernetes';
  install?: boolean;
  uninstall?: boolean;
  dryRun?: boolean;
  user: string;
  image?: string;
  namespace: string;
}

export function registerScheduleRender(schedule: Command, { terminal }: Context): void {
  schedule
    .command('render')
    .argument('[names...]', 'the schedules; all that have a time when left out')
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
    .action(async (names: string[], flags: Flags, command: Command) => {
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

function textOf(place: Place, flags: Flags): string {
  if (flags.to === 'crontab') return crontabBlock(place, machineZone());
  if (flags.to === 'systemd')
    return systemdUnits(place, flags.user)
      .map(({ name, text }) => `# /etc/systemd/system/${name}\n${text}`)
      .join('\n');
  if (flags.image !== undefined)
    return kubernetesManifests(place, { image: flags.image, namespace: flags.namespace });
  throw new StillpointError('usage', 'which image? there is no public one', {
    hint: 'Build one as docs/schedules.md shows, and name it with --image.',
  });
}

async function changeOf(place: Place, flags: Flags, names: readonly string[]): Promise<Change> {
  const { to, uninstall } = flags;
  if (to === 'crontab')
    return await crontabChange(uninstall ? null : crontabBlock(place, machineZone()));
  if (to === 'systemd')
    return uninstall
      ? await unitsRemoval(names)
      : await unitsChange(systemdUnits(place, flags.user));
  throw new StillpointError('usage', 'a cluster is not installed to from here', {
    hint: 'Print the manifests and give them to `kubectl apply -f -`.',
  });
}

/** The zone that the machine's cron reads times in. */
function machineZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
