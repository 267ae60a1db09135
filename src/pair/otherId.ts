import { join } from 'node:path';
import { z } from 'zod';
import { number } from '../dialect/rows.js';
import { reasonOf, StillpointError } from '../errors.js';
import type { Observe } from '../util/observe.js';
import { stateFile, type StateFile } from '../util/stateFile.js';
import { perform, statement } from './act.js';
import { channelsOf } from './channels.js';
import type { Server } from './server.js';

/** Its own id. */
const shape = z.object({ serverId: z.number() });

/** What is on disk while a server has another id than its own. */
type OtherIdFile = StateFile<z.infer<typeof shape>>;

function openOtherIdFile(stateDir: string, server: Pick<Server, 'uuid'>): OtherIdFile {
  const path = join(stateDir, `${encodeURIComponent(server.uuid)}.server-id.json`);
  const hint =
    'It holds the server_id of a server that was being seeded; compare, and move it away.';
  return stateFile(path, shape, hint);
}

/** The highest bit of a server_id. MariaDB's servers are told apart without it, see its dialect. */
const highBit = 2 ** 31;

/**
 * Runs `body`, which starts its channels, while a server has another server_id, and gives it its own back. A
 * replica passes over every event with its own id. A server that was a source once has given its id to events
 * which a backup may lack and the new source has: with that id it would never get them back.
 */
export async function withOtherId(
  server: Server,
  { stateDir, observe, dryRun }: { stateDir: string; observe: Observe; dryRun: boolean },
  body: () => Promise<void>,
): Promise<void> {
  const { dialect } = server;
  const how = { observe, dryRun };
  const file = openOtherIdFile(stateDir, server);
  const now = await serverIdOf(server);
  const left = await file.read();
  const own = left?.serverId ?? now;
  const other = own < highBit ? own + highBit : own - highBit;
  if (!dryRun) await file.write({ serverId: own });
  const set = (id: number) => statement(server, `SET GLOBAL server_id = ${id}`);
  const stops = (channels: readonly { name: string }[]) =>
    channels.map(({ name }) => statement(server, dialect.stopReplica(name)));
  const begun = dryRun ? [] : await channelsOf(server);
  if (now !== other) await perform([...stops(begun), set(other)], how);
  await body();
  const channels = dryRun ? [{ name: '' }] : await channelsOf(server);
  await perform(
    [
      ...stops(channels),
      set(own),
      ...channels.map(({ name }) => statement(server, dialect.startReplica(name))),
    ],
    how,
  );
  if (!dryRun) await file.close();
}

async function serverIdOf(server: Server): Promise<number> {
  const [row] = await server.query('SELECT @@GLOBAL.server_id AS id');
  return number(row ?? {}, 'id') ?? 0;
}

/** Throws `refused` where we may not give a server another id. Gives it the one that it has. */
export async function refuseFixedId(server: Server): Promise<void> {
  await server.query('SET GLOBAL server_id = @@GLOBAL.server_id').catch((error: unknown) => {
    throw new StillpointError(
      'refused',
      `the ${server.who} cannot be given another server_id while it catches up: ${reasonOf(error)}`,
      {
        hint: 'Restore as an account with all privileges. With its own id it would pass over events that it wrote itself as a source.',
        cause: error,
      },
    );
  });
}
