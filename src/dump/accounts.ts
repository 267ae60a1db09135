import { literal } from '../dialect/quote.js';
import { text } from '../dialect/rows.js';
import type { Row } from '../dialect/dialect.js';
import type { Server } from '../pair/server.js';
import { errno } from '../pair/session.js';

/** Accounts that a server makes for itself. */
const own = /^(mysql\.(sys|session|infoschema)|mariadb\.sys|PUBLIC)$/;

/**
 * Users, roles and grants as SQL that leaves accounts alone which exist already: the script of
 * `accounts.sql`. Passwords stay hashed. Reads the server's own account tables, hence needs the global
 * SELECT.
 */
export async function accountsSql(server: Server): Promise<string> {
  const session = await server.session();
  try {
    // Hashes of caching_sha2_password hold any byte; MySQL 8.0.17 and newer can print them as hex.
    await session
      .query('SET SESSION print_identified_with_as_hex = ON')
      .catch(unlessUnknownVariable);
    const mariadb = server.dialect.version.flavour === 'mariadb';
    const rows = await session.query(
      `SELECT User AS user, Host AS host, ${mariadb ? 'is_role' : "'N'"} AS role FROM mysql.user ORDER BY 3 DESC, 1, 2`,
    );
    const accounts = rows.filter((row) => !own.test(text(row, 'user')));
    const lines: string[] = [
      '-- Users, roles and grants. Accounts that exist already keep their password.',
    ];
    for (const account of accounts) {
      const name = nameOf(account);
      if (text(account, 'role') === 'Y') {
        lines.push(`CREATE ROLE IF NOT EXISTS ${name};`);
        continue;
      }
      const [created] = await session.query(`SHOW CREATE USER ${name}`).catch(ifNotInEffect);
      if (!created) {
        // The row of a host name, on a server with skip_name_resolve.
        lines.push(`-- Not in effect on this server, so left out: ${name}`);
        continue;
      }
      const create = firstText(created).replace(/^CREATE USER /, 'CREATE USER IF NOT EXISTS ');
      lines.push(`${create.replace(/ DEFAULT ROLE .*? (?=REQUIRE )/, ' ')};`);
    }
    for (const account of accounts) {
      const grants = await session.query(`SHOW GRANTS FOR ${nameOf(account)}`).catch(ifNotInEffect);
      for (const grant of grants) lines.push(grantLine(firstText(grant)));
    }
    if (!mariadb) lines.push(...(await defaultRoles(server)));
    lines.push('-- Accounts completed', '');
    return lines.join('\n');
  } finally {
    session.destroy();
  }
}

/**
 * The right to act as anybody, which the servers give to root, can be granted by none but its own
 * holder: error 1698 for everyone else.
 */
function grantLine(grant: string): string {
  return /^GRANT PROXY ON (''|``)@/.test(grant) ? `-- Left out: ${grant}` : `${grant};`;
}

/** Default roles can be set only once the roles are granted, so they leave CREATE USER. */
async function defaultRoles(server: Server): Promise<string[]> {
  const rows = await server
    .query(
      'SELECT USER AS user, HOST AS host, DEFAULT_ROLE_USER AS roleUser, DEFAULT_ROLE_HOST AS roleHost FROM mysql.default_roles',
    )
    .catch((error: unknown): Row[] => {
      if (errno(error) === 1146) return [];
      throw error;
    });
  const byAccount = new Map<string, string[]>();
  for (const row of rows) {
    const role = `${literal(text(row, 'roleUser'))}@${literal(text(row, 'roleHost'))}`;
    byAccount.set(nameOf(row), [...(byAccount.get(nameOf(row)) ?? []), role]);
  }
  return [...byAccount].map(
    ([name, roles]) => `ALTER USER ${name} DEFAULT ROLE ${roles.join(', ')};`,
  );
}

/** A role of MariaDB has no host. */
function nameOf(row: Row): string {
  const user = literal(text(row, 'user'));
  return text(row, 'role') === 'Y' ? user : `${user}@${literal(text(row, 'host'))}`;
}

function firstText(row: Row | undefined): string {
  const [name] = Object.keys(row ?? {});
  return name === undefined || row === undefined ? '' : text(row, name);
}

/** ER_PASSWORD_NO_MATCH, ER_NONEXISTING_GRANT, ER_CANNOT_USER. */
function ifNotInEffect(error: unknown): Row[] {
  if ([1133, 1141, 1396].includes(errno(error))) return [];
  throw error;
}

function unlessUnknownVariable(error: unknown): void {
  if (errno(error) !== 1193) throw error;
}
