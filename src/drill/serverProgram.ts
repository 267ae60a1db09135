import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { parseVersion, type Flavour, type Version } from '../dialect/version.js';
import { clientVersion, type Tool } from '../dump/tools.js';
import { StillpointError } from '../errors.js';
import { output } from '../util/command.js';

const names: Record<Flavour, { programs: string[]; install: string }> = {
  mariadb: { programs: ['mariadbd', 'mysqld'], install: 'mariadb-server-core' },
  mysql: { programs: ['mysqld'], install: 'mysql-server-core' },
};

/**
 * Finds a server program that can hold a backup of `wanted`: of its flavour, and of its series or a
 * newer one. The configured one is taken or refused, others are looked for. Throws `refused` when there
 * is none.
 */
export async function findServer(wanted: Version, configured: string | undefined): Promise<Tool> {
  const { programs, install } = names[wanted.flavour];
  const found: Tool[] = [];
  for (const path of configured === undefined ? programs.flatMap(paths) : [configured]) {
    const said = await output({ file: path, args: ['--version'] }).catch(() => '');
    const version = clientVersion(said);
    if (version) found.push({ path, version });
  }
  const fitting = found.filter(({ version }) => holds(version, wanted));
  const exact = fitting.find(({ version }) => isSameSeries(version, wanted));
  const [chosen] = exact ? [exact] : fitting;
  if (chosen) return chosen;
  const others = found.map(({ path, version }) => `${path} is ${version.text}`).join(', ');
  const title = wanted.flavour === 'mariadb' ? 'MariaDB' : 'MySQL';
  throw new StillpointError(
    'refused',
    `no server program of ${title} ${seriesOf(wanted)} or newer${others && ` (${others})`}`,
    {
      hint: `Install ${install}, name one with tools.mysqld in the configuration, or drill into a target: --to NAME.`,
    },
  );
}

/** `10.11`, `9.7`: what has one format of data and one way to print definitions. */
export function seriesOf(version: Version): string {
  return `${version.major}.${version.minor}`;
}

/** Whether checksums and definitions of the two can be compared. */
export function isSameSeries(one: Version, other: Version): boolean {
  return one.flavour === other.flavour && seriesOf(one) === seriesOf(other);
}

/** The version that a record names, of the server it was taken from. */
export function recordedVersion(record: { flavour: Flavour; version: string }): Version {
  const version = parseVersion(record.version, record.flavour);
  if (version) return { ...version, flavour: record.flavour };
  throw new StillpointError('verification', `the backup is of no version: ${record.version}`);
}

function holds(version: Version, wanted: Version): boolean {
  if (version.flavour !== wanted.flavour) return false;
  return (
    version.major > wanted.major ||
    (version.major === wanted.major && version.minor >= wanted.minor)
  );
}

/** Every place of a program; the folders of servers are seldom on the PATH of an ordinary user. */
function paths(program: string): string[] {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    '/usr/libexec',
    '/usr/local/mysql/bin',
  ];
  return [...new Set(folders)].map((folder) => join(folder, program)).filter(existsSync);
}

/** MariaDB's script that makes a data directory, beside its server or on the PATH. */
export function installScript(server: string): string {
  const folder = dirname(server);
  const beside = [folder, join(folder, '../bin'), join(folder, '../scripts')];
  const script = ['mariadb-install-db', 'mysql_install_db'].flatMap((name) => [
    ...beside.map((place) => join(place, name)),
    ...paths(name),
  ]);
  return script.find(existsSync) ?? 'mariadb-install-db';
}
