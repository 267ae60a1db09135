import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { number, text } from '../dialect/rows.js';
import { atLeast } from '../dialect/version.js';
import { StillpointError } from '../errors.js';
import type { Finding } from '../pair/checks.js';
import type { Server } from '../pair/server.js';
import { bytesText } from '../util/text.js';

/** Beyond the data itself: logs, and what adding keys takes for a while. */
const spare = 1.3;
/** All sizes of a table that is dropped while it is looked at (MySQL 9.7). */
const ofNone = 2 ** 32 - 1;

/** Bytes of all tables of a server with their keys, as it estimates them. */
export async function dataBytes(server: Server): Promise<number> {
  const { version } = server.dialect;
  const session = await server.session();
  try {
    // MySQL 8 answers with what somebody was told up to a day ago.
    if (version.flavour === 'mysql' && atLeast(version, 8, 0))
      await session.query('SET SESSION information_schema_stats_expiry = 0');
    const [row] = await session.query(
      `SELECT SUM(DATA_LENGTH + INDEX_LENGTH) AS bytes FROM information_schema.TABLES
       WHERE TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')
         AND NOT (DATA_LENGTH = ${ofNone} AND INDEX_LENGTH = ${ofNone})`,
      Infinity,
    );
    return number(row ?? {}, 'bytes') ?? 0;
  } finally {
    session.destroy();
  }
}

/** Whether the data of the source has room on the replica; a server tells that only where it is this host. */
export async function checkRoom(source: Server, replica: Server): Promise<Finding> {
  const name = 'room';
  const needed = Math.ceil((await dataBytes(source)) * spare);
  const free = await freeBytes(replica);
  if (free === null) {
    const detail = `about ${bytesText(needed)} needed; what is free on the replica cannot be told from here`;
    return { name, status: 'ok', detail };
  }
  const detail = `about ${bytesText(needed)} needed, ${bytesText(free)} free on the replica`;
  if (free >= needed) return { name, status: 'ok', detail };
  const fix = 'Give the data directory of the replica more room.';
  return { name, status: 'fail', detail, fix };
}

/** Throws `refused` when a dump of a server might not fit into a folder of this host. Changes nothing. */
export async function refuseNoRoom(source: Server, folder: string): Promise<void> {
  const free = await freeIn(folder);
  const needed = await dataBytes(source);
  if (free >= needed) return;
  throw new StillpointError(
    'refused',
    `${folder} has ${bytesText(free)} free, a dump of the ${source.who} may take ${bytesText(needed)}`,
    { hint: 'Set stateDir to a folder with more room, or seed from a backup of the store.' },
  );
}

/** Of a folder that is not there yet, what there is where it would be made. */
async function freeIn(folder: string): Promise<number> {
  const found = await statfs(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  return found === null ? await freeIn(dirname(folder)) : found.bavail * found.bsize;
}

async function freeBytes(server: Server): Promise<number | null> {
  const { host, socketPath } = server.settings;
  if (socketPath === undefined && !/^(localhost|127\..*|::1)$/.test(host)) return null;
  const [row] = await server.query('SELECT @@GLOBAL.datadir AS path');
  // The server may be in a container, whose folders have other names here.
  return await statfs(text(row ?? {}, 'path')).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null,
  );
}
