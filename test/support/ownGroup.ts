import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { PairStatus } from '../../src/status.js';
import { waitFor } from '../../src/util/wait.js';
import {
  backupPassword,
  grantBackup,
  roomyFolder,
  startServers,
  type OwnServer,
  type RigServer,
} from '../rig/index.js';
import { engine, tools } from '../rig/shared.js';
import { setUp, type Setup, type SetupOptions } from './cli.js';
import { aloneOn, runsEvents } from './inOrder.js';
import { isClosed, isWritable } from './ownPair.js';

const isMysql = engine === 'mysql';
const admin = { user: 'chief', password: 'chief pw 1' };
const quoted = backupPassword.replaceAll(/['\\]/g, '\\$&');

export interface OwnGroupOptions {
  /** One for each server; the first is the source, the others follow it. */
  ids: readonly number[];
  args?: string[];
  /** They replicate by file and position; on MySQL there are no GTIDs at all. */
  byPosition?: boolean;
}

type Replicas = OwnServer | Record<string, OwnServer>;

/** A source and replicas of a test file's own; who is what may change. */
export interface OwnGroup {
  /** As they were started. */
  servers(): OwnServer[];
  /** A configuration with an account that may do everything; replicas by their names, or one without. */
  setUp(source: OwnServer, replicas: Replicas, options?: SetupOptions): Promise<Setup>;
  /** Roles, threads and data are as they have to be, a write arrives, and no replica has anything alone. */
  expectInOrder(source: OwnServer, replicas: Replicas): Promise<void>;
}

/** Starts them before the tests of a file, and stops them after. */
export function ownGroup({ ids, args = [], byPosition = false }: OwnGroupOptions): OwnGroup {
  let folder: string;
  let started: OwnServer[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(await roomyFolder(), 'stillpoint-group-'));
    const startServer = startServers(engine, tools, folder);
    const readOnly = isMysql ? '--super-read-only=ON' : '--read-only=ON';
    const off = ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'];
    const all = [...args, ...(byPosition && isMysql ? off : [])];
    started = await Promise.all(
      ids.map(
        async (id, i) => await startServer({ id, args: [...all, ...(i > 0 ? [readOnly] : [])] }),
      ),
    );
    const [source, ...replicas] = started as [OwnServer, ...OwnServer[]];
    const at = await positionOf(source);
    await source.query(`
      ${grantBackup(engine)}
      CREATE USER repl@'%' IDENTIFIED BY '${quoted}'; GRANT REPLICATION SLAVE ON *.* TO repl@'%';
      CREATE USER ${admin.user}@'%' IDENTIFIED BY '${admin.password}';
      GRANT ALL ON *.* TO ${admin.user}@'%' WITH GRANT OPTION;
    `);
    for (const replica of replicas) {
      await follow(replica, source, byPosition ? at : null);
      await reached(source, replica);
    }
  });
  afterAll(async () => {
    await Promise.all(started.map(async (server) => await server.stop()));
    await rm(folder, { recursive: true, force: true });
  });
  const group: OwnGroup = {
    servers: () => started,
    async setUp(source, replicas, options = {}) {
      const at = ({ port }: RigServer) => ({
        host: '127.0.0.1',
        port,
        user: 'stillpoint',
        password: backupPassword,
      });
      const { mysqldump, mysql, mysqlbinlog, server } = tools;
      const named = Object.entries(namesOf(replicas)).map(([name, one]) => [name, at(one)]);
      const members = isOne(replicas)
        ? { replica: at(replicas) }
        : { replica: undefined, replicas: Object.fromEntries(named) as unknown };
      const pair = {
        ...{ source: at(source), ...members, admin },
        replication: { user: 'repl', password: backupPassword },
        tools: { mysqldump, mysql, mysqlbinlog, mysqld: server },
      };
      return await setUp({ ...options, pair });
    },
    async expectInOrder(source, replicas) {
      const all = Object.values(namesOf(replicas));
      expect([await isWritable(source), ...(await Promise.all(all.map(isClosed)))]).toEqual(
        [source, ...all].map(() => true),
      );
      const running = await Promise.all([source, ...all].map(runsEvents));
      expect(running).toEqual(running.map(() => true));
      await source.query(
        'INSERT INTO app.ledger SELECT COALESCE(MAX(id), 0) + 1, "n" FROM app.ledger',
      );
      // Without GTIDs of MySQL, what both hold is all that tells.
      const rows = async (server: OwnServer) => [
        await server.query('SELECT * FROM app.ledger ORDER BY id'),
        await server.query("SELECT User, Host FROM mysql.user WHERE User <> '' ORDER BY 1, 2"),
      ];
      for (const replica of all) {
        await reached(source, replica);
        expect(await rows(replica)).toEqual(await rows(source));
        expect(await aloneOn(replica, source)).toEqual([]);
      }
      const setup = await group.setUp(source, replicas);
      const [status] = (await setup.run('status', '--json')).json as PairStatus[];
      for (const { errant, channels } of status!.replicas) {
        expect([null, '']).toContain(errant);
        expect(channels).toMatchObject([{ receiver: 'running', applier: 'running', error: null }]);
      }
    },
  };
  return group;
}

