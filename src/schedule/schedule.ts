import type { ScheduleFile } from './schema.js';
import type { Timing } from './times.js';

/** What runs when: one file of schedules/. */
export type Schedule = ScheduleFile & {
  /** The name of its file without .yaml. */
  name: string;
  /** Where it was read from. */
  file: string;
  /** Whether it came with stillpoint; else it is the user's own. */
  shipped: boolean;
};

/** When it runs; null for one that is run by hand. */
export function timingOf({ cron, zone }: Schedule): Timing | null {
  return cron === undefined ? null : { cron, zone };
}

/** The pairs it is about, of those of the configuration. */
export function pairsOf({ pair }: Schedule, pairs: readonly string[]): readonly string[] {
  return pair === 'all' ? pairs : [pair];
}

/** Whether a run of it may pause a replica, which a dead run would leave to `resume`. */
export function mayFreeze({ action }: Schedule): boolean {
  return action === 'backup' || action === 'snapshot' || action === 'drill';
}

/** Our own command line for one run of a schedule on one pair: `backup shop --label nightly`. */
export function argvOf(schedule: Schedule, pair: string): string[] {
  const { name } = schedule;
  const forPair = (path: string) => path.replaceAll('{pair}', encodeURIComponent(pair));
  switch (schedule.action) {
    case 'backup':
      return ['backup', pair, '--label', schedule.options.label ?? name];
    case 'snapshot': {
      const { label = name, keep, wait } = schedule.options;
      return [
        'snapshot',
        label,
        '--pair',
        pair,
        ...given('--keep', keep),
        ...given('--wait', wait),
      ];
    }
    case 'drill': {
      const { backup, catchUp, target, parallel, report } = schedule.options;
      const follow = catchUp === undefined ? [] : [catchUp ? '--catch-up' : '--no-catch-up'];
      return [
        ...['drill', backup, '--pair', pair, ...follow],
        ...given('--to', target),
        ...given('--parallel', parallel),
        ...given('--report', report === undefined ? undefined : forPair(report)),
      ];
    }
    case 'prune':
      // Nobody is there to be asked.
      return ['prune', pair, '--yes'];
    case 'report':
      return ['report', pair, '--output', forPair(schedule.options.output)];
  }
}

function given(flag: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [flag, String(value)];
}
