import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { didYouMean } from '../config/nearest.js';
import type { Config } from '../config/schema.js';
import { parseYamlFile } from '../config/yamlFile.js';
import { StillpointError } from '../errors.js';
import { scheduleFiles } from './files.js';
import type { Schedule } from './schedule.js';
import { scheduleSchema } from './schema.js';

/**
 * All schedules by name, in the order of their names: those that are shipped, and the user's own of
 * `schedulesDir`, which win over shipped ones of the same name. Throws `config` when one is wrong.
 */
export async function loadSchedules(
  config: Pick<Config, 'pairs' | 'schedulesDir'>,
): Promise<Map<string, Schedule>> {
  const schema = scheduleSchema(Object.keys(config.pairs));
  const found = new Map<string, Schedule>();
  for (const { name, file, shipped } of await scheduleFiles(config.schedulesDir)) {
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
