import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { backupPassword, type EngineTools, type RigServer, type S3Place } from '../rig/index.js';

/** Servers and services that a configuration is written for. */
export interface Setting {
  source: RigServer;
  replica: RigServer;
  /** Reached as `third`. */
  target: RigServer | null;
  tools: EngineTools;
  s3: S3Place;
  /** Store into this folder instead of the S3 service. */
  storeFolder?: string;
  /** Connect to the pair as programs on the same host would. */
  bySocket?: boolean;
}

/** Writes `stillpoint.yaml` with the pair `shop` into the folder; returns its path. */
export async function writeConfig(
  folder: string,
  { source, replica, target, tools, s3, storeFolder, bySocket = false }: Setting,
  more: Record<string, unknown> = {},
): Promise<string> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, `${backupPassword}\n`, { mode: 0o600 });
  const server = ({ port, socketPath }: RigServer) => ({
    ...(bySocket ? { socketPath } : { host: '127.0.0.1', port }),
    user: 'stillpoint',
    passwordFile,
  });
  const { mysqldump, mysql, server: mysqld } = tools;
  const store =
    storeFolder === undefined
      ? {
          type: 's3',
          bucket: s3.bucket,
          endpoint: s3.endpoint,
          forcePathStyle: true,
          region: s3.region,
        }
      : { type: 'file', path: storeFolder };
  const config = {
    pairs: {
      shop: {
        source: server(source),
        replica: server(replica),
        tools: { mysqldump, mysql, mysqld },
        ...more,
      },
    },
    stores: { main: store },
    ...(target && {
      targets: { third: { socketPath: target.socketPath, user: 'root', tools: { mysql } } },
    }),
    drill: { directory: folder },
    stateDir: join(folder, 'state'),
  };
  const file = join(folder, 'stillpoint.yaml');
  await writeFile(file, stringify(config));
  return file;
}
