import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import {
  backupPassword,
  emptyServer,
  grantBackup,
  pairOf,
  roomyFolder,
  startServers,
  type OwnServer,
  type RigServer,
} from '../rig/index.js';
import { engine, tools } from '../rig/shared.js';
import { certificateArgs } from './certificate.js';
import { setUp, type Setup } from './cli.js';
import { gtidsOf } from './gtids.js';
import { aloneOn, expectOwnRoles } from './inOrder.js';

const isMysql = engine === 'mysql';

/** Statements that make an account for the administrator. */
export const makeAdmin =
  "CREATE USER admin@'%' IDENTIFIED BY 'admin pw 1'; GRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION;";

/** Two servers that are no pair yet. */
export const two = {} as {
  source: OwnServer;
  replica: OwnServer;
  /** Below which their data lies. */
  folder: string;
  /** Starts one more. */
  startServer: ReturnType<typeof startServers>;
};

/**
 * Starts them for a test file, with a certificate if asked; each of its tests finds a bare replica, and a source
 * with one database.
 */
export function startTwoServers({ tls = false } = {}): void {
  beforeAll(async () => {
    two.folder = await mkdtemp(join(await roomyFolder(), 'stillpoint-two-'));
    two.startServer = startServers(engine, tools, two.folder);
    const args = tls ? await certificateArgs(two.folder) : [];
    const start = async (id: number) => await two.startServer({ id, args });
    const started = await Promise.all([31, 32].map(start));
    [two.source, two.replica] = started as [OwnServer, OwnServer];
  });
  afterAll(async () => {
    await Promise.all([two.source, two.replica].map(async (server) => await server.stop()));
    await rm(two.folder, { recursive: true, force: true });
  });
  afterEach(expectRolesOfBoth);
  beforeEach(async () => {
    for (const server of [two.source, two.replica]) await bare(server);
    await two.source.query(`
      ${grantBackup(engine)}
      CREATE DATABASE store;
      CREATE TABLE store.item (id INT PRIMARY KEY, name VARCHAR(50));
      INSERT INTO store.item VALUES (1, 'one'), (2, 'two'), (3, 'three');
      CREATE VIEW store.names AS SELECT name FROM store.item;
      CREATE TRIGGER store.upper_name BEFORE INSERT ON store.item FOR EACH ROW SET NEW.name = UPPER(NEW.name);
      CREATE TABLE store.tick (at INT);
      CREATE EVENT store.ticking ON SCHEDULE EVERY 1 DAY STARTS '2000-01-01' DO INSERT INTO store.tick VALUES (1);
    `);
  });
}

/** However a test has ended: each of the two has its role, and a replica has nothing of its own. */
async function expectRolesOfBoth(): Promise<void> {
  const { source, replica } = two;
  await expectOwnRoles(source, replica);
  const status = isMysql ? 'SHOW REPLICA STATUS' : 'SHOW ALL SLAVES STATUS';
  if ((await replica.query(status)).length > 0) expect(await aloneOn(replica, source)).toEqual([]);
}

/** A server as it is after it was installed, with an account for its administrator that is not logged. */
export async function bare(server: RigServer): Promise<void> {
  await server.query('SET GLOBAL read_only = OFF; SET GLOBAL event_scheduler = ON');
  await emptyServer(server);
  await server.query(`SET sql_log_bin = 0; ${makeAdmin} SET sql_log_bin = 1`);
}

/** A configuration of the two, or of others. */
export async function setUpServers(
  at: { source?: RigServer; replica?: RigServer } = {},
  pair: Record<string, unknown> = {},
): Promise<Setup> {
  const server = ({ port }: RigServer) => ({
    host: '127.0.0.1',
    port,
    user: 'stillpoint',
    password: backupPassword,
  });
  return await setUp({
    pair: {
      source: server(at.source ?? two.source),
      replica: server(at.replica ?? two.replica),
      admin: { user: 'admin', password: 'admin pw 1' },
      replication: { user: 'repl', passwordFile: 'secrets/repl' },
      ...pair,
    },
  });
}

/** What a setup could change on either of the two. */
export async function stateOfBoth(): Promise<unknown> {
  return await Promise.all([two.source, two.replica].map(stateOf));
}

async function stateOf(server: RigServer): Promise<unknown> {
  const channels = isMysql ? 'SHOW REPLICA STATUS' : 'SHOW ALL SLAVES STATUS';
  return {
    gtids: await gtidsOf(server),
    log: await server.query(isMysql ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS'),
    readOnly: await server.query('SELECT @@read_only AS value, @@event_scheduler AS events'),
    accounts: await server.query('SELECT User, Host FROM mysql.user ORDER BY 1, 2'),
    databases: await server.query('SHOW DATABASES'),
    channels: (await server.query(channels)).length,
  };
}

/** Fails unless a setup refuses, or ends with `status`, for this reason, and changes nothing. */
export async function expectRefused(
  setup: Setup,
  why: RegExp,
  args: readonly string[] = [],
  status = 10,
): Promise<void> {
  const state = async () => [await stateOfBoth(), await readdir(setup.folder, { recursive: true })];
  const before = await state();
  const ended = await setup.run('pair', 'setup', '--yes', ...args);
  expect(ended.status, ended.stderr).toBe(status);
  expect(ended.stderr).toMatch(why);
  expect(ended.stderr).toMatch(/^hint: |"hint": "./m);
  expect(await state()).toEqual(before);
}

/** Fails unless the two are a pair that works, and nothing was left of how it came about. */
export async function expectPair(setup: Setup): Promise<void> {
  const { source, replica } = two;
  const pair = pairOf(source, replica);
  await source.query("INSERT INTO store.item VALUES (100, 'new')");
  await pair.waitForCatchUp();
  const items = async (server: RigServer) =>
    await server.query('SELECT * FROM store.item ORDER BY id');
  expect(await items(replica)).toEqual(await items(source));
  expect(await pair.faults()).toEqual([]);
  const strict = isMysql ? '@@super_read_only' : '@@read_only';
  expect(
    await replica.query(
      `SELECT ${strict} AS strict, @@event_scheduler AS scheduler, STATUS AS event FROM information_schema.EVENTS`,
    ),
  ).toEqual([
    {
      strict: 1,
      scheduler: 'ON',
      event: isMysql ? 'REPLICA_SIDE_DISABLED' : 'SLAVESIDE_DISABLED',
    },
  ]);
  const left = await readdir(setup.config.stateDir).catch(() => []);
  expect(left.filter((name) => /setup|seed|restore/.test(name))).toEqual([]);
}
