import { DateTime } from 'luxon';
import { mayFreeze, pairsOf, timingOf, type Schedule } from '../schedule.js';
import { changeText, clockChanges, nextRuns, type Timing } from '../times.js';
import { resumeLine, runLine, type Place } from './place.js';
import { shellWord } from '../../util/shell.js';

/** The lines around ours. What is between them is ours to change, and nothing else. */
export const begin = '# BEGIN stillpoint: made by `stillpoint schedule render`, do not edit';
export const end = '# END stillpoint';

// Cron's own PATH has neither /usr/local nor the folder of mysqld.
const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Our block of a user's crontab. Cron reads times in the zone of the machine (`cronZone`) and few crons
 * know another: a schedule of another zone is asked for at every time of the machine's day it may fall
 * on, and `--if-due` starts it when it is due in its own.
 */
export function crontabBlock(place: Place, cronZone: string): string {
  const lines = place.schedules.flatMap((schedule) => linesOf(place, schedule, cronZone));
  const frozen = new Set(
    place.schedules
      .filter(mayFreeze)
      .flatMap((schedule) => pairsOf(schedule, Object.keys(place.config.pairs))),
  );
  const resumes = [...frozen].map((pair) => `@reboot ${shellLine(resumeLine(place, pair))}`);
  const after = resumes.length === 0 ? [] : ['# after a crash in the middle of a run', ...resumes];
  return [begin, ...lines, ...after, end, ''].join('\n');
}

function linesOf(place: Place, schedule: Schedule, cronZone: string): string[] {
  const timing = timingOf(schedule);
  if (timing === null) return [];
  const { cron, zone } = timing;
  if (sameClock(zone, cronZone, place.now)) {
    const changes = clockChanges(timing, place.now).map(
      (change) => `#   ${changeText(change)}, if this cron is Debian's`,
    );
    return [`# ${schedule.name}: ${zone}`, ...changes, line(cron, runLine(place, schedule.name))];
  }
  const times = timesIn(timing, cronZone, place.now);
  return [
    `# ${schedule.name}: ${cron} in ${zone}; cron here runs in ${cronZone}, so it is asked whenever that may be`,
    ...times.map((time) => line(time, runLine(place, schedule.name, '--if-due'))),
  ];
}

function line(cron: string, argv: readonly string[]): string {
  return `${cron} ${shellLine(argv)}`;
}

/** Whether two zones show the same time for the next two years. */
function sameClock(one: string, other: string, from: Date): boolean {
  if (one === other) return true;
  const start = DateTime.fromJSDate(from);
  for (let day = 0; day < 731; day++) {
    const at = start.plus({ days: day });
    if (at.setZone(one).offset !== at.setZone(other).offset) return false;
  }
  return true;
}

/** The times of day in `zone` that the runs of the next two years fall on, as lines of cron. */
function timesIn(timing: Timing, zone: string, from: Date): string[] {
  const hoursOf = new Map<number, Set<number>>();
  const until = from.getTime() + 731 * 86_400_000;
  let at = from;
  for (;;) {
    const runs = nextRuns(timing, at, 200);
    for (const run of runs) {
      const { hour, minute } = DateTime.fromJSDate(run, { zone });
      hoursOf.set(minute, (hoursOf.get(minute) ?? new Set()).add(hour));
    }
    const last = runs.at(-1);
    if (last === undefined || last.getTime() > until) break;
    // What runs many times a day has shown all it has within the weeks around each change.
    at =
      runs.length === 200 && last.getTime() - at.getTime() < 20 * 86_400_000
        ? new Date(Math.max(last.getTime(), at.getTime() + 3 * 86_400_000))
        : last;
  }
  return [...hoursOf]
    .sort(([a], [b]) => a - b)
    .map(([minute, hours]) => {
      const list = hours.size === 24 ? '*' : [...hours].sort((a, b) => a - b).join(',');
      return `${minute} ${list} * * *`;
    });
}

/** For /bin/sh as cron calls it; a bare % would end the line there. */
function shellLine(argv: readonly string[]): string {
  return `${path} ${argv.map(shellWord).join(' ')}`.replaceAll('%', '\\%');
}

/**
 * A crontab with `block` in place of ours, or at its end; null takes ours out. What others wrote stays
 * byte for byte.
 */
export function withBlock(crontab: string, block: string | null): string {
  const from = crontab.search(new RegExp(`^${escaped(begin)}$`, 'm'));
  const to = from < 0 ? -1 : crontab.indexOf(`\n${end}`, from);
  if (from >= 0 && to >= 0) {
    const rest = crontab.slice(to + 1 + end.length).replace(/^\n/, '');
    return crontab.slice(0, from) + (block ?? '') + rest;
  }
  if (block === null) return crontab;
  const gap = crontab === '' || crontab.endsWith('\n') ? '' : '\n';
  return crontab + gap + block;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
