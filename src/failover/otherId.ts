import { join } from 'node:path';
import { z } from 'zod';
import { number } from '../dialect/rows.js';
import { perform, statement } from '../pair/act.js';
import { channelsOf } from '../pair/channels.js';
import type { Server } from '../pair/server.js';
import type { Observe } from '../util/observe.js';
import { stateFile, stateName, type StateFile } from '../util/stateFile.js';

const shape = z.object({
  /** The server that got another id for a while, and the one that it has. */
  server: z.string(),
  serverId: z.number(),
});

/** What is on disk while a server has another id than its own. */
export type OtherIdFile = StateFile<z.infer<typeof shape>>;

export function openOtherIdFile(stateDir: string, pair: string, server: string): OtherIdFile {
  const path = join(stateDir, `${stateName(pair, server)}.server-id.json`);
  const hint =
    'It holds the server_id of a server that was being seeded; compare, and move it away.';
  return stateFile(path, shape, hint);
}

/** The highest bit of a server_id. MariaDB's servers are told apart without it, see its dialect. */
const highBit = 2 ** 31;

/**
 * Runs `body` while a server has another server_id, and gives it its own back, its channel stopped meanwhile. A
 * replica passes over every event with its own id. A server that was a source once has given its id to events
 * which a backup may lack and the new source has: with that id it would never get them back.
 */
export async function withOtherId(
  server: Server,
  file: OtherIdFile,
  { observe, dryRun }: { observe: Observe; dryRun: boolean },
  body: () => Promise<void>,
): Promise<void> {
  const { dialect } = server;
  const how = { observe, dryRun };
  const now = await serverIdOf(server);
  const left = await file.read();
  const own = left?.server === server.uuid ? left.serverId : now;
  const other = own < highBit ? own + highBit : own - highBit;
  if (!dryRun) await file.write({ server: server.uuid, serverId: own });
  const set = (id: number) => statement(server, `SET GLOBAL server_id = ${id}`);
  if (now !== other) await perform([set(other)], how);
  await body();
  const channels = dryRun ? [{ name: '' }] : await channelsOf(server);
  await perform(
    [
      ...channels.map(({ name }) => statement(server, dialect.stopReplica(name))),
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
