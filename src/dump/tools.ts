import { parseVersion, type Flavour, type Version } from '../dialect/version.js';
import { StillpointError } from '../errors.js';
import { output } from '../util/command.js';

/** A program and the version it says it is. */
export interface Tool {
  path: string;
  version: Version;
}

/** The programs a dump runs. */
export interface DumpTools {
  mysqldump: Tool;
  /** Whether mysqldump can be told what to set first: that of MySQL 8.0 cannot. */
  takesInit: boolean;
  zstd: string;
  /** Only when the backup is encrypted. */
  age: string | null;
  /** Of the coreutils; null where there is none. */
  stdbuf: string | null;
}

const names: Record<Flavour, { mysqldump: string[]; mysql: string[]; install: string }> = {
  mariadb: {
    mysqldump: ['mariadb-dump', 'mysqldump'],
    mysql: ['mariadb', 'mysql'],
    install: 'mariadb-client',
  },
  mysql: { mysqldump: ['mysqldump'], mysql: ['mysql'], install: 'mysql-client' },
};

/**
 * Finds a client program of the server's flavour. MySQL's and MariaDB's dumps have grown apart, so
 * the other flavour's program is refused: it would fail in the middle or leave things out.
 */
export async function findClient(
  which: 'mysqldump' | 'mysql',
  flavour: Flavour,
  configured: string | undefined,
): Promise<Tool> {
  const tried = configured === undefined ? names[flavour][which] : [configured];
  let other: Version | null = null;
  for (const path of tried) {
    const said = await output({ file: path, args: ['--no-defaults', '--version'] }).catch(
      () => null,
    );
    const version = said === null ? null : clientVersion(said);
    if (version?.flavour === flavour) return { path, version };
    other ??= version;
  }
  const title = flavour === 'mariadb' ? 'MariaDB' : 'MySQL';
  const found = other ? `; ${tried.join(' and ')} is of the other kind (${other.text})` : '';
  throw new StillpointError(
    'failed',
    `no ${which} of ${title} found (tried ${tried.join(', ')})${found}`,
    {
      hint: `Install ${names[flavour].install}, or set tools.${which} in the configuration.`,
    },
  );
}

/** `mysqldump  Ver 9.7.4 for Linux`, `mariadb-dump from 11.8.2-MariaDB`, `Ver 15.1 Distrib 10.11.19-MariaDB`. */
export function clientVersion(said: string): Version | null {
  const found = /(?:Distrib|from)\s+([^\s,]+)/.exec(said) ?? /Ver\s+([^\s,]+)/.exec(said);
  return found?.[1] === undefined ? null : parseVersion(found[1], said);
}

/** Finds mysqlbinlog or mariadb-binlog, which do not say in their version whose they are. */
export async function findMysqlbinlog(
  flavour: Flavour,
  configured: string | undefined,
): Promise<string> {
  const usual = flavour === 'mariadb' ? ['mariadb-binlog', 'mysqlbinlog'] : ['mysqlbinlog'];
  const tried = configured === undefined ? usual : [configured];
  for (const path of tried) {
    const said = await output({ file: path, args: ['--no-defaults', '--help'] }).catch(() => null);
    if (said !== null && said.includes('MariaDB') === (flavour === 'mariadb')) return path;
  }
  const title = flavour === 'mariadb' ? 'MariaDB' : 'MySQL';
  throw new StillpointError(
    'failed',
    `no mysqlbinlog of ${title} found (tried ${tried.join(', ')})`,
    {
      hint: `Install ${names[flavour].install}, or set tools.mysqlbinlog in the configuration.`,
    },
  );
}

/** Finds a program that must only be there. */
export async function findProgram(name: string, configured: string | undefined): Promise<string> {
  const path = configured ?? name;
  await output({ file: path, args: ['--version'] }).catch((cause: unknown) => {
    throw new StillpointError('failed', `no ${name} found (tried ${path})`, {
      hint: `Install ${name}, or set tools.${name} in the configuration.`,
      cause,
    });
  });
  return path;
}

async function takesInit({ path }: Tool): Promise<boolean> {
  const said = await output({ file: path, args: ['--no-defaults', '--help'] }).catch(() => '');
  return said.includes('--init-command');
}

/** Finds every program that a dump of this flavour needs; throws for the first that is missing. */
export async function findTools(
  flavour: Flavour,
  configured: { mysqldump?: string; zstd?: string; age?: string },
  encrypted: boolean,
): Promise<DumpTools> {
  const mysqldump = await findClient('mysqldump', flavour, configured.mysqldump);
  return {
    mysqldump,
    takesInit: flavour === 'mysql' && (await takesInit(mysqldump)),
    zstd: await findProgram('zstd', configured.zstd),
    age: encrypted ? await findProgram('age', configured.age) : null,
    stdbuf: await findProgram('stdbuf', undefined).catch(() => null),
  };
}
