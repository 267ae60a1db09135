import type { Command } from 'commander';
import { resolvePair } from '../../config/choose.js';
import { doctor, type Finding } from '../../doctor.js';
import { exitStatus } from '../../errors.js';
import { configOf, type Context } from '../context.js';
import { findingsText } from '../output/findings.js';

export function registerDoctor(program: Command, context: Context): void {
  program
    .command('doctor')
    .argument('[pair]', 'the pair; all pairs when it is left out')
    .description('check servers, grants, settings, tools and the store; change nothing')
    .action(async (pair: string | undefined, _flags: unknown, command: Command) => {
      const config = await configOf(command);
      const names =
        pair === undefined ? Object.keys(config.pairs) : [resolvePair(config, pair).name];
      const reports: { pair: string; findings: Finding[] }[] = [];
      for (const name of names) reports.push({ pair: name, findings: await doctor(config, name) });
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
