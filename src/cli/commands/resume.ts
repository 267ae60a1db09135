import type { Command } from 'commander';
import { resolvePair } from '../../config/choose.js';
import { replicaTitle } from '../../config/replicas.js';
import { StillpointError } from '../../errors.js';
import type { ResumeResult } from '../../resume.js';
import { configOf, type Context } from '../context.js';

export function registerResume(program: Command, context: Context): void {
  const { terminal } = context;
  program
    .command('resume')
    .argument('[pair]', 'the pair; may be left out when there is one')
    .description('end a freeze that a dead run left, and remove what it stored')
    .option(
      '--if-frozen',
      'do nothing, not even connect, unless the journal holds a run; leave one that is going on',
    )
    .action(async (pair: string | undefined, flags: { ifFrozen?: boolean }, command: Command) => {
      const { lastEntry } = await import('../../freeze/journal.js');
      const { resume } = await import('../../resume.js');
      const config = await configOf(command);
      const { name } = resolvePair(config, pair);
      const idle = flags.ifFrozen && (await lastEntry(config.stateDir, name)) === null;
      const nothing: ResumeResult = {
        ...{ pair: name, status: 'nothing', channels: [], replicas: [], warnings: [] },
      };
      const result = idle
        ? nothing
        : await resume(config, name).catch((error: unknown) => {
            // A run that is going on is no dead one, and a timer should not cry about it.
            const isLocked = error instanceof StillpointError && error.code === 'locked';
            if (isLocked && flags.ifFrozen) return nothing;
            throw error;
          });
      terminal.document(result);
      for (const warning of result.warnings) terminal.warning(warning);
      terminal.result(
        result.status === 'resumed'
          ? resumedText(result.channels, titleOf(name, result.replicas))
          : `nothing to resume for ${name}: the journal holds no freeze`,
      );
    });
}

/** `replica of shop`, `replica east of shop`, `replicas east, west of shop`. */
function titleOf(pair: string, replicas: readonly string[]): string {
  if (replicas.length > 1) return `replicas ${replicas.join(', ')} of ${pair}`;
  return replicaTitle(pair, replicas[0] ?? null);
}

/** A run that died before it stopped a channel had only taken the node out of writing. */
function resumedText(channels: readonly string[], who: string): string {
  return channels.length > 0
    ? `the SQL thread of the ${who} runs again`
    : `the ${who} takes writes again`;
}
