import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { tools } from '../rig/shared.js';

/**
 * A mysqldump that is real for `--version` and everything but the rows, or what else is dumped with these arguments;
 * `body`, a script in which `REAL` runs the real one, stands for that. Returns it as `tools` of a configuration.
 */
export async function fakeMysqldump(
  body: string,
  of = '--no-create-info --skip-triggers',
): Promise<{ mysqldump: string; mysql: string }> {
  const { mysqldump, mysql } = tools;
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-fake-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  const fake = join(folder, 'mysqldump');
  const script = `#!/bin/bash
case " $* " in *" ${of} "*) ;; *) exec ${mysqldump} "$@" ;; esac
${body.replaceAll('REAL', `${mysqldump} "$@"`)}
`;
  await writeFile(fake, script, { mode: 0o755 });
  return { mysqldump: fake, mysql };
}
