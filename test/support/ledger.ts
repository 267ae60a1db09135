import { execa } from 'execa';
import mysql, { type Connection } from 'mysql2/promise';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RejoinResult } from '../../src/rejoinOptions.js';
import { waitFor } from '../../src/util/wait.js';
import type { RigServer } from '../rig/index.js';
import type { Setup } from './cli.js';

/** An application that writes numbered rows, and remembers which of them were acknowledged. */
export interface Application {
  acknowledged: number[];
  /** From now on it writes to another server. */
  moveTo(server: RigServer): void;
  stop(): Promise<void>;
}

const account = { user: 'app', password: 'app pw 1' };

/** What the application needs on the source. */
export const applicationSql = `
  CREATE DATABASE IF NOT EXISTS app;
  CREATE TABLE IF NOT EXISTS app.ledger (id INT PRIMARY KEY, note VARCHAR(40));
  CREATE USER IF NOT EXISTS ${account.user}@'%' IDENTIFIED BY '${account.password}';
  GRANT SELECT, INSERT, UPDATE, DELETE ON app.* TO ${account.user}@'%';
`;

/** Begins to write, by TCP and without privileges, as applications do; tries again after every error. */
export function startApplication(first: RigServer, from = 1): Application {
  let server = first;
  let connection: Connection | null = null;
  const state = { stopped: false };
  const acknowledged: number[] = [];
  const connect = async ({ host, port, socketPath }: RigServer) => {
    // One in a network of its own is not reached from here.
    const at = host === '127.0.0.1' ? { host, port } : { socketPath };
    const opened = await mysql.createConnection({ ...at, ...account });
    opened.on('error', () => undefined);
    return opened;
  };
  const work = (async () => {
    for (let id = from; !state.stopped; id += 1) {
      try {
        connection ??= await connect(server);
        await connection.query("INSERT INTO app.ledger VALUES (?, 'row')", [id]);
        acknowledged.push(id);
      } catch {
        connection?.destroy();
        connection = null;
      }
      await sleep(1);
    }
    connection?.destroy();
  })();
  return {
    acknowledged,
    moveTo(other) {
      server = other;
      connection?.destroy();
      connection = null;
    },
    async stop() {
      state.stopped = true;
      await work;
    },
  };
}

/** Waits until so many more rows have been acknowledged. */
export async function acknowledged(application: Application, rows: number): Promise<void> {
  const goal = application.acknowledged.length + rows;
  const isThere = async () => Promise.resolve(application.acknowledged.length >= goal || null);
  if (!(await waitFor(isThere, { within: 60 }))) throw new Error(`no ${rows} rows in a minute`);
}

/** The numbers that a server has. */
export async function ledgerOf(server: RigServer): Promise<number[]> {
  const rows = await server.query<{ id: number }>('SELECT id FROM app.ledger ORDER BY id');
  return rows.map(({ id }) => id);
}

/** The numbers of the rows that the saved SQL inserts. */
export async function savedIn(setup: Setup, rescued: RejoinResult['rescued']): Promise<number[]> {
  const sql = await execa('zstd', ['-dc', join(setup.storePath, rescued!.files[0]!.key)]);
  return [...sql.stdout.matchAll(/^### {3}@1=(\d+)/gm)].map(([, id]) => Number(id));
}
