import type { Command } from 'commander';
import { pairNames } from '../../config/choose.js';
import type { Finding } from '../../doctor.js';
import { exitStatus } from '../../errors.js';
import { configOf, type Context } from '../context.js';
import { replicaOption } from '../options.js';

interface DoctorFlags {
  replica?: string;
}

export function registerDoctor(program: Command, context: Context): void {
  program
    .command('doctor')
    .argument('[pair]', 'the pair; all pairs when it is left out')
    .description(
      'check servers, grants, settings, tools, the store and who is told; change nothing',
    )
    .addOption(replicaOption('of several replicas only this one'))
    .action(async (pair: string | undefined, flags: DoctorFlags, command: Command) => {
      const { doctor } = await import('../../doctor.js');
      const { findingsText } = await import('../output/findings.js');
      const config = await configOf(command);
      const reports: { pair: string; findings: Finding[] }[] = [];
      for (const name of pairNames(config, pair))
        reports.push({ pair: name, findings: await doctor(config, name, flags) });
      const failed = reports.some(({ findings }) =>
        findings.some(({ status }) => status === 'fail'),
      );
      context.terminal.document(reports);
      context.terminal.result(
        reports
          .map(({ pair: name, findings }) => `${name}\n${findingsText(findings)}`)
          .join('\n\n'),
      );
      if (failed) context.exitWith(exitStatus.failed);
    });
}
