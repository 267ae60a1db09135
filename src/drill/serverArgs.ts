import { randomInt } from 'node:crypto';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { Flavour } from '../dialect/version.js';

/** What a sandbox's server is started for. */
export interface ServerNeeds {
  flavour: Flavour;
  /** The sandbox's folder. */
  folder: string;
  /** Settings of the backed up server, by name. */
  variables: Record<string, string>;
  /** Bytes of SQL that it will hold. */
  plainBytes: number;
  /** It will follow a source. */
  follows: boolean;
  /** The source has GTIDs: a server of MySQL must be of the same mind to follow it. */
  gtid: boolean;
  /** `db.table` patterns that it does not take from the source, since the backup does not hold them. */
  ignored: readonly string[];
}

/** What of the sandbox lies where. The socket's path may have 107 bytes at most. */
export function placesIn(folder: string) {
  return {
    data: join(folder, 'data'),
    temporary: join(folder, 'tmp'),
    socket: join(folder, 's.sock'),
    log: join(folder, 'error.log'),
  };
}

/** Settings that a data directory is made with and cannot change. */
export function foreverArgs({ flavour, variables }: ServerNeeds): string[] {
  const pageSize = variables['innodb_page_size'] ?? '';
  const lowerCase = variables['lower_case_table_names'] ?? '';
  return [
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    ...(pageSize === '' ? [] : [`--innodb-page-size=${pageSize}`]),
    ...(lowerCase === '' || (flavour === 'mysql' && lowerCase === '2')
      ? []
      : [`--lower-case-table-names=${lowerCase}`]),
  ];
}

/** What a server writes beside its tables: the system's own, undo and temporary files. */
const overheadBytes = 300 << 20;

function redoBytes({ plainBytes }: Pick<ServerNeeds, 'plainBytes'>): number {
  return Math.min(Math.max(plainBytes, 64 << 20), 512 << 20);
}

/** About how much room a sandbox takes; tables with their indexes take more than their SQL. */
export function roomOf(needs: Pick<ServerNeeds, 'plainBytes' | 'follows'>): number {
  const logged = needs.follows ? needs.plainBytes * 0.2 : 0;
  return needs.plainBytes * 1.6 + redoBytes(needs) + overheadBytes + logged;
}

function megabytesOf(bytes: number): number {
  return Math.ceil(bytes / (1 << 20));
}

/**
 * A server that nobody but us reaches (a socket in a folder of mode 0700), that is loaded once and
 * thrown away: nothing waits for the disk, nothing is written twice. Events stay off, files stay inside.
 */
export function serverArgs(needs: ServerNeeds): string[] {
  const { folder, flavour, variables, follows } = needs;
  const places = placesIn(folder);
  const pool = Math.min(Math.max(needs.plainBytes * 1.3, 128 << 20), totalmem() / 4);
  const charset = variables['character_set_server'];
  const collation = variables['collation_server'];
  return [
    ...foreverArgs(needs),
    `--datadir=${places.data}`,
    `--tmpdir=${places.temporary}`,
    `--socket=${places.socket}`,
    `--pid-file=${join(folder, 'server.pid')}`,
    `--log-error=${places.log}`,
    `--secure-file-priv=${places.temporary}`,
    // Far from the small numbers that people give.
    `--server-id=${randomInt(2 ** 30, 2 ** 32 - 1)}`,
    '--skip-networking',
    '--local-infile=0',
    '--event-scheduler=OFF',
    '--performance-schema=OFF',
    '--max-allowed-packet=1G',
    '--sync-binlog=0',
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-doublewrite=OFF',
    `--innodb-buffer-pool-size=${megabytesOf(pool)}M`,
    '--innodb-io-capacity=10000',
    '--innodb-io-capacity-max=20000',
    ...(charset === undefined ? [] : [`--character-set-server=${charset}`]),
    ...(collation === undefined ? [] : [`--collation-server=${collation}`]),
    ...(follows ? ['--log-bin=binlog'] : ['--skip-log-bin']),
    ...needs.ignored.map((pattern) => `--replicate-wild-ignore-table=${pattern}`),
    `--innodb-${flavour === 'mysql' ? 'redo-log-capacity' : 'log-file-size'}=${megabytesOf(redoBytes(needs))}M`,
    ...(flavour === 'mysql' ? mysqlArgs : mariadbArgs),
    // Said in any case: MySQL 9.7 has them on if nothing is said.
    ...(flavour === 'mysql' ? gtidArgs(needs.gtid ? 'ON' : 'OFF') : []),
  ];
}

const mysqlArgs = ['--mysqlx=OFF', '--log-bin-trust-function-creators=1', '--skip-replica-start'];

const gtidArgs = (mode: 'ON' | 'OFF') => [
  `--gtid-mode=${mode}`,
  `--enforce-gtid-consistency=${mode}`,
];

const mariadbArgs = ['--log-bin-trust-function-creators=1', '--skip-slave-start'];
