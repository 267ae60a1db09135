import { identifier } from '../dialect/quote.js';
import { reasonOf, StillpointError } from '../errors.js';
import type { Server } from '../pair/server.js';
import { errno } from '../pair/session.js';
import type { DatabaseInfo } from './inventory.js';

/** MariaDB lets nobody see the columns of a view who may not run the functions that it calls. */
function needsExecute(view: string, server: Server, cause: unknown): StillpointError {
  return new StillpointError(
    'refused',
    `the account may not read the view ${view} on the ${server.who}: ${reasonOf(cause)}`,
    {
      hint: 'Run on the source: GRANT EXECUTE ON *.* TO the account of the backup; mysqldump needs it for views that call functions.',
      cause,
    },
  );
}

/**
 * Throws `refused` for a view that cannot be read: mysqldump would end in the middle with error 1356.
 */
export async function refuseBrokenViews(
  server: Server,
  databases: readonly DatabaseInfo[],
): Promise<void> {
  for (const database of databases) {
    for (const view of database.views) {
      const name = `${identifier(database.name)}.${identifier(view)}`;
      await server.query(`SHOW COLUMNS FROM ${name}`).catch((error: unknown) => {
        if (errno(error) === 0) throw error;
        if (errno(error) === 1370) throw needsExecute(name, server, error);
        throw new StillpointError('refused', `the view ${name} is broken: ${reasonOf(error)}`, {
          hint: `Mend or drop it on the source, or leave its database out with databases.exclude: "${database.name}.${view}".`,
          cause: error,
        });
      });
    }
  }
}
