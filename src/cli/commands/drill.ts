import { Option, type Command } from 'commander';
import type { DrillRecord } from '../../catalog/drillRecord.js';
import { drillBackup } from '../../drillBackup.js';
import { exitStatus } from '../../errors.js';
import { makeReport } from '../../makeReport.js';
import { writeAtomic } from '../../util/atomicFile.js';
import { configOf, type Context } from '../context.js';
import { checksText } from '../output/findings.js';
import { bytesText, fieldsText, secondsText, timeText } from '../output/text.js';

interface DrillFlags {
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
    .addOption(new Option('--parallel <n>', 'clients at once').argParser(Number))
    .option(
      '--report <file>',
      'write the page of this drill too, as `stillpoint report --drill` does',
    )
    .action(async (backup: string, flags: DrillFlags, command: Command) => {
      const { identity, report, ...rest } = flags;
      const config = await configOf(command);
      const record = await drillBackup(config, {
        backup,
        ...rest,
        ...(identity === undefined ? {} : { identityFile: identity }),
        signal,
        observe: terminal.observe,
      });
      terminal.clear();
      if (report !== undefined) {
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

/** A drill's record as lines for people. */
export function drillText(record: DrillRecord): string {
  const { seconds, bytes } = record;
  const head =
    record.status === 'passed'
      ? `backup ${record.backup} is proven in ${secondsText(seconds.total)}`
      : `backup ${record.backup} is not proven`;
  const times = [
    `download ${secondsText(seconds.download)}`,
    `restore ${secondsText(seconds.restore)}`,
    `checks ${secondsText(seconds.checks)}`,
    ...(seconds.catchUp === null ? [] : [`catch-up ${secondsText(seconds.catchUp)}`]),
  ];
  const fields = fieldsText([
    ['drill', record.id],
    ['pair', record.pair],
    ['data of', timeText(record.backupAt)],
    ['into', record.into === 'sandbox' ? `a sandbox, ${record.version}` : record.into],
    ['size', `${bytesText(bytes.plain)} of SQL, ${bytesText(bytes.stored)} stored`],
    ['took', times.join(', ')],
  ]);
  return `${head}\n${fields}\n\n${checksText(record.checks)}`;
}
