import { Option, type Command } from 'commander';
import { allPairs } from '../../config/choose.js';
import { exitStatus, StillpointError } from '../../errors.js';
import { onPairs } from '../allPairs.js';
import { configOf, tellingOf, type Context, type Telling } from '../context.js';
import { allOption, atOnceOption, count, type AllFlags } from '../options.js';

interface DrillFlags extends AllFlags {
  pair?: string;
  to?: string;
  catchUp?: boolean;
  identity?: string;
  parallel?: number;
  report?: string;
}

export function registerDrill(program: Command, context: Context): void {
  const { terminal, signal } = context;
  program
    .command('drill')
    .argument('[backup]', 'its id, a label, or latest', 'latest')
    .description('prove a backup: restore it into a throwaway server and compare')
    .option('--pair <pair>', 'the pair the backup is of')
    .option('--to <target>', 'restore into this empty target, in place of a throwaway server')
    .option('--catch-up', 'also follow the source from the recorded coordinates')
    .option('--no-catch-up', 'do not, even if the configuration says so')
    .option('--identity <file>', 'the age key of an encrypted backup')
    .addOption(new Option('--parallel <n>', 'clients at once').argParser(count))
    .option(
      '--report <file>',
      'write the page of this drill too, as `stillpoint report --drill` does',
    )
    .addOption(allOption('pair', 'to', 'report'))
    .addOption(atOnceOption())
    .action(async (backup: string, flags: DrillFlags, command: Command) => {
      const { drillBackup } = await import('../../drillBackup.js');
      const { told } = await import('../../told.js');
      const { drillText } = await import('../output/drill.js');
      const { secondsText } = await import('../output/text.js');
      const { identity, report, all: isAll, atOnce, ...rest } = flags;
      const config = await configOf(command);
      const options = {
        backup,
        ...rest,
        ...(identity === undefined ? {} : { identityFile: identity }),
        signal,
      };
      const take = async (pair: string | undefined, telling: Telling) => {
        const named = pair === undefined ? {} : { pair };
        return await told(config, { action: 'drill', ...named, ...telling }, (observe) =>
          drillBackup(config, { ...options, ...named, observe }),
        );
      };
      if (isAll) {
        await onPairs(context, allPairs(config), {
          atOnce,
          work: async (name, lines) => await take(name, tellingOf(context, { name, lines })),
          done: 'passed',
          columns: {
            id: ({ id }) => id,
            backup: (record) => record.backup,
            paused: ({ catchUp }) => (catchUp ? secondsText(catchUp.pauseSeconds) : '-'),
          },
          failure: ({ status, reason, pair, id }) =>
            status === 'passed'
              ? null
              : new StillpointError('verification', reason ?? '', {
                  hint: `\`stillpoint report ${pair} --drill ${id}\` shows every check.`,
                }),
        });
        return;
      }
      const record = await take(flags.pair, tellingOf(context));
      terminal.clear();
      if (report !== undefined) {
        const { makeReport } = await import('../../makeReport.js');
        const { writeAtomic } = await import('../../util/atomicFile.js');
        const { html } = await makeReport(config, { pair: record.pair, drill: record.id });
        await writeAtomic(report, html, 'others');
      }
      terminal.document(record);
      if (record.status === 'passed') {
        terminal.result(drillText(record));
        return;
      }
      context.exitWith(exitStatus.verification);
      if (terminal.json) return;
      terminal.result(drillText(record));
      terminal.error(`drill ${record.id} failed: ${record.reason ?? ''}`);
    });
}
