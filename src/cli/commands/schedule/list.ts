import type { Command } from 'commander';
import { systemClock } from '../../../util/clock.js';
import { configOf, type Context } from '../../context.js';
import type { ListedSchedule } from '../../output/schedules.js';

export function registerScheduleList(schedule: Command, { terminal }: Context): void {
  schedule
    .command('list')
    .description('list the schedules: when they run next, and how they last ended')
    .action(async (_flags: unknown, command: Command) => {
      const { loadSchedules } = await import('../../../schedule/load.js');
      const { openRecords } = await import('../../../schedule/records.js');
      const { timingOf } = await import('../../../schedule/schedule.js');
      const { clockChanges, nextRuns } = await import('../../../schedule/times.js');
      const { scheduleDocument, scheduleText } = await import('../../output/schedules.js');
      const config = await configOf(command);
      const now = systemClock.now();
      const listed: ListedSchedule[] = [];
      for (const one of (await loadSchedules(config)).values()) {
        const timing = one.enabled ? timingOf(one) : null;
        const { runs } = await openRecords(config.stateDir, one.name).read();
        listed.push({
          schedule: one,
          next: timing === null ? [] : nextRuns(timing, now, 3),
          changes: timing === null ? [] : clockChanges(timing, now),
          last: runs.at(-1) ?? null,
        });
      }
      terminal.document(listed.map(scheduleDocument));
      terminal.result(listed.map((one) => scheduleText(one, now)).join('\n\n'));
    });
}
