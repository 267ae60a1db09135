import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import { expect } from 'vitest';
import { waitFor } from '../../src/util/wait.js';
import {
  backupPassword,
  grantBackup,
  roomyFolder,
  startServers,
  type OwnServer,
  type RigServer,
  type Where,
} from '../rig/index.js';
import { engine, tools } from '../rig/shared.js';
import { aloneOn } from './inOrder.js';
import { durable } from './ownPair.js';

const isMysql = engine === 'mysql';

/** Two servers that follow each other and both take writes. */
export interface Ring {
  source: OwnServer;
  replica: OwnServer;
  stop(): Promise<void>;
}

/** What the backup's account needs to take a node out of writing. */
export const closingGrants = isMysql ? 'SYSTEM_VARIABLES_ADMIN' : 'READ_ONLY ADMIN';

/** Starts the ring, here or elsewhere, with the account `app` that writes to a database `shared`. */
export async function startRing(at?: { source: Where; replica: Where }): Promise<Ring> {
  const folder = await mkdtemp(join(await roomyFolder(), 'stillpoint-ring-'));
  const startServer = startServers(engine, tools, folder);
  const node = async (id: number, where?: Where) =>
    await startServer({
      id,
      ...(where && { at: where }),
      args: [
        ...durable,
        ...(where ? [isMysql ? '--replica-net-timeout=4' : '--slave-net-timeout=4'] : []),
        '--auto-increment-increment=2',
        `--auto-increment-offset=${id - 20}`,
        ...(isMysql ? [] : [`--gtid-domain-id=${id}`]),
      ],
    });
  const [source, replica] = await Promise.all([node(21, at?.source), node(22, at?.replica)]);
  await source.query(`
    ${grantBackup(engine)}
    GRANT ${closingGrants} ON *.* TO stillpoint@'%';
    CREATE USER app@'%' IDENTIFIED BY 'app pw 1';
    GRANT SELECT, INSERT, UPDATE, CREATE ON shared.* TO app@'%';
    CREATE USER ring@'%' IDENTIFIED BY 'ring pw 1';
    GRANT REPLICATION SLAVE ON *.* TO ring@'%';
    CREATE DATABASE shared;
    CREATE TABLE shared.ledger (id INT PRIMARY KEY AUTO_INCREMENT, node INT, note VARCHAR(40));
    CREATE TABLE shared.balance (node INT PRIMARY KEY, total BIGINT);
    INSERT INTO shared.balance VALUES (21, 0), (22, 0);
  `);
  await replica.query(follow(source));
  const isThere = async () => await replica.query('SELECT * FROM shared.balance').catch(() => null);
  // The account of the ring has come by then: a receiver that is turned away tries again after a minute.
  if (!(await waitFor(isThere, { within: 60 }))) throw new Error('the replica does not follow');
  await source.query(follow(replica));
  const ring = {
    source,
    replica,
    async stop() {
      await Promise.all([source.stop(), replica.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
  await settle(ring);
  return ring;
}

/** Makes a node follow another one of the ring. */
export function follow({ host, port }: RigServer): string {
  return isMysql
    ? `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${host}', SOURCE_PORT=${port}, SOURCE_USER='ring', SOURCE_PASSWORD='ring pw 1', SOURCE_CONNECT_RETRY=1, SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1; START REPLICA`
    : `CHANGE MASTER TO MASTER_HOST='${host}', MASTER_PORT=${port}, MASTER_USER='ring', MASTER_PASSWORD='ring pw 1', MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos; START SLAVE`;
}

/** The configuration of the pair. */
export function pairOfRing({ source, replica }: Ring): Record<string, unknown> {
  const at = ({ host, port }: RigServer) => ({
    host,
    port,
    user: 'stillpoint',
    password: backupPassword,
  });
  return { topology: 'source-source', source: at(source), replica: at(replica) };
}

/** Waits until a row that is written to each node now is on the other one and on `third`. */
export async function settle({ source, replica }: Ring, third?: RigServer): Promise<void> {
  for (const node of [source, replica]) {
    const note = `mark ${performance.now()}`;
    await node.query(`INSERT INTO shared.ledger (node, note) VALUES (0, '${note}')`);
    for (const other of [source, replica, ...(third ? [third] : [])]) {
      const find = `SELECT id FROM shared.ledger WHERE note = '${note}'`;
      const isThere = async () =>
        (await other.query(find).catch(() => [])).length > 0 ? true : null;
      if (!(await waitFor(isThere, { within: 60 }))) throw new Error(`the ring does not turn`);
    }
  }
}

/** Fails unless both take writes, each follows the other, and none has anything that the other lacks. */
export async function expectRingInOrder(ring: Ring): Promise<void> {
  const { source, replica } = ring;
  const open = { writable: true, applies: true };
  expect([await stateOf(source), await stateOf(replica)]).toEqual([open, open]);
  await settle(ring);
  expect(await contentOf(replica)).toEqual(await contentOf(source));
  expect([await aloneOn(source, replica), await aloneOn(replica, source)]).toEqual([[], []]);
}

/** What the database `shared` holds on a server. */
export async function contentOf(server: RigServer): Promise<unknown> {
  const rows = await server.query('SELECT * FROM shared.ledger ORDER BY id');
  const balances = await server.query('SELECT * FROM shared.balance ORDER BY node');
  return { rows, balances };
}

/** A node as clients see it: whether it takes writes, and whether its applier runs. */
export async function stateOf(server: RigServer): Promise<{ writable: boolean; applies: boolean }> {
  const [row] = await server.query<{ closed: number }>(
    isMysql ? 'SELECT @@super_read_only OR @@read_only AS closed' : 'SELECT @@read_only AS closed',
  );
  const [status] = await server.query<Record<string, string>>(
    isMysql ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS',
  );
  const applies = status?.['Replica_SQL_Running'] ?? status?.['Slave_SQL_Running'];
  return { writable: row!.closed === 0, applies: applies === 'Yes' };
}

/** A connection of the application to a node. */
export async function asApp({ port }: RigServer): Promise<mysql.Connection> {
  return await mysql.createConnection({
    host: '127.0.0.1',
    port,
    user: 'app',
    password: 'app pw 1',
    database: 'shared',
    multipleStatements: true,
  });
}

/** The application, while it holds a lock on a table. */
export async function lockedByApp(node: RigServer): Promise<mysql.Connection> {
  await node.query("GRANT LOCK TABLES ON shared.* TO app@'%'");
  const connection = await asApp(node);
  await connection.query('LOCK TABLES ledger WRITE');
  return connection;
}

/** An application that writes to one node for as long as a test wants. */
export interface App {
  /** Transactions that were committed. */
  written(): number;
  /** Those that the node refused, since it is read-only. */
  refused(): number;
  stop(): Promise<void>;
}

/** Writes one transaction after another, and goes on after one that a closed node has refused. */
export async function startApp(node: RigServer, id: number): Promise<App> {
  const connection = await asApp(node);
  const counts = { written: 0, refused: 0 };
  const state = { stopped: false };
  const work = (async () => {
    while (!state.stopped) {
      try {
        await connection.query(
          `BEGIN; INSERT INTO ledger (node, note) VALUES (${id}, UUID()); UPDATE balance SET total = total + 1 WHERE node = ${id}; COMMIT`,
        );
        counts.written += 1;
      } catch (error) {
        // ER_OPTION_PREVENTS_STATEMENT
        if (!(error instanceof Error && 'errno' in error && error.errno === 1290)) throw error;
        counts.refused += 1;
        await connection.query('ROLLBACK');
      }
      await sleep(5);
    }
    await connection.end();
  })();
  return {
    written: () => counts.written,
    refused: () => counts.refused,
    async stop() {
      state.stopped = true;
      await work;
    },
  };
}
