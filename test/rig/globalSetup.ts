import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import {
  findTools,
  roomyFolder,
  startPair,
  startS3,
  startServers,
  type Engine,
  type EngineTools,
  type S3Place,
  type ServerPlace,
} from './index.js';

/** What the tests of an engine share. */
export interface SharedRig {
  engine: Engine;
  tools: EngineTools;
  source: ServerPlace;
  replica: ServerPlace;
  /** Empty, writable: for restores. */
  target: ServerPlace;
}

declare module 'vitest' {
  export interface ProvidedContext {
    rig: SharedRig | null;
    s3: S3Place;
  }
}

/** Starts what the tests of this run share: the S3 service, and an engine's servers if one is asked for. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const toolbox = await findTools();
  if (toolbox.s3 === null) throw new Error(toolbox.missing.join('\n'));
  const folder = await mkdtemp(join(await roomyFolder(), 'stillpoint-rig-'));
  const s3 = await startS3(toolbox.s3);
  const stops = [s3.stop];
  const end = async (): Promise<void> => {
    await Promise.all(stops.map(async (stop) => await stop()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    project.provide('s3', s3Place(s3));
    project.provide('rig', null);
    const engine = process.env['STILLPOINT_TEST_ENGINE'] as Engine | undefined;
    if (engine !== undefined) {
      const tools = toolbox[engine];
      if (tools === null) throw new Error(toolbox.missing.join('\n'));
      const startServer = startServers(engine, tools, folder);
      const [pair, target] = await Promise.all([
        startPair(engine, startServer),
        startServer({ id: 3 }),
      ]);
      stops.push(pair.source.stop, pair.replica.stop, target.stop);
      const place = ({ engine, host, port, socketPath, dataDir }: ServerPlace): ServerPlace => ({
        engine,
        host,
        port,
        socketPath,
        dataDir,
      });
      const { source, replica } = pair;
      project.provide('rig', {
        engine,
        tools,
        source: place(source),
        replica: place(replica),
        target: place(target),
      });
    }
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

function s3Place({ endpoint, accessKeyId, secretAccessKey, bucket, region }: S3Place): S3Place {
  return { endpoint, accessKeyId, secretAccessKey, bucket, region };
}
