import type { Command } from 'commander';
import type { Context } from '../context.js';
import { registerScheduleDaemon } from './schedule/daemon.js';
import { registerScheduleList } from './schedule/list.js';
import { registerScheduleRender } from './schedule/render.js';
import { registerScheduleRun } from './schedule/run.js';

export function registerSchedule(program: Command, context: Context): void {
  const schedule = program
    .command('schedule')
    .description('what runs when: list it, run it, hand it to cron, systemd or Kubernetes');
  registerScheduleList(schedule, context);
  registerScheduleRun(schedule, context);
  registerScheduleRender(schedule, context);
  registerScheduleDaemon(schedule, context);
}
