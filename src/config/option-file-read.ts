import { execa } from 'execa';
import { StillpointError } from '../errors.js';
import { secret } from '../util/redact.js';
import { clientEnv } from '../util/command.js';
import type { ServerConfig, TlsConfig } from './schema.js';

/** What an option file or login path says about a server. */
export interface FiledOptions {
  host?: string;
  port?: number;
  socketPath?: string;
  user?: string;
  password?: string;
  tls?: boolean | TlsConfig;
}

/**
 * What the server's option file or login path says, nothing when it has neither. Read by
 * my_print_defaults, so that includes, quoting and the login path's cipher are the vendor's own. Throws
 * `config` when that program is not there or cannot read the file.
 */
export async function readOptions(
  server: Pick<ServerConfig, 'optionFile' | 'optionGroup' | 'loginPath'>,
): Promise<FiledOptions> {
  if (server.optionFile !== undefined) {
    const group = server.optionGroup ?? 'client';
    return interpret(
      await printDefaults([`--defaults-file=${server.optionFile}`], group, clientEnv),
    );
  }
  if (server.loginPath !== undefined)
    return interpret(
      await printDefaults(['--no-defaults', `--login-path=${server.loginPath}`], server.loginPath),
    );
  return {};
}

// MySQL's my_print_defaults masks passwords unless told --show; MariaDB's does not know --show.
async function printDefaults(
  source: readonly string[],
  group: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const run = (show: readonly string[]) =>
    execa('my_print_defaults', [...source, ...show, group], {
      reject: false,
      lines: true,
      env,
      stdin: 'ignore',
    });
  let result = await run(['--show']);
  if (result.failed && result.stderr.some((line) => line.includes('--show')))
    result = await run([]);
  for (const line of result.stdout) {
    const [name, value] = split(line);
    if (name === 'password') secret(value);
  }
  if (!result.failed) return result.stdout;
  const reason = result.code === 'ENOENT' ? 'there is no such program' : result.stderr.join(' ');
  const what = source.at(-1) ?? '';
  throw new StillpointError('config', `my_print_defaults ${what} failed: ${reason}`, {
    hint: "Install MySQL's or MariaDB's client programs, or use passwordFile; a login path needs MySQL's.",
  });
}

const texts = [
  ['host', 'host'],
  ['socketPath', 'socket'],
  ['user', 'user'],
  ['password', 'password'],
] as const;

function interpret(lines: readonly string[]): FiledOptions {
  const options = new Map(lines.map(split));
  const port = Number(options.get('port'));
  const tls = tlsOf(options);
  const filed: FiledOptions = port > 0 ? { port } : {};
  for (const [key, option] of texts) {
    const value = options.get(option);
    if (value !== undefined) filed[key] = value;
  }
  return tls === undefined ? filed : { ...filed, tls };
}

// "--name=value"; a later line of the same name wins, as with MySQL's programs.
function split(line: string): [string, string] {
  const [, name = '', value = ''] = /^--([^=]*)=?(.*)$/s.exec(line) ?? [];
  return [name.replaceAll('_', '-').replace(/^loose-/, ''), value];
}

function tlsOf(options: ReadonlyMap<string, string>): boolean | TlsConfig | undefined {
  const mode = options.get('ssl-mode')?.toUpperCase();
  const off = (name: string) => /^(0|off|false)$/i.test(options.get(name) ?? '1');
  if (mode === 'DISABLED' || options.has('skip-ssl') || (options.has('ssl') && off('ssl')))
    return false;
  const ca = options.get('ssl-ca');
  const cert = options.get('ssl-cert');
  const key = options.get('ssl-key');
  const asked = mode !== undefined && mode !== 'PREFERRED';
  const verified = options.has('ssl-verify-server-cert') && !off('ssl-verify-server-cert');
  if (!asked && !verified && !options.has('ssl') && (ca ?? cert ?? key) === undefined)
    return undefined;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    verify: verified || (mode?.startsWith('VERIFY_') ?? false),
  };
}
