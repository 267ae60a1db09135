import { literal } from './dialect/quote.js';
import { text } from './dialect/rows.js';
import { reasonOf, StillpointError } from './errors.js';
import { openActs } from './failover/becomeSource.js';
import { addressOf, doing, perform, statement, type Act } from './pair/act.js';
import { replicatesByTls } from './pair/admin.js';
import type { Server } from './pair/server.js';
import { errno, isBroken } from './pair/session.js';
import type { Observe } from './util/observe.js';
import { waitFor } from './util/wait.js';

/** Seconds that a clone may take. */
const patience = 24 * 3600;
/** Seconds in which a server that has been cloned must be back. */
const restartPatience = 600;

/** mysql2 holds the process for as long when the server goes away under a statement. */
const pollSeconds = 2;

export interface CloneOptions {
  signal: AbortSignal;
  observe: Observe;
  dryRun: boolean;
}

/**
 * Seeds a replica by MySQL's CLONE: it takes the data files of the source over the network and restarts
 * itself. What it held before is gone then. A clone that an interrupted run has begun is waited for.
 */
export async function cloneReplica(
  source: Server,
  replica: Server,
  { signal, observe, dryRun }: CloneOptions,
): Promise<void> {
  const how = { observe, dryRun };
  if (await isCloning(replica)) {
    await perform([doing(replica, '-- wait for the CLONE that goes on', ended)], how);
    return;
  }
  await perform(await openActs(replica), how);
  await perform([...(await pluginActs(source)), ...(await pluginActs(replica))], how);
  const { host, port, user, password = '' } = source.settings;
  const from = `${literal(user)}@${literal(host)}:${port}`;
  const tls = (await replicatesByTls(source)) ? ' REQUIRE SSL' : '';
  const clone = (secret: string) =>
    `CLONE INSTANCE FROM ${from} IDENTIFIED BY ${literal(secret)}${tls}`;
  await perform(
    [
      statement(replica, `SET GLOBAL clone_valid_donor_list = ${literal(`${host}:${port}`)}`),
      doing(replica, clone('…'), async () => {
        await replica.query(clone(password), Infinity).catch(async (error: unknown) => {
          // The connection ends with the restart. 3707: all is there, but somebody else has to start it.
          if (errno(error) === 3707) {
            const says = '-- it has ended itself: wait until it is started';
            await observe({ type: 'act', on: addressOf(replica), says });
          } else if (!isBroken(error)) throw notCloned(replica, error);
        });
        await ended();
      }),
    ],
    how,
  );

  async function ended(): Promise<void> {
    await waitFor(async () => ((await isCloning(replica).catch(() => false)) ? null : true), {
      within: patience,
      signal,
    });
    const state = await waitFor(async () => await stateOf(replica).catch(() => null), {
      within: restartPatience,
      signal,
    });
    if (state === 'Completed') return;
    if (state === null) throw notRestarted(replica, undefined);
    throw notCloned(replica, new Error(`its state is ${state}`));
  }
}

/** Whether the data of a server came whole by CLONE. */
export async function isCloned(replica: Server): Promise<boolean> {
  return (await stateOf(replica).catch(() => '')) === 'Completed';
}

async function isCloning(replica: Server): Promise<boolean> {
  return (await stateOf(replica)) === 'In Progress';
}

async function stateOf(replica: Server): Promise<string> {
  const [row] = await replica
    .query('SELECT STATE AS state FROM performance_schema.clone_status', pollSeconds)
    .catch((error: unknown) => {
      // ER_NO_SUCH_TABLE: the plugin is not there yet.
      if (errno(error) === 1146) return [];
      throw error;
    });
  return text(row ?? {}, 'state');
}

async function pluginActs(server: Server): Promise<Act[]> {
  const [row] = await server.query(
    "SELECT PLUGIN_STATUS AS status FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone'",
  );
  if (text(row ?? {}, 'status') === 'ACTIVE') return [];
  return [statement(server, "INSTALL PLUGIN clone SONAME 'mysql_clone.so'")];
}

function notRestarted(replica: Server, cause: unknown): StillpointError {
  return new StillpointError(
    'failed',
    `the ${replica.who} was cloned, but nobody has started it again`,
    { hint: `Start the server at ${addressOf(replica)}, then run the same command again.`, cause },
  );
}

function notCloned(replica: Server, cause: unknown): StillpointError {
  return new StillpointError('failed', `cannot clone to the ${replica.who}: ${reasonOf(cause)}`, {
    hint: 'The account of admin needs BACKUP_ADMIN on the source and must be let in from the replica. Else say --seed backup or --seed source.',
    cause,
  });
}
