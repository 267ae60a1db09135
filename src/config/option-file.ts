import { existsSync } from 'node:fs';
import { StillpointError } from '../errors.js';
import type { TlsConfig } from './schema.js';
import type { ResolvedServer } from './secret.js';

type Option = readonly [name: string, value: string | number];

/** Whose client programs read the option file. */
export type ClientFlavour = 'mysql' | 'mariadb';

/**
 * The text of a MySQL option file that makes the `flavour`'s own programs connect as we do, for
 * `--defaults-file`. Holds the password: write it to a file of mode 0600. `groups` are those that the
 * program reads; the connect timeout goes to [mysql] alone, since the dump programs refuse it.
 * Throws `config` for TLS settings which that flavour's programs cannot keep.
 */
export function optionFileText(
  server: ResolvedServer,
  flavour: ClientFlavour,
  groups: readonly string[] = ['client'],
): string {
  const options: Option[] =
    server.socketPath === undefined
      ? [
          ['protocol', 'tcp'],
          ['host', server.host],
          ['port', server.port],
        ]
      : [
          ['protocol', 'socket'],
          ['socket', server.socketPath],
        ];
  options.push(['user', server.user]);
  if (server.password !== undefined) options.push(['password', server.password]);
  options.push(...tlsOptions(server, flavour));
  const lines = options.map(([name, value]) => `${name}=${quoted(value)}`).join('\n');
  const timeout = Math.max(1, Math.round(server.connectTimeout));
  const sections = groups.map((group) => `[${group}]\n${lines}\n`);
  return `${sections.join('')}[mysql]\nconnect-timeout=${timeout}\n`;
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
};

// In quotes "#" begins no comment and white space at the ends is kept. (Manual: "Using Option Files".)
function quoted(value: string | number): string {
  if (typeof value === 'number') return String(value);
  if (value.includes('\0'))
    throw new StillpointError('config', 'a user, password or path holds a zero byte', {
      hint: 'MySQL programs end it there: choose another.',
    });
  return `"${value.replaceAll(/[\\"\n\r\t\b]/g, (found) => escapes[found] ?? found)}"`;
}

const systemTls: TlsConfig = { verify: true };

function tlsOptions(server: ResolvedServer, flavour: ClientFlavour): Option[] {
  const { tls } = server;
  if (tls === undefined) return [];
  if (tls === false)
    return flavour === 'mariadb'
      ? [['ssl', 0]]
      : [
          ['ssl-mode', 'DISABLED'],
          // Else caching_sha2_password cannot log in over plain TCP.
          ['loose-get-server-public-key', 1],
        ];
  const { ca, cert, key, verify, serverName } = tls === true ? systemTls : tls;
  // Given authorities that they need not verify by, MySQL's programs warn, and a dump fails for it.
  const authorities = verify ? (ca ?? systemAuthorities()) : undefined;
  const files: Option[] = [];
  for (const [name, file] of [
    ['ssl-ca', authorities],
    ['ssl-cert', cert],
    ['ssl-key', key],
  ] as const)
    if (file !== undefined) files.push([name, file]);
  const otherName = serverName !== undefined && serverName !== server.host;
  if (flavour === 'mysql') {
    const mode = !verify ? 'REQUIRED' : otherName ? 'VERIFY_CA' : 'VERIFY_IDENTITY';
    return [['ssl-mode', mode], ...files];
  }
  if (verify && otherName)
    throw new StillpointError(
      'config',
      `tls.serverName "${serverName}": MariaDB's programs accept no other name than the host`,
      { hint: 'Make the host be that name (for example by /etc/hosts), or set tls.verify: false.' },
    );
  return [['ssl', 1], ['ssl-verify-server-cert', verify ? 1 : 0], ...files];
}

// MySQL's programs verify nothing unless told which file holds the authorities.
function systemAuthorities(): string | undefined {
  return [
    process.env['SSL_CERT_FILE'] ?? '',
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/pki/tls/certs/ca-bundle.crt',
    '/etc/ssl/ca-bundle.pem',
    '/etc/ssl/cert.pem',
  ].find((file) => file !== '' && existsSync(file));
}
