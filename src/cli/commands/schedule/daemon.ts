import type { Command } from 'commander';
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { StillpointError } from '../../../errors.js';
import type { Running } from '../../../schedule/daemon.js';
import { systemClock } from '../../../util/clock.js';
import { configFileOf, type Context } from '../../context.js';

export function registerScheduleDaemon(schedule: Command, { terminal, signal }: Context): void {
  schedule
    .command('daemon')
    .argument('[schedule...]', 'the schedules; all that have a time when left out')
    .description('start what is due, until it is told to end; for where there is no scheduler')
    .action(async (names: string[], _flags: unknown, command: Command) => {
      const { settleRuns } = await import('../../../killedRuns.js');
      const { runDaemon } = await import('../../../schedule/daemon.js');
      const { loadSchedules, timedSchedules } = await import('../../../schedule/load.js');
      const { openRecords } = await import('../../../schedule/records.js');
      const { config, file } = await configFileOf(command);
      const schedules = timedSchedules(await loadSchedules(config), names);
      if (schedules.length === 0)
        throw new StillpointError('usage', 'there is no schedule to run', {
          hint: '`stillpoint schedule list` shows them.',
        });
      await runDaemon({
        schedules,
        records: (name) => openRecords(config.stateDir, name),
        clock: systemClock,
        start: (name) => startRun(file, name),
        settle: async (schedule) =>
          await settleRuns(config, schedule, {
            clock: systemClock,
            warn: (line) => terminal.warning(line),
          }),
        sleep: async (ms, ending) => {
          await sleep(ms, undefined, { signal: ending }).catch(() => undefined);
        },
        say: (line) => terminal.note(line),
        ready: async () => {
          terminal.note(`watching ${schedules.map(({ name }) => name).join(', ')}`);
          await tellSystemd();
        },
        signal,
      });
    });
}

/** Runs a schedule in a process group of its own: a Ctrl-C is ours to pass on, once. */
function startRun(configFile: string, name: string): Running {
  const script = process.argv[1] ?? '';
  const child = spawn(
    process.execPath,
    [script, '-c', configFile, 'schedule', 'run', name, '--quiet'],
    { stdio: ['ignore', 'inherit', 'inherit'], detached: true },
  );
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (status, ending) =>
      resolve(status ?? 128 + (ending === null ? 0 : constants.signals[ending])),
    );
  });
  return { ended, end: () => child.kill('SIGTERM') };
}

/**
 * Tells systemd that all is read (Type=notify). Its socket takes datagrams, which Node cannot send, so
 * its own program does; hence NotifyAccess=all in the unit. Where there is none nobody waits for it.
 */
async function tellSystemd(): Promise<void> {
  const { NOTIFY_SOCKET } = process.env;
  if (NOTIFY_SOCKET === undefined) return;
  const { execa } = await import('execa');
  await execa('systemd-notify', ['--ready', `--pid=${process.pid}`], { stdin: 'ignore' }).catch(
    (cause: unknown) => {
      throw new StillpointError('failed', 'cannot tell systemd that it is ready', {
        hint: 'Install systemd-notify, or set Type=exec in the unit.',
        cause,
      });
    },
  );
}
