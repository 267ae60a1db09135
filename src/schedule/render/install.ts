import { execa } from 'execa';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf, StillpointError } from '../../errors.js';
import { writeAtomic } from '../../util/atomicFile.js';
import { withBlock } from './crontab.js';
import { unitMark, type Unit } from './systemd.js';

/** What an installation would change, in words, and how to do it. */
export interface Change {
  /** One line each; none when all is as it should be. */
  lines: string[];
  apply(): Promise<void>;
}

/** Puts our block into the crontab of this user, or takes it out (null). */
export async function crontabChange(block: string | null): Promise<Change> {
  const before = await readCrontab();
  const after = withBlock(before, block);
  const what =
    block === null ? 'take the lines of stillpoint out of' : 'write the lines of stillpoint into';
  return {
    lines: before === after ? [] : [`${what} the crontab of this user`],
    apply: async () => {
      await execa('crontab', ['-'], { input: after }).catch((cause: unknown) => {
        throw new StillpointError('failed', `crontab refused it: ${reasonOf(cause)}`, { cause });
      });
    },
  };
}

async function readCrontab(): Promise<string> {
  const { exitCode, stdout, stderr, failed } = await execa('crontab', ['-l'], {
    reject: false,
    stripFinalNewline: false,
    env: { LC_ALL: 'C' },
  });
  if (!failed) return stdout;
  if (exitCode === 1 && /no crontab/i.test(stderr)) return '';
  throw new StillpointError(
    'failed',
    `cannot read the crontab: ${stderr.trim() || 'no crontab program'}`,
    {
      hint: 'Install cron, or print the lines without --install and put them where they belong.',
    },
  );
}

/** Where an administrator's units lie. */
export const unitFolder = '/etc/systemd/system';

/** Writes these units and starts their timers. Refuses a unit of that name that is not ours. */
export async function unitsChange(units: readonly Unit[], folder = unitFolder): Promise<Change> {
  const changed: Unit[] = [];
  for (const unit of units) {
    const there = await readIfThere(join(folder, unit.name));
    if (there !== null && !there.startsWith(unitMark))
      throw new StillpointError(
        'refused',
        `${join(folder, unit.name)} is not ours: it stays as it is`,
        {
          hint: 'Rename the schedule, or move that unit away.',
        },
      );
    if (there !== unit.text) changed.push(unit);
  }
  return {
    lines: changed.map(({ name }) => `write ${join(folder, name)}`),
    async apply() {
      for (const { name, text } of changed) await writeAtomic(join(folder, name), text, 'others');
      await systemctl('daemon-reload');
      for (const { name } of units)
        if (name.endsWith('.timer')) await systemctl('enable', '--now', name);
    },
  };
}

/** Stops and removes our units: those of these schedules, or all when none is named. */
export async function unitsRemoval(names: readonly string[], folder = unitFolder): Promise<Change> {
  const ours: string[] = [];
  for (const name of (await readdir(folder).catch(() => [])).sort()) {
    const [, schedule] = /^stillpoint-(.+)\.(?:service|timer)$/.exec(name) ?? [];
    if (schedule === undefined || (names.length > 0 && !names.includes(schedule))) continue;
    if ((await readIfThere(join(folder, name)))?.startsWith(unitMark)) ours.push(name);
  }
  return {
    lines: ours.map((name) => `remove ${join(folder, name)}`),
    async apply() {
      for (const name of ours)
        if (name.endsWith('.timer')) await systemctl('disable', '--now', name);
      for (const name of ours) await rm(join(folder, name));
      await systemctl('daemon-reload');
    },
  };
}

async function systemctl(...args: string[]): Promise<void> {
  await execa('systemctl', args, { stdin: 'ignore' }).catch((cause: unknown) => {
    const hint = 'The unit files are written; see `systemctl status`.';
    throw new StillpointError('failed', `systemctl ${args.join(' ')}: ${reasonOf(cause)}`, {
      hint,
      cause,
    });
  });
}

async function readIfThere(path: string): Promise<string | null> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
}
