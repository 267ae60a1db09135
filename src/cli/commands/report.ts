import type { Command } from 'commander';
import { resolve } from 'node:path';
import { StillpointError } from '../../errors.js';
import { configOf, type Context } from '../context.js';

interface Flags {
  drill?: string;
  output?: string;
}

export function registerReport(program: Command, context: Context): void {
  const { terminal } = context;
  program
    .command('report')
    .argument('[pair]', 'the pair; may be left out when there is one')
    .description('make an HTML page of the backups and drills of a pair, or of one drill')
    .option('--drill <drill>', 'its id, or latest: the page of this drill')
    .option('-o, --output <file>', 'where to write it; - is stdout')
    .action(async (pair: string | undefined, flags: Flags, command: Command) => {
      const toStdout = flags.output === '-';
      if (toStdout && terminal.json) {
        throw new StillpointError('usage', 'the page and --json both want stdout', {
          hint: 'Name a file: -o FILE.',
        });
      }
      const { makeReport } = await import('../../makeReport.js');
      const { writeAtomic } = await import('../../util/atomicFile.js');
      const damaged: string[] = [];
      const report = await makeReport(await configOf(command), {
        ...(pair === undefined ? {} : { pair }),
        ...(flags.drill === undefined ? {} : { drill: flags.drill }),
        onDamaged: (line) => damaged.push(line),
      });
      if (toStdout) {
        terminal.page(report.html);
      } else {
        const file = resolve(flags.output ?? report.fileName);
        await writeAtomic(file, report.html, 'others');
        const { backups, drills } = report;
        terminal.document({ pair: report.pair, drill: report.drill, file, backups, drills });
        terminal.result(file);
      }
      for (const line of damaged) terminal.error(`warning: ${line}`);
    });
}
