import type { Command } from 'commander';
import { allPairs, resolvePair } from '../../config/choose.js';
import { onPairs } from '../allPairs.js';
import { configOf, tellingOf, type Context, type Telling } from '../context.js';
import { allOption, atOnceOption, replicaOption, type AllFlags } from '../options.js';

interface BackupFlags extends AllFlags {
  label?: string;
  replica?: string;
}

export function registerBackup(program: Command, context: Context): void {
  const { terminal, signal } = context;
  program
    .command('backup')
    .argument('[pair]', 'the pair; may be left out when there is one')
    .description('pause the replica, dump it to the store, resume it')
    .option('-l, --label <label>', 'a word to find the backup by')
    .addOption(replicaOption('of several replicas the one to pause'))
    .addOption(allOption('replica'))
    .addOption(atOnceOption())
    .action(async (pair: string | undefined, flags: BackupFlags, command: Command) => {
      const { backup } = await import('../../backup.js');
      const { told } = await import('../../told.js');
      const { recordText } = await import('../output/record.js');
      const { secondsText } = await import('../output/text.js');
      const config = await configOf(command);
      const { label, replica } = flags;
      const options = {
        ...(label === undefined ? {} : { label }),
        ...(replica === undefined ? {} : { replica }),
      };
      const take = async (name: string, telling: Telling) =>
        await told(config, { action: 'backup', pair: name, ...telling }, (observe) =>
          backup(config, { pair: name, ...options, signal, observe }),
        );
      if (flags.all) {
        await onPairs(context, allPairs(config, pair), {
          atOnce: flags.atOnce,
          work: async (name, lines) => {
            const record = await take(name, tellingOf(context, { name, lines }));
            for (const warning of record.warnings) terminal.warning(`${name}: ${warning}`);
            return record;
          },
          done: 'committed',
          columns: { id: ({ id }) => id, paused: (record) => secondsText(record.pauseSeconds) },
        });
        return;
      }
      const { name } = resolvePair(config, pair, 'Name one of them, or back up all with --all.');
      const record = await take(name, tellingOf(context));
      terminal.clear();
      terminal.document(record);
      terminal.result(`backup ${record.id} is committed\n${recordText(record)}`);
      for (const warning of record.warnings) terminal.warning(warning);
    });
}
