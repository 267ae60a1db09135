import type { GrantNeed } from '../dialect/dialect.js';
import { literal } from '../dialect/quote.js';
import { text } from '../dialect/rows.js';
import { StillpointError } from '../errors.js';
import type { Server } from './server.js';

/** Which global privileges the backup's account lacks, and the statement that grants them. */
export interface GrantReport {
  /** `'stillpoint'@'%'`, as the server knows the account. */
  account: string;
  missing: GrantNeed[];
  /** Ready to run on the source, from which it replicates; empty when nothing is missing. */
  statement: string;
}

/** The account we are on a server, and its global privileges as SHOW GRANTS spells them. */
export async function globalGrants(
  server: Server,
): Promise<{ account: string; privileges: Set<string> }> {
  const [who] = await server.query('SELECT CURRENT_USER() AS account');
  const account = text(who ?? {}, 'account')
    .split('@')
    .map(literal)
    .join('@');
  const rows = await server.query('SHOW GRANTS');
  const privileges = rows.flatMap((row) => globalPrivileges(String(Object.values(row)[0])));
  return { account, privileges: new Set(privileges) };
}

/** Whether any of the names, or all privileges, are held. */
export function hasAny(privileges: ReadonlySet<string>, names: readonly string[]): boolean {
  return privileges.has('ALL PRIVILEGES') || names.some((name) => privileges.has(name));
}

/**
 * Compares what the account holds with what a backup needs. Only global privileges count: with grants
 * per schema a dump leaves routines out without a word, so counting what is visible proves nothing.
 * `closes`: it takes the server out of writing, too.
 */
export async function checkGrants(server: Server, closes: boolean): Promise<GrantReport> {
  const { account, privileges } = await globalGrants(server);
  const { grants, closingGrants } = server.dialect;
  const missing = [...grants, ...(closes ? closingGrants : [])].filter(
    (need) => !hasAny(privileges, need.anyOf),
  );
  const wanted = missing.map((need) => need.anyOf[0] ?? '').join(', ');
  return { account, missing, statement: wanted && `GRANT ${wanted} ON *.* TO ${account};` };
}

/** What a backup does to its server, beside pausing it. */
export interface GrantUses {
  /** Holds a global read lock. */
  exclusive: boolean;
  /** Takes the server out of writing. */
  closes: boolean;
}

/** Throws `refused` when a privilege is missing that this backup needs. */
export async function requireGrants(
  server: Server,
  { exclusive, closes }: GrantUses,
): Promise<void> {
  const { account, missing, statement } = await checkGrants(server, closes);
  const used = [...(exclusive ? ['RELOAD'] : []), ...(closes ? ['PROCESS'] : [])];
  const needed = missing.filter(
    (need) => need.optional !== true || used.some((name) => need.anyOf.includes(name)),
  );
  if (needed.length === 0) return;
  const names = needed.map((need) => need.anyOf[0]).join(', ');
  throw new StillpointError(
    'refused',
    `the account ${account} lacks ${names} on the ${server.who}`,
    {
      hint: `Run on the source: ${statement}`,
    },
  );
}

/** The privileges of a line like ``GRANT SELECT, SHOW VIEW ON *.* TO `u`@`%` ``. */
export function globalPrivileges(grant: string): string[] {
  const found = /^GRANT ([^`]+?) ON \*\.\* TO /.exec(grant);
  return found?.[1]?.split(',').map((name) => name.trim().toUpperCase()) ?? [];
}
