import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { didYouMean } from '../config/nearest.js';
import type { Config } from '../config/schema.js';
import { parseYamlFile } from '../config/yamlFile.js';
import { reasonOf, StillpointError } from '../errors.js';
import type { Schedule } from './schedule.js';
import { scheduleSchema } from './schema.js';

/** The schedules that come with stillpoint. */
export const shippedDir = fileURLToPath(new URL('../../schedules/', import.meta.url));

// It becomes a file of the state directory, and a part of the names of units and CronJobs.
const legalName = /^[a-z0-9]([a-z0-9-]{0,29}[a-z0-9])?$/;

/**
 * All schedules by name, in the order of their names: those that are shipped, and the user's own of
 * `schedulesDir`, which win over shipped ones of the same name. Throws `config` when one is wrong.
 */
export async function loadSchedules(
  config: Pick<Config, 'pairs' | 'schedulesDir'>,
): Promise<Map<string, Schedule>> {
  const files = new Map<string, { file: string; shipped: boolean }>();
  for (const directory of [shippedDir, config.schedulesDir])
    for (const name of await namesIn(directory))
      files.set(name, { file: join(directory, `${name}.yaml`), shipped: directory === shippedDir });
  const schema = scheduleSchema(Object.keys(config.pairs));
  const found = new Map<string, Schedule>();
  for (const name of [...files.keys()].sort()) {
    const { file, shipped } = files.get(name) ?? { file: '', shipped: false };
    const read = parseYamlFile(await readFile(file, 'utf8'), {
      schema,
      shown: file,
      directory: dirname(file),
      hint: 'Every key is described in docs/schedules.md; `stillpoint schedule list` checks the files.',
    });
    found.set(name, { ...read, name, file, shipped });
  }
  return found;
}

async function namesIn(directory: string): Promise<string[]> {
  let entries: string[];
  try {
    entries = await readdir(directory);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new StillpointError('config', `cannot read ${directory}: ${reasonOf(cause)}`, { cause });
  }
  return entries
    .filter((entry) => /\.ya?ml$/.test(entry))
    .map((entry) => {
      const name = entry.replace(/\.yaml$/, '');
      if (legalName.test(name)) return name;
      throw new StillpointError(
        'config',
        `${join(directory, entry)}: this is no name of a schedule`,
        {
          hint: 'Call it by lower-case letters, digits and "-", at most 31 of them, and .yaml.',
        },
      );
    });
}

/** The schedule of that name. Throws `usage` when there is none. */
export function scheduleOf(schedules: ReadonlyMap<string, Schedule>, name: string): Schedule {
  const found = schedules.get(name);
  if (found !== undefined) return found;
  const names = [...schedules.keys()];
  throw new StillpointError('usage', `no schedule "${name}"${didYouMean(name, names)}`, {
    hint: `There are ${names.join(', ')}; \`stillpoint schedule list\` shows them.`,
  });
}

/** Those of these names, or all that are enabled and have a time. Throws `usage` for one that has none. */
export function timedSchedules(
  schedules: ReadonlyMap<string, Schedule>,
  names: readonly string[],
): Schedule[] {
  if (names.length === 0)
    return [...schedules.values()].filter((one) => one.enabled && one.cron !== undefined);
  return names.map((name) => {
    const schedule = scheduleOf(schedules, name);
    if (schedule.cron !== undefined) return schedule;
    throw new StillpointError('usage', `schedule ${name} has no cron: it is run by hand`, {
      hint: `Run it with \`stillpoint schedule run ${name}\`, or give ${schedule.file} a cron.`,
    });
  });
}
