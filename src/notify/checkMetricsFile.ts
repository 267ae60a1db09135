import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Finding } from '../pair/checks.js';

/** Of a file's mode: others may read it. */
const othersRead = 0o004;
/** Of a folder's: others may list it and go into it. */
const othersList = 0o005;

/**
 * Whether runs can write the metrics file and a node exporter of another account can read it, from what the
 * file system says: nothing is written.
 */
export async function checkMetricsFile(file: string): Promise<Finding> {
  const name = 'notify: metrics file';
  const problem = (status: 'warn' | 'fail', detail: string, fix: string): Finding => ({
    ...{ name, status, detail, fix },
  });
  const folder = dirname(file);
  const place = await stat(folder).catch(() => null);
  if (!place?.isDirectory())
    return problem(
      'fail',
      `the folder ${folder} is not there`,
      'Name one that the node exporter reads: its --collector.textfile.directory.',
    );
  for (const written of [folder, `${file}.d`])
    if ((await isThere(written)) && !(await isWritable(written)))
      return problem(
        'fail',
        `${written} may not be written by us`,
        `chown or chmod ${written} for the account that runs stillpoint.`,
      );
  if (!file.endsWith('.prom'))
    return problem(
      'warn',
      `${file} does not end in .prom: the node exporter passes over it`,
      'Call it stillpoint.prom.',
    );
  if ((place.mode & othersList) !== othersList)
    return problem(
      'warn',
      `others may not look into ${folder}: may the node exporter?`,
      `chmod o+rx ${folder}`,
    );
  const written = await stat(file).catch(() => null);
  if (!written) return { name, status: 'ok', detail: `${file}: the next run makes it` };
  if ((written.mode & othersRead) === 0)
    return problem(
      'warn',
      `others may not read ${file}: may the node exporter?`,
      `chmod o+r ${file}, and run stillpoint with umask 022, since every run writes it anew.`,
    );
  return { name, status: 'ok', detail: `${file} can be written by us and read by others` };
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

async function isWritable(folder: string): Promise<boolean> {
  return await access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}
