import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

export const engines = ['mariadb', 'mysql'] as const;
export type Engine = (typeof engines)[number];

/** Where an engine's programs are. */
export interface EngineTools {
  /** Of the server, e.g. `10.11.19-MariaDB`. */
  version: string;
  server: string;
  /** Makes an empty data directory; the server itself does where this is null. */
  initialize: string | null;
  mysqldump: string;
  mysql: string;
  mysqlbinlog: string;
}

/** What was found, and what is missing in words. */
export interface Toolbox {
  mariadb: EngineTools | null;
  mysql: EngineTools | null;
  /** Command and first arguments of a moto server. */
  s3: string[] | null;
  missing: string[];
}

const cache =
  process.env['STILLPOINT_RIG_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'stillpoint-rig');
const sid = join(cache, 'sid');

const debian = {
  programs: [
    'mariadbd',
    'mariadb-install-db',
    'mariadb-dump',
    'mariadb',
    'mariadb-binlog',
    'zstd',
    'age',
    'setpriv',
    'ip',
    'openssl',
    'systemd-analyze',
    'my_print_defaults',
    'fish',
    'zsh',
    'groff',
  ],
  packages: [
    'mariadb-server-core',
    'mariadb-client',
    'zstd',
    'age',
    'util-linux',
    'iproute2',
    'openssl',
    'systemd',
    'fish',
    'zsh',
    'groff-base',
  ],
};
const sidPackages =
  'mysql-server-core,mysql-client-core,python3-moto,python3-flask,python3-flask-cors';

/** The path of a program, sbin folders included; null when there is none. */
export function which(program: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? null;
}

/** Finds the programs of the rig; what it lacks it installs where it may (Debian, as root). */
export async function findTools(say: (line: string) => void = () => undefined): Promise<Toolbox> {
  const mayInstall = process.getuid?.() === 0 && which('apt-get') !== null;
  const lacking = debian.programs.filter((program) => which(program) === null);
  if (lacking.length > 0 && mayInstall) await aptInstall(debian.packages, say);
  const mysqlOnPath = await mysqlFrom(
    ...([which('mysqld'), which('mysqldump'), which('mysql'), which('mysqlbinlog')] as const),
  );
  const motoOnPath = which('moto_server');
  if (mayInstall && !existsSync(join(sid, 'usr/bin/moto_server'))) {
    if (mysqlOnPath === null || motoOnPath === null) await installSid(say);
  }
  const fromSid = existsSync(join(sid, 'usr/sbin/mysqld'));
  const toolbox: Toolbox = {
    mariadb: await findMariadb(),
    mysql: mysqlOnPath ?? (fromSid ? await wrappedMysql() : null),
    s3:
      fromSid && mayInstall
        ? ['chroot', sid, '/usr/bin/moto_server']
        : motoOnPath === null
          ? null
          : [motoOnPath],
    missing: [],
  };
  const still = debian.programs.filter((program) => which(program) === null);
  if (still.length > 0)
    toolbox.missing.push(`${still.join(', ')}: apt-get install ${debian.packages.join(' ')}`);
  if (toolbox.mysql === null)
    toolbox.missing.push('mysqld, mysqldump and mysql of MySQL 8 or later on the PATH');
  if (toolbox.s3 === null)
    toolbox.missing.push('moto_server on the PATH: pip install "moto[server]"');
  return toolbox;
}

export async function aptInstall(packages: string[], say: (line: string) => void): Promise<void> {
  say(`installing ${packages.join(' ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...packages];
  const first = await execa('apt-get', install, { env, reject: false });
  if (!first.failed) return;
  await execa('apt-get', ['update', '-qq'], { env, reject: false });
  await execa('apt-get', install, { env });
}

/** Debian stable has no MySQL; sid has, and it runs from a folder of its own. */
async function installSid(say: (line: string) => void): Promise<void> {
  if (which('mmdebstrap') === null) await aptInstall(['mmdebstrap'], say);
  say('installing MySQL and moto from Debian sid into a folder of its own, about a minute');
  await mkdir(cache, { recursive: true });
  const half = `${sid}.${process.pid}`;
  await execa('mmdebstrap', [
    '--mode=root',
    '--variant=minbase',
    '--aptopt=Acquire::Check-Valid-Until "false"',
    `--include=${sidPackages}`,
    'sid',
    half,
    'http://deb.debian.org/debian',
  ]);
  await rename(half, sid).catch(async () => await rm(half, { recursive: true, force: true }));
}

async function findMariadb(): Promise<EngineTools | null> {
  const [server, initialize, mysqldump, mysql, mysqlbinlog] = debian.programs
    .slice(0, 5)
    .map(which);
  if (!server || !initialize || !mysqldump || !mysql || !mysqlbinlog) return null;
  return { version: await versionOf(server), server, initialize, mysqldump, mysql, mysqlbinlog };
}

/** Debian's `mysqld` may be MariaDB's. */
async function mysqlFrom(
  server: string | null,
  mysqldump: string | null,
  mysql: string | null,
  mysqlbinlog: string | null,
): Promise<EngineTools | null> {
  if (!server || !mysqldump || !mysql || !mysqlbinlog) return null;
  const version = await versionOf(server);
  if (/mariadb/i.test(version)) return null;
  return { version, server, initialize: null, mysqldump, mysql, mysqlbinlog };
}

/** Scripts that run sid's programs with sid's libraries, without a chroot. */
async function wrappedMysql(): Promise<EngineTools | null> {
  const bin = join(cache, 'bin');
  await mkdir(bin, { recursive: true });
  const wrap = async (program: string, path: string, options = ''): Promise<string> => {
    const script = `#!/bin/sh
exec ${sid}/lib64/ld-linux-x86-64.so.2 --library-path ${sid}/usr/lib/x86_64-linux-gnu:${sid}/usr/lib/mysql/private ${sid}${path} ${options}"$@"
`;
    const file = join(bin, program);
    await writeFile(`${file}.${process.pid}`, script);
    await chmod(`${file}.${process.pid}`, 0o755);
    await rename(`${file}.${process.pid}`, file);
    return file;
  };
  const folders = `--no-defaults --basedir=${sid}/usr --lc-messages-dir=${sid}/usr/share/mysql --plugin-dir=${sid}/usr/lib/mysql/plugin --secure-file-priv= `;
  return await mysqlFrom(
    await wrap('mysqld', '/usr/sbin/mysqld', folders),
    await wrap('mysqldump', '/usr/bin/mysqldump'),
    await wrap('mysql', '/usr/bin/mysql'),
    await wrap('mysqlbinlog', '/usr/bin/mysqlbinlog'),
  );
}

async function versionOf(server: string): Promise<string> {
  const { stdout } = await execa(server, ['--version']);
  return /Ver (\S+)/.exec(stdout)?.[1] ?? stdout;
}
