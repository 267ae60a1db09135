import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { aptInstall, which } from '../rig/tools.js';
import { chain } from './chain.js';
import type { Contend } from './gauge.js';
import { zstd } from './mysqldumps.js';
import type { Setting } from './setting.js';
import { uploadChain } from './upload.js';

/** The path of mariadb-backup, which is installed where that can be; null: none. */
export async function findMariadbBackup(say: (line: string) => void): Promise<string | null> {
  if (which('mariadb-backup') === null)
    await aptInstall(['mariadb-backup'], say).catch(() => undefined);
  return which('mariadb-backup');
}

/** `mariadb-backup --stream | zstd -1`, uploaded as one object: the files of all databases. */
export function copied(setting: Setting, program: string): Contend {
  const { pair, store, parallel, folder } = setting;
  return async (watch) => {
    const scratch = await mkdtemp(join(folder, 'copied-'));
    const running = chain(
      [
        program,
        '--no-defaults',
        '--backup',
        '--stream=mbstream',
        '--user=root',
        `--socket=${pair.replica.socketPath}`,
        `--datadir=${pair.replica.dataDir}`,
        `--target-dir=${scratch}`,
        `--parallel=${parallel}`,
        '--slave-info',
      ],
      zstd,
    );
    watch(running.pid);
    return { storedBytes: await uploadChain(store, running) };
  };
}
