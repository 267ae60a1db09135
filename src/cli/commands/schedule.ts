import type { Command } from 'commander';
import type { Context } from '../context.js';
import { registerScheduleList } from './schedule/list.js';
import { registerScheduleRun } from './schedule/run.js';

export function registerSchedule(program: Command, context: Context): void {
  const schedule = program
    .command('schedule')
    .description('what runs when: list it, run it, hand it to cron, systemd or Kubernetes');
  registerScheduleList(schedule, context);
  registerScheduleRun(schedule, context);
}
