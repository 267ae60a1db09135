import type { Command } from 'commander';
import { StillpointError } from '../../../errors.js';
import type { ScheduleEnd } from '../../../schedule/run.js';
import type { Schedule } from '../../../schedule/schedule.js';
import { systemClock } from '../../../util/clock.js';
import { configFileOf, type Context, type GlobalOptions } from '../../context.js';

/** How late cron may ask and still mean this time. */
const dueWithinMs = 10 * 60_000;

export function registerScheduleRun(schedule: Command, context: Context): void {
  const { terminal, signal } = context;
  schedule
    .command('run')
    .argument('<schedule>', 'the schedule')
    .description('run one schedule now, and keep a record of how it ended')
    .option('--if-due', 'do nothing unless one of its times was within the last 10 minutes')
    .action(async (name: string, flags: { ifDue?: boolean }, command: Command) => {
      const { tellKilled } = await import('../../../killedRuns.js');
      const { loadSchedules, scheduleOf } = await import('../../../schedule/load.js');
      const { withRunLock } = await import('../../../schedule/lock.js');
      const { openRecords } = await import('../../../schedule/records.js');
      const { runSchedule } = await import('../../../schedule/run.js');
      const { pairsOf } = await import('../../../schedule/schedule.js');
      const { config, file } = await configFileOf(command);
      const chosen = scheduleOf(await loadSchedules(config), name);
      if (flags.ifDue && !(await isDue(chosen, systemClock.now()))) return;
      const given = command.optsWithGlobals<GlobalOptions>();
      const options = [
        ...['--config', file],
        // With --json the document is ours: of the schedule, with all its pairs.
        ...(given.quiet || given.json ? ['--quiet'] : []),
        ...(given.verbose ? ['--verbose'] : []),
      ];
      const records = openRecords(config.stateDir, name);
      const telling = { clock: systemClock, warn: (line: string) => terminal.warning(line) };
      const run = async () => {
        const killed = await records.markKilled();
        if (killed) await tellKilled(config, chosen, killed, telling);
        return await runSchedule(chosen, {
          pairs: pairsOf(chosen, Object.keys(config.pairs)),
          run: async (argv) => {
            const ended = await context.run([...options, ...argv]);
            terminal.configure(given);
            return ended;
          },
          records,
          clock: systemClock,
          signal,
        });
      };
      const lock = { stateDir: config.stateDir, schedule: name, clock: systemClock };
      const end = await withRunLock(lock, run).catch((error: unknown): ScheduleEnd => {
        if (!(error instanceof StillpointError && error.code === 'locked')) throw error;
        // As with a backup that finds another one: a timer should not cry about it.
        terminal.note(`left out: ${error.message}`);
        return { schedule: name, exit: error.exitStatus, error: error.message, pairs: [] };
      });
      terminal.document(end);
      context.exitWith(end.exit);
    });
}

async function isDue(schedule: Schedule, now: Date): Promise<boolean> {
  const { timingOf } = await import('../../../schedule/schedule.js');
  const { latestRun } = await import('../../../schedule/times.js');
  const timing = timingOf(schedule);
  const due = timing === null ? null : latestRun(timing, now);
  return due !== null && now.getTime() - due.getTime() < dueWithinMs;
}
