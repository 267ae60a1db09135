import { identifier, literal } from '../dialect/quote.js';
import { number, text } from '../dialect/rows.js';
import { addressOf, statement, type Act } from '../pair/act.js';
import { channelsOf } from '../pair/channels.js';
import type { Server } from '../pair/server.js';
import { databasesOf } from '../restore/target.js';

/** Databases of the servers themselves. */
const system = ['mysql', 'information_schema', 'performance_schema', 'sys'];
/** Accounts that a server makes for itself, and the one that is left to get in with. */
const ownAccounts = /^(mysql\..*|mariadb\.sys|PUBLIC|root)$/;

/** The databases of a server that are not its own. */
export async function userDatabases(server: Server): Promise<string[]> {
  return (await databasesOf(server)).filter((name) => !system.includes(name));
}

/**
 * What empties a server that is to be seeded: its channels, transactions, databases, accounts and roles go. `root` stays and so
 * does the account that does it. Nothing of it is logged.
 */
export async function wipeActs(
  server: Server,
  { unfollowed = false }: { unfollowed?: boolean } = {},
): Promise<Act[]> {
  const unfollow = unfollowed ? [] : await unfollowActs(server);
  // One that a client has left would hold its tables for ever. It is in the binary log, as what the server has alone.
  const prepared = await server.dialect.rollBackPrepared(async (sql) => await server.query(sql));
  const databases = await userDatabases(server);
  const drops = databases.map((name) => `DROP DATABASE IF EXISTS ${identifier(name)}`);
  const accounts = await accountActs(server);
  return [...unfollow, ...[...prepared, ...drops, ...accounts].map((sql) => unlogged(server, sql))];
}

/** What makes a server follow nobody. */
export async function unfollowActs(server: Server): Promise<Act[]> {
  const { dialect } = server;
  return (await channelsOf(server)).flatMap(({ name }) => [
    statement(server, dialect.stopReplica(name)),
    statement(server, dialect.forgetSource(name)),
  ]);
}

/** A statement that leaves no trace in the binary log. */
export function unlogged(server: Server, sql: string): Act {
  const run = async () => {
    const session = await server.session();
    try {
      await session.query('SET SESSION sql_log_bin = 0, foreign_key_checks = 0');
      await session.query(sql, Infinity);
    } finally {
      session.destroy();
    }
  };
  return { on: addressOf(server), says: sql, run };
}

/** MySQL drops roles like accounts. In MariaDB only these have a host, and roles go with DROP ROLE. */
async function accountActs(server: Server): Promise<string[]> {
  const isRole = server.dialect.version.flavour === 'mariadb' ? "is_role = 'Y'" : 'FALSE';
  const rows = await server.query(
    `SELECT User AS user, Host AS host, ${isRole} AS isRole FROM mysql.user WHERE CONCAT(User, '@', Host) <> CURRENT_USER() ORDER BY 3, 1, 2`,
  );
  return rows
    .filter((row) => !ownAccounts.test(text(row, 'user')))
    .map((row) => {
      const user = literal(text(row, 'user'));
      return number(row, 'isRole') === 1
        ? `DROP ROLE IF EXISTS ${user}`
        : `DROP USER IF EXISTS ${user}@${literal(text(row, 'host'))}`;
    });
}
