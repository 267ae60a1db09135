import { execa } from 'execa';
import type { BackupRecord } from '../../src/catalog/records.js';
import type { Contend } from './gauge.js';
import { configFor, type Setting } from './setting.js';

/** How a backup of ours is taken. */
export interface Way {
  hold: 'dump' | 'snapshot';
  checksums: boolean;
  parallel: number;
  into?: 'folder';
}

/** `stillpoint backup`, as a user runs it. */
export async function backedUp(setting: Setting, way: Way): Promise<Contend> {
  const { hold, checksums, parallel, into = 's3' } = way;
  const more = { freeze: { hold }, dump: { parallel, checksums } };
  const config = await configFor(setting, more, into);
  return async (watch) => {
    const running = execa(process.execPath, backupCommand(config), { env: setting.env });
    watch(running.pid);
    const record = JSON.parse((await running).stdout) as BackupRecord;
    return { storedBytes: record.bytes.stored, pause: record.pauseSeconds };
  };
}

/** The arguments of node. */
export function backupCommand(config: string): string[] {
  return ['bin/stillpoint.js', '-c', config, 'backup', '--json'];
}
