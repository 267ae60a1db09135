import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { writeConfig } from '../demo/config.js';
import { startS3rver } from '../demo/s3rver.js';
import {
  roomyFolder,
  serverAt,
  startPair,
  startServers,
  type Engine,
  type EngineTools,
  type RigServer,
  type S3Place,
} from '../rig/index.js';
import { pairOf, type Pair } from '../rig/pair.js';

/** Servers and services that the contenders share. */
export interface Setting {
  engine: Engine;
  tools: EngineTools;
  pair: Pair;
  /** The pair through connections of their own. */
  watched: Pair;
  /** Removes all that is stored, on disk: by requests it would take longer. */
  emptyStore: () => Promise<void>;
  /** Where to restore. */
  target: RigServer;
  store: Store;
  s3: S3Place;
  /** Option files of root for the replica and the target. */
  replicaOptions: string;
  targetOptions: string;
  /** Gone afterwards. */
  folder: string;
  /** Processes or threads of each contender that can have several: the number of cores. */
  parallel: number;
  /** Credentials of the store. */
  env: Record<string, string>;
  say: (line: string) => void;
}

/** Starts, below `place`, a pair, a third server and an S3 service, gives them to `body`, and stops them. */
export async function withSetting<T>(
  engine: Engine,
  tools: EngineTools,
  place: string | null,
  body: (setting: Setting) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(place ?? (await roomyFolder()), 'stillpoint-bench-'));
  const startServer = startServers(engine, tools, folder);
  const [pair, target, s3] = await Promise.all([
    startPair(engine, startServer),
    // No binary log: mysqldump and myloader would switch it off for themselves.
    startServer({ id: 3, args: ['--skip-log-bin'] }),
    startS3rver(join(folder, 's3')),
  ]);
  const store = await openStore({ type: 's3', ...s3, credentials: s3, forcePathStyle: true });
  const options = async (name: string, { socketPath }: RigServer): Promise<string> => {
    const file = join(folder, `${name}.cnf`);
    await writeFile(file, `[client]\nuser=root\nsocket=${socketPath}\n`);
    return file;
  };
  try {
    return await body({
      engine,
      tools,
      pair,
      watched: pairOf(serverAt(pair.source), serverAt(pair.replica)),
      target,
      store,
      s3,
      emptyStore: async () => await emptyFolder(join(folder, 's3', s3.bucket)),
      replicaOptions: await options('replica', pair.replica),
      targetOptions: await options('target', target),
      folder,
      parallel: availableParallelism(),
      env: { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey },
      say: (line) => console.log(line),
    });
  } finally {
    await store.close();
    await Promise.all([pair.source.stop(), pair.replica.stop(), target.stop(), s3.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the service itself keeps there begins with a dot. */
async function emptyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (!name.startsWith('.')) await rm(join(folder, name), { recursive: true });
}

/** Writes a configuration of ours that backs up `sbtest` alone; its path. */
export async function configFor(
  { pair: { source, replica }, target, tools, s3, folder }: Setting,
  more: { dump: Record<string, unknown>; freeze?: Record<string, unknown> },
  into: 's3' | 'folder' = 's3',
): Promise<string> {
  const own = await mkdtemp(join(folder, 'config-'));
  const place = { source, replica, target, tools, s3, bySocket: true };
  const storeFolder = join(own, 'store');
  return await writeConfig(own, into === 's3' ? place : { ...place, storeFolder }, {
    databases: { include: ['sbtest'] },
    ...more,
  });
}
