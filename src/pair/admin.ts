import type { PairConfig, ServerConfig } from '../config/schema.js';
import { readPassword, resolveServer, type ResolvedServer } from '../config/secret.js';
import { passwordKeys } from '../config/server.js';
import { number, text } from '../dialect/rows.js';
import { StillpointError } from '../errors.js';
import { globalGrants, hasAny } from './grants.js';
import { openServer, type Server } from './server.js';
import { errno } from './session.js';

/** A server of a pair as its administrator reaches it: with `admin` of the configuration, else as itself. */
export async function adminSettings(
  server: ServerConfig,
  admin: PairConfig['admin'],
): Promise<ResolvedServer> {
  const settings = await resolveServer(server);
  if (!admin) return settings;
  const password = await readPassword(admin);
  return { ...settings, user: admin.user, ...(password === undefined ? {} : { password }) };
}

/** The same as a configuration of its own. */
export function asAdmin(server: ServerConfig, admin: PairConfig['admin']): ServerConfig {
  if (!admin) return server;
  const isKept = ([key]: [string, unknown]) => !(passwordKeys as readonly string[]).includes(key);
  const at = Object.fromEntries(Object.entries(server).filter(isKept)) as ServerConfig;
  return { ...at, ...admin };
}

const nameAdmin = 'Name one with all rights on both servers under admin in the configuration.';

/** Opens a server of a pair to change it. `who` names it in errors. */
export async function openAdmin(
  server: ServerConfig,
  admin: PairConfig['admin'],
  who: string,
): Promise<Server> {
  return await openServer(await adminSettings(server, admin), who).catch((error: unknown) => {
    if (admin || !(error instanceof StillpointError) || errno(error.cause) !== accessDenied)
      throw error;
    const { code, message, cause, hint = '' } = error;
    throw new StillpointError(code, message, { hint: `${hint} ${nameAdmin}`, cause });
  });
}

const accessDenied = 1045;

/** Of all rights those that tell an administrator from an account for backups; each under any of these names. */
const rights = [
  ['CREATE USER'],
  ['RELOAD'],
  ['SUPER', 'SYSTEM_VARIABLES_ADMIN', 'READ_ONLY ADMIN'],
  ['SUPER', 'REPLICATION_SLAVE_ADMIN', 'REPLICATION SLAVE ADMIN'],
];

/** Throws `refused` when an account could not do what a pair needs, so that it is not left half done. */
export async function requireAdmin(server: Server, admin: PairConfig['admin']): Promise<void> {
  const { account, privileges } = await globalGrants(server);
  const lacking = rights.filter((names) => !hasAny(privileges, names));
  const missing = [...new Set(lacking.map(([name]) => name))];
  if (missing.length === 0) return;
  const grant = `Run on it: GRANT ALL PRIVILEGES ON *.* TO ${account} WITH GRANT OPTION;`;
  throw new StillpointError(
    'refused',
    `the account ${account} lacks ${missing.join(', ')} on the ${server.who}`,
    { hint: admin ? grant : nameAdmin },
  );
}

/** Whether accounts without special privileges may write to a server. */
export async function isWritable(server: Server): Promise<boolean> {
  const [row] = await server.query(server.dialect.writable());
  return number(row ?? {}, 'writable') === 1;
}

/** Whether nobody may write to a server, as `closeForWrites` of a dialect leaves it. */
export async function isClosed(server: Server): Promise<boolean> {
  if (await isWritable(server)) return false;
  if (!server.dialect.superReadOnly) return true;
  const [row] = await server.query('SELECT @@GLOBAL.super_read_only AS strict');
  return number(row ?? {}, 'strict') === 1;
}

/** The account by which servers of a pair reach one another. */
export interface ReplicationAccount {
  user: string;
  password: string;
}

/** The account of `replication` in the configuration, else that of its source. */
export async function replicationAccount(pair: PairConfig): Promise<ReplicationAccount> {
  const source = await resolveServer(pair.source);
  const password = pair.replication ? await readPassword(pair.replication) : source.password;
  return { user: pair.replication?.user ?? source.user, password: password ?? '' };
}

/** Whether a replica follows this source by TLS: as the configuration says, else where the source has it. */
export async function replicatesByTls(source: Server): Promise<boolean> {
  const { tls } = source.settings;
  if (tls !== undefined) return tls !== false;
  const [row] = await source.query(source.dialect.offersTls());
  return !['', 'NO', 'DISABLED'].includes(text(row ?? {}, 'Value'));
}
