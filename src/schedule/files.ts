import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reasonOf, StillpointError } from '../errors.js';

/** The schedules that come with stillpoint. */
const shippedDir = fileURLToPath(new URL('../../schedules/', import.meta.url));

// It becomes a file of the state directory, and a part of the names of units and CronJobs.
const legalName = /^[a-z0-9]([a-z0-9-]{0,29}[a-z0-9])?$/;

/** A file that holds a schedule, not yet read. */
export interface FoundFile {
  name: string;
  file: string;
  shipped: boolean;
}

/**
 * The files of all schedules, in the order of their names: a user's own of `directory` win over shipped
 * ones of the same name. Throws `config` for a file whose name is none.
 */
export async function scheduleFiles(directory: string): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>();
  for (const folder of [shippedDir, directory])
    for (const name of await namesIn(folder))
      found.set(name, { name, file: join(folder, `${name}.yaml`), shipped: folder === shippedDir });
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
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
