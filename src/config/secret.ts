import { execa } from 'execa';
import { readFile, stat } from 'node:fs/promises';
import { reasonOf, StillpointError } from '../errors.js';
import { secret } from '../util/redact.js';
import { readOptions } from './option-file-read.js';
import type { PasswordConfig, ServerConfig, TlsConfig } from './schema.js';

/** A server as it is connected to: every default filled in, the password read. */
export interface ResolvedServer {
  host: string;
  port: number;
  /** The Unix socket; where there is one, host and port are not used. */
  socketPath?: string;
  user: string;
  password?: string;
  /** true: encrypt and verify; false: do not encrypt; undefined: as each client likes. */
  tls?: boolean | TlsConfig;
  /** Seconds. */
  connectTimeout: number;
  /** Seconds that a statement which names no time of its own may take. Default: a minute. */
  patience?: number;
}

// A command that asks a person, or a vault that does not answer, must not hang a nightly run.
const commandTimeoutSeconds = 30;

/**
 * The server with its password read and its option file applied: what the configuration says wins over
 * the option file, that over the defaults. Remembers the password for `redact`. Throws `config` when a
 * source cannot be read, holds nothing, or can be read by everybody.
 */
export async function resolveServer(
  server: ServerConfig,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ResolvedServer> {
  const filed = await readOptions(server);
  const user = server.user ?? filed.user;
  if (user === undefined) {
    const place = server.loginPath === undefined ? 'option file' : 'login path';
    const name = server.loginPath ?? server.optionFile ?? '';
    throw new StillpointError('config', `the ${place} ${name} names no user`, {
      hint: 'Add `user:` to the server in the configuration, or correct the name.',
    });
  }
  const password = (await readPassword(server, env)) ?? filed.password;
  if (password !== undefined && password === filed.password && server.optionFile !== undefined)
    await requirePrivate(server.optionFile);
  const tls = server.tls ?? filed.tls;
  const socketPath = socketOf(server, filed);
  return {
    host: server.host ?? filed.host ?? '127.0.0.1',
    port: server.port ?? filed.port ?? 3306,
    ...(socketPath === undefined ? {} : { socketPath }),
    user,
    ...(password === undefined ? {} : { password: secret(password) }),
    ...(tls === undefined ? {} : { tls }),
    connectTimeout: server.connectTimeout,
  };
}

/**
 * The password of whichever source is given, undefined when there is none. Remembers it for `redact`.
 * Throws `config` as `resolveServer` does.
 */
export async function readPassword(
  source: PasswordConfig,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const { password, passwordFile, passwordEnv, passwordCommand } = source;
  let found: string | undefined;
  if (password !== undefined) found = password;
  else if (passwordFile !== undefined) found = await fromFile(passwordFile);
  else if (passwordEnv !== undefined) found = fromEnvironment(passwordEnv, env);
  else if (passwordCommand !== undefined) found = await fromCommand(passwordCommand);
  return found === undefined ? undefined : secret(found);
}

/**
 * What a private file holds, without its last line end. Throws `config` when it is empty, cannot be read,
 * or can be read by everybody. `what` it is goes into the message.
 */
export async function fromFile(file: string, what = 'password'): Promise<string> {
  await requirePrivate(file, what);
  const found = (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  if (found !== '') return found;
  throw new StillpointError('config', `the ${what} file ${file} is empty`, {
    hint: `Write the ${what} into it, and nothing else.`,
  });
}

/** The same of an environment variable; `key` of the configuration names it. */
export function fromEnvironment(name: string, env: NodeJS.ProcessEnv, key = 'passwordEnv'): string {
  const found = env[name];
  if (found !== undefined && found !== '') return found;
  throw new StillpointError('config', `the environment variable ${name} is not set`, {
    hint: `${key} of the configuration names it: export it, or name another source.`,
  });
}

async function fromCommand(argv: readonly string[]): Promise<string> {
  const [file = '', ...args] = argv;
  // Neither its arguments nor its output belong into an error: either may hold a secret.
  const fail = (what: string) =>
    new StillpointError('config', `the password command ${file} ${what}`, {
      hint: 'passwordCommand of the configuration names it: run it by hand, as the same user.',
    });
  const result = await execa(file, args, {
    reject: false,
    stdin: 'ignore',
    stderr: 'ignore',
    timeout: commandTimeoutSeconds * 1000,
  });
  if (result.timedOut) throw fail(`did not end within ${commandTimeoutSeconds} s`);
  if (result.failed)
    throw fail(
      result.exitCode === undefined
        ? `could not be run (${result.code ?? result.signal ?? 'unknown'})`
        : `ended with status ${result.exitCode}`,
    );
  if (result.stdout === '') throw fail('printed nothing');
  return result.stdout;
}

async function requirePrivate(file: string, what = 'password'): Promise<void> {
  let mode: number;
  try {
    mode = (await stat(file)).mode;
  } catch (cause) {
    throw new StillpointError('config', `cannot read ${file}: ${reasonOf(cause)}`, {
      hint: 'The configuration names it; paths are seen from the configuration file.',
      cause,
    });
  }
  if ((mode & 0o004) === 0) return;
  throw new StillpointError('config', `${file} holds a ${what} and everybody can read it`, {
    hint: `Run \`chmod 600 ${file}\`; for a secret of Kubernetes set defaultMode: 0440.`,
  });
}

function socketOf(
  server: ServerConfig,
  filed: { host?: string; socketPath?: string },
): string | undefined {
  if (server.socketPath !== undefined) return server.socketPath;
  if (server.host !== undefined || server.port !== undefined) return undefined;
  // As MySQL's own clients have it: a host other than localhost means TCP.
  return filed.host === undefined || filed.host === 'localhost' ? filed.socketPath : undefined;
}
