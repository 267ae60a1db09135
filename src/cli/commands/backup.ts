import type { Command } from 'commander';
import { configOf, type Context } from '../context.js';

interface BackupFlags {
  label?: string;
}

export function registerBackup(program: Command, context: Context): void {
  program
    .command('backup')
    .argument('[pair]', 'the pair; may be left out when there is one')
    .description('pause the replica, dump it to the store, resume it')
    .option('-l, --label <label>', 'a word to find the backup by')
    .action(async (pair: string | undefined, flags: BackupFlags, command: Command) => {
      const { backup } = await import('../../backup.js');
      const { recordText } = await import('../output/record.js');
      const { terminal, signal } = context;
      const record = await backup(await configOf(command), {
        ...(pair === undefined ? {} : { pair }),
        ...(flags.label === undefined ? {} : { label: flags.label }),
        signal,
        observe: terminal.observe,
      });
      terminal.clear();
      terminal.document(record);
      terminal.result(`backup ${record.id} is committed\n${recordText(record)}`);
      for (const warning of record.warnings) terminal.note(`warning: ${warning}`);
    });
}
