import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseConfig } from './config/parse.js';
import { configText, type Answers } from './config/template.js';
import { dialectOf } from './dialect/index.js';
import { literal } from './dialect/quote.js';
import type { Flavour } from './dialect/version.js';
import { reasonOf, StillpointError } from './errors.js';

export interface InitOptions extends Answers {
  flavour: Flavour;
  /** The configuration to write; the other two lie beside it. */
  file: string;
}

/** The files that were written; all are new. */
export interface Initialized {
  config: string;
  /** A random password, readable by us only. */
  password: string;
  /** The statements that make the account, with the password in them: readable by us only. */
  account: string;
  /** The same statements without the password, for people. */
  statements: string;
}

/**
 * Writes a configuration for one pair, a password, and the statements that make its account on the
 * source. Throws `refused` when one of the three files is there already: nothing is written then.
 */
export async function init(options: InitOptions): Promise<Initialized> {
  const config = resolve(options.file);
  const folder = dirname(config);
  const password = join(folder, 'stillpoint.password');
  const account = join(folder, 'stillpoint-account.sql');
  const secret = randomBytes(24).toString('base64url');
  const text = configText(options, 'stillpoint.password');
  parseConfig(text, { shown: options.file, directory: folder });
  await writeNew([
    [config, text, 0o666],
    [password, `${secret}\n`, 0o600],
    [account, accountSql(options, secret), 0o600],
  ]);
  return { config, password, account, statements: accountSql(options, '...') };
}

/** The statements that make the account of the backup, with all that it may need. */
function accountSql({ flavour, user }: InitOptions, password: string): string {
  const newest = { flavour, major: flavour === 'mariadb' ? 10 : 8, minor: 11, patch: 0, text: '' };
  const names = dialectOf(newest).grants.map(({ anyOf }) => anyOf[0] ?? '');
  const privileges = [...new Set([...names, 'REPLICATION SLAVE'])];
  const who = `${literal(user)}@'%'`;
  return `CREATE USER ${who} IDENTIFIED BY ${literal(password)};
GRANT ${privileges.join(', ')} ON *.* TO ${who};
`;
}

/** All or none. */
async function writeNew(files: readonly (readonly [string, string, number])[]): Promise<void> {
  const written: string[] = [];
  try {
    for (const [path, text, mode] of files) {
      await writeFile(path, text, { flag: 'wx', mode });
      written.push(path);
    }
  } catch (cause) {
    for (const path of written) await rm(path, { force: true });
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    const path = files[written.length]?.[0] ?? '';
    if (!isThere)
      throw new StillpointError('failed', `cannot write: ${reasonOf(cause)}`, { cause });
    throw new StillpointError('refused', `${path} is there already`, {
      hint: 'Remove it first, or write elsewhere with -o FILE.',
    });
  }
}
