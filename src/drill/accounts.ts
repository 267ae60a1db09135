import { accountsSql } from '../dump/accounts.js';
import type { Server } from '../pair/server.js';
import type { Evidence } from './evidence.js';
import { plural } from './words.js';

/** The accounts that a fresh server has of its own: those of a backup leave them as they are. */
export async function accountsBefore(server: Server): Promise<Set<string>> {
  return new Set(statements(await accountsSql(server)).map(accountOf));
}

/**
 * Compares users, roles and grants of a restored server with the statements of the backup's accounts
 * part. `before` names the accounts that the server had of its own.
 */
export async function compareAccounts(
  server: Server,
  backedUp: string,
  before: ReadonlySet<string>,
  evidence: Evidence,
): Promise<void> {
  const found = new Set(statements(await accountsSql(server)));
  const wanted = statements(backedUp).filter((line) => !before.has(accountOf(line)));
  const lost = wanted.filter((line) => !found.has(line));
  const accounts = new Set(wanted.map(accountOf));
  // The statement itself holds a password's hash.
  const differences = [...new Set(lost.map(accountOf))].map(
    (account) => `the account ${account} lacks something of what it had`,
  );
  evidence.compared(
    'accounts',
    differences,
    `${plural(accounts.size, 'account')} with ${plural(wanted.length - accounts.size, 'grant')}, as in the backup`,
  );
}

function statements(sql: string): string[] {
  return sql.split('\n').filter((line) => line !== '' && !line.startsWith('--'));
}

/** Whose statement it is: `` `u`@`%` `` in any way of quoting. */
function accountOf(line: string): string {
  const quoted = "(?:`(?:[^`]|``)*`|'(?:[^']|'')*')";
  const account = `(${quoted}(?:@${quoted})?)`;
  const found =
    new RegExp(`^(?:CREATE (?:USER|ROLE) IF NOT EXISTS|ALTER USER) ${account}`).exec(line) ??
    new RegExp(`^GRANT .* TO ${account}`).exec(line);
  return (found?.[1] ?? line).replaceAll('`', "'");
}
