import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { tools } from '../rig/shared.js';

/**
 * A mysqldump that is real for `--version` and everything but the rows; `body`, a script in which
 * `REAL` runs the real one, stands for the rows. Returns it as `tools` of a configuration.
 */
export async function fakeMysqldump(body: string): Promise<{ mysqldump: string; mysql: string }> {
  const { mysqldump, mysql } = tools;
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-fake-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  const fake = join(folder, 'mysqldump');
  const script = `#!/bin/bash
case " $* " in *" --no-create-info --skip-triggers "*) ;; *) exec ${mysqldump} "$@" ;; esac
${body.replaceAll('REAL', `${mysqldump} "$@"`)}
`;
  await writeFile(fake, script, { mode: 0o755 });
  return { mysqldump: fake, mysql };
}
