import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import {
  backupPassword,
  roomyFolder,
  startPair,
  startServers,
  type Network,
  type OwnServer,
  type RigServer,
} from '../rig/index.js';
import { pairOf, type Pair } from '../rig/pair.js';
import { engine, tools } from '../rig/shared.js';
import { setUp, type Setup, type SetupOptions } from './cli.js';

/** Two servers of a test file's own, whose roles may change. */
export interface OwnPair {
  /** The two as they were started: the first was the source then. */
  servers(): [OwnServer, OwnServer];
  /** As it is now, if `source` is the source. */
  as(source: OwnServer, replica: OwnServer): Pair;
  /** A configuration with an account that may do everything. */
  setUp(
    source: OwnServer,
    replica: OwnServer,
    more?: Record<string, unknown>,
    options?: SetupOptions,
  ): Promise<Setup>;
}

const admin = { user: 'chief', password: 'chief pw 1' };
/** Makes the account that may do everything. */
export const chiefSql = `CREATE USER ${admin.user}@'%' IDENTIFIED BY '${admin.password}'; GRANT ALL ON *.* TO ${admin.user}@'%' WITH GRANT OPTION`;

/**
 * Starts a pair, with more arguments for both, before the tests of a file and stops it after them. In a network of
 * its own a server that does not answer is given up soon.
 */
export function ownPair(args: string[] = [], { network }: { network?: Network } = {}): OwnPair {
  let folder: string;
  let started: [OwnServer, OwnServer];
  beforeAll(async () => {
    folder = await mkdtemp(join(await roomyFolder(), 'stillpoint-own-'));
    const pair = await startPair(engine, startServers(engine, tools, folder), {
      source: 21,
      replica: 22,
      args,
      ...(network && { at: network.at }),
    });
    await pair.source.query(chiefSql);
    await pair.waitForCatchUp();
    started = [pair.source, pair.replica];
  });
  afterAll(async () => {
    await Promise.all(started.map(async (server) => await server.stop()));
    await rm(folder, { recursive: true, force: true });
  });
  return {
    servers: () => started,
    as: pairOf,
    async setUp(source, replica, more = {}, options = {}) {
      const at = ({ host, port }: OwnServer) => ({
        host,
        port,
        user: 'stillpoint',
        password: backupPassword,
        ...(network && { connectTimeout: '2s' }),
      });
      const replication = { user: 'repl', password: backupPassword };
      const pair = { source: at(source), replica: at(replica), replication, admin };
      const { mysqldump, mysql, mysqlbinlog, server } = tools;
      const programs = { tools: { mysqldump, mysql, mysqlbinlog, mysqld: server } };
      return await setUp({
        ...options,
        pair: { ...pair, ...programs, ...more },
        ...(network && { through: network.coordinator }),
      });
    },
  };
}

/** So that a server that is killed loses nothing: the rig's others are quicker. */
export const durable = ['--sync-binlog=1', '--innodb-flush-log-at-trx-commit=1'];

/** Whether ordinary accounts may write to it. */
export async function isWritable(server: RigServer): Promise<boolean> {
  const [row] = await server.query<{ ro: number }>('SELECT @@GLOBAL.read_only AS ro');
  return row!.ro === 0;
}

/** Whether a server takes no writes, on MySQL also of accounts that may write to read-only ones. */
export async function isClosed(server: RigServer): Promise<boolean> {
  const setting = engine === 'mysql' ? 'super_read_only' : 'read_only';
  const [row] = await server.query<{ closed: number }>(`SELECT @@GLOBAL.${setting} AS closed`);
  return row!.closed === 1;
}
