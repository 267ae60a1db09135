import type { RigServer } from '../server.js';
import { nameStatements, programStatements, shapeStatements, typeStatements } from './common.js';
import { engineStatements } from './engines.js';

export { diffDigests, digest, type Digest } from './digest.js';

/**
 * Makes the databases of hostile names, values and shapes on a source. Tests share it, so that one that
 * has them stays as it is.
 */
export async function loadHostile(source: RigServer): Promise<void> {
  if ((await source.query("SHOW DATABASES LIKE 'a/b'")).length > 0) return;
  const connection = await source.connect();
  try {
    await connection.query("SET sql_mode = '', time_zone = '+00:00'");
    const statements = [
      ...nameStatements(),
      ...typeStatements,
      ...shapeStatements,
      ...programStatements,
      ...engineStatements[source.engine],
    ];
    for (const sql of statements) {
      await connection.query(sql).catch((cause: unknown) => {
        throw new Error(`${String(cause)}\n${sql.slice(0, 1000)}`, { cause });
      });
    }
  } finally {
    await connection.end();
  }
}