function isOne(replicas: Replicas): replicas is OwnServer {
  return 'dataDir' in replicas;
}

function namesOf(replicas: Replicas): Record<string, OwnServer> {
  return isOne(replicas) ? { '': replicas } : replicas;
}

interface Position {
  file: string;
  position: number;
}

/** Where a server's binary log stands. */
export async function positionOf(server: RigServer): Promise<Position> {
  const [row] = await server.query<{ File: string; Position: number }>(
    isMysql ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS',
  );
  return { file: row!.File, position: row!.Position };
}

/** Makes a server follow a source: from a position, or by GTID. */
export async function follow(
  replica: RigServer,
  source: RigServer,
  from: Position | null,
  channel = '',
): Promise<void> {
  const word = isMysql ? 'SOURCE' : 'MASTER';
  const where = from
    ? `${word}_LOG_FILE = '${from.file}', ${word}_LOG_POS = ${from.position}${isMysql ? '' : ', MASTER_USE_GTID = no'}`
    : isMysql
      ? 'SOURCE_AUTO_POSITION = 1'
      : 'MASTER_USE_GTID = slave_pos';
  const to = `${word}_HOST = '127.0.0.1', ${word}_PORT = ${source.port}, ${word}_USER = 'repl', ${word}_PASSWORD = '${quoted}', ${where}`;
  await replica.query(
    isMysql
      ? `CHANGE REPLICATION SOURCE TO ${to}, GET_SOURCE_PUBLIC_KEY = 1 FOR CHANNEL '${channel}'; START REPLICA FOR CHANNEL '${channel}'`
      : `CHANGE MASTER '${channel}' TO ${to}; START SLAVE '${channel}'`,
  );
}

/** Waits until a replica has all that its source has written. */
export async function reached(source: RigServer, replica: RigServer): Promise<void> {
  const { file, position } = await positionOf(source);
  const wait = isMysql ? 'SOURCE_POS_WAIT' : 'MASTER_POS_WAIT';
  const isThere = async () => {
    const [row] = await replica.query<{ done: number | null }>(
      `SELECT ${wait}('${file}', ${position}, 1) AS done`,
    );
    return row!.done !== null && row!.done >= 0 ? true : null;
  };
  if (await waitFor(isThere, { within: 120, every: 100 })) return;
  throw new Error(`not caught up: ${JSON.stringify(await channelsOf(replica))}`);
}

/** The rows of a server's replication status. */
export async function channelsOf(
  server: RigServer,
): Promise<Record<string, string | number | null>[]> {
  return await server.query(isMysql ? 'SHOW REPLICA STATUS' : 'SHOW ALL SLAVES STATUS');
}
