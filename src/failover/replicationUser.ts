import { randomBytes } from 'node:crypto';
import { access } from 'node:fs/promises';
import type { PairConfig } from '../config/schema.js';
import { literal } from '../dialect/quote.js';
import { text } from '../dialect/rows.js';
import { StillpointError } from '../errors.js';
import { doing, statement, type Act } from '../pair/act.js';
import { replicationAccount, replicatesByTls } from '../pair/admin.js';
import type { Server } from '../pair/server.js';
import { connect, errno } from '../pair/session.js';
import { writeAtomic } from '../util/atomicFile.js';

/** From where the account of replication may come in: the servers change their roles. */
const host = '%';
const privilege = 'REPLICATION SLAVE';

/**
 * What makes the account that the replica connects with: a password file where that is configured and not
 * there, the account with the one privilege that it needs, by TLS only where both servers have it, since their
 * roles may change. Nothing where it is there. Throws `refused` where it is but its password is not known here.
 */
export async function replicationUserActs(
  source: Server,
  replica: Server,
  pair: PairConfig,
): Promise<Act[]> {
  const user = pair.replication?.user ?? (await replicationAccount(pair)).user;
  const hosts = await hostsOf(source, user);
  const file = pair.replication?.passwordFile;
  const isNew = file !== undefined && !(await isThere(file));
  if (!isNew) await refuseLongPassword(source, pair);
  if (hosts.length > 0) {
    if (isNew) throw unknownPassword(source, user, file);
    if (hosts.includes(host)) await refuseWrongPassword(source, pair);
    return await grantActs(source, user, hosts);
  }
  if (!pair.replication) {
    throw new StillpointError('refused', `the ${source.who} has no account "${user}"`, {
      hint: 'Name an account for the replica under replication in the configuration: it is made then.',
    });
  }
  const name = accountName(user, host);
  const bothHave = (await replicatesByTls(source)) && (await replicatesByTls(replica));
  const tls = bothHave ? ' REQUIRE SSL' : '';
  const create = (password: string) =>
    `CREATE USER ${name} IDENTIFIED BY ${literal(password)}${tls}`;
  const writing = (path: string): Act => ({
    on: '',
    says: `-- write a new password to ${path}`,
    // MySQL takes 32 letters from a replica; the end is for validate_password.
    run: async () => await writeAtomic(path, `${randomBytes(20).toString('base64url')}-1aA\n`),
  });
  return [
    ...(isNew ? [writing(file)] : []),
    doing(source, create('…'), async () => {
      const { password } = await replicationAccount(pair);
      await source.query(create(password));
    }),
    statement(source, `GRANT ${privilege} ON *.* TO ${name}`),
  ];
}

/**
 * Throws when a server could not be followed by the account that replicates: its password is not to be read or too
 * long, or it is not there, may not replicate or has another password.
 */
export async function requireReplicationUser(source: Server, pair: PairConfig): Promise<void> {
  await refuseLongPassword(source, pair);
  const { user } = await replicationAccount(pair);
  const hosts = await hostsOf(source, user);
  if (hosts.length === 0) {
    throw new StillpointError('refused', `the ${source.who} has no account "${user}"`, {
      hint: 'Nobody could follow it. Name the account that replicates under replication in the configuration.',
    });
  }
  const [lacking] = await grantActs(source, user, hosts);
  if (lacking) {
    throw new StillpointError(
      'refused',
      `the account "${user}" of the ${source.who} may not replicate`,
      { hint: `Run on the source of the pair: ${String(lacking.says)};` },
    );
  }
  if (hosts.includes(host)) await refuseWrongPassword(source, pair);
}

/** A `CREATE USER` comes from the source once it follows, and would fail where the account is. */
export async function isInTheWay(
  source: Server,
  replica: Server,
  user: string | undefined,
): Promise<boolean> {
  if (user === undefined || (await hostsOf(source, user)).includes(host)) return false;
  return (await hostsOf(replica, user)).includes(host);
}

async function hostsOf(server: Server, user: string): Promise<string[]> {
  const rows = await server.query(
    `SELECT Host AS host FROM mysql.user WHERE User = ${literal(user)}`,
  );
  return rows.map((row) => text(row, 'host'));
}

async function grantActs(source: Server, user: string, hosts: readonly string[]): Promise<Act[]> {
  const lacking: string[] = [];
  for (const one of hosts) {
    const name = accountName(user, one);
    const grants = await source.query(`SHOW GRANTS FOR ${name}`);
    const has = grants.some((row) =>
      /^GRANT .*(REPLICATION (SLAVE|REPLICA)\b(?! ADMIN)|ALL PRIVILEGES).* ON \*\.\*/.test(
        String(Object.values(row)[0]),
      ),
    );
    if (!has) lacking.push(name);
  }
  return lacking.map((name) => statement(source, `GRANT ${privilege} ON *.* TO ${name}`));
}

function accountName(user: string, from: string): string {
  return `${literal(user)}@${literal(from)}`;
}

async function isThere(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

/** An account that may come in from anywhere must let us in, too. */
async function refuseWrongPassword(source: Server, pair: PairConfig): Promise<void> {
  const account = await replicationAccount(pair);
  const tls = source.settings.tls ?? ((await replicatesByTls(source)) && { verify: false });
  const settings = { ...source.settings, ...account, tls };
  try {
    (await connect(settings, source.who)).destroy();
  } catch (error) {
    const cause = error instanceof StillpointError ? error.cause : error;
    if (errno(cause) !== 1045) return;
    throw new StillpointError(
      'refused',
      `the account "${account.user}" of the ${source.who} has another password than the configuration`,
      {
        hint: 'Write its password where replication in the configuration says, or name another account there.',
        cause: error,
      },
    );
  }
}

/** MySQL takes no longer one in CHANGE REPLICATION SOURCE. */
const longest = 32;

async function refuseLongPassword({ dialect }: Server, pair: PairConfig): Promise<void> {
  const { user, password } = await replicationAccount(pair);
  if (dialect.version.flavour !== 'mysql' || password.length <= longest) return;
  throw new StillpointError(
    'refused',
    `the password of "${user}" has ${password.length} letters, and MySQL takes ${longest} from a replica`,
    { hint: 'Give the account of replication a shorter one.' },
  );
}

function unknownPassword(source: Server, user: string, file: string): StillpointError {
  return new StillpointError(
    'refused',
    `the ${source.who} has the account "${user}", and ${file} with its password is not there`,
    {
      hint: 'Write its password into that file (chmod 600), or name an account that is not there yet.',
    },
  );
}
