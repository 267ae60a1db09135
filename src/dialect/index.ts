import { StillpointError } from '../errors.js';
import type { Dialect } from './dialect.js';
import { mariadbDialect } from './mariadb.js';
import { mysqlDialect } from './mysql.js';
import { atLeast, type Version } from './version.js';

/** The dialect of a server. Throws `refused` for servers older than MySQL 5.7 or MariaDB 10.6. */
export function dialectOf(version: Version): Dialect {
  const known = version.flavour === 'mariadb' ? atLeast(version, 10, 6) : atLeast(version, 5, 7);
  if (!known) {
    throw new StillpointError('refused', `server version ${version.text} is too old`, {
      hint: 'stillpoint speaks MySQL 5.7 and newer and MariaDB 10.6 and newer.',
    });
  }
  return version.flavour === 'mariadb' ? mariadbDialect(version) : mysqlDialect(version);
}
