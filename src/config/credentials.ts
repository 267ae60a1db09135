import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { serversOf } from './replicas.js';
import type { Config, PairEntry, ServerConfig } from './schema.js';

/**
 * What a secret file is called among the credentials of a systemd unit: `/etc/stillpoint/pw` is
 * `etc-stillpoint-pw`. No two files have one name.
 */
export function credentialName(path: string): string {
  return path
    .replace(/^\//, '')
    .replaceAll(/[^A-Za-z0-9./]/g, (char) => `_${Buffer.from(char).toString('hex')}_`)
    .replaceAll('/', '-');
}

/** The credential that systemd has laid out for this file, or the file itself. */
export function credentialOr(path: string, directory: string | undefined): string {
  if (directory === undefined || !isAbsolute(path)) return path;
  const credential = join(directory, credentialName(path));
  return existsSync(credential) ? credential : path;
}

/** The servers that runs for a pair connect to, or make others connect to. */
function reachedBy(pair: PairEntry | undefined): ServerConfig[] {
  return [...serversOf(pair), ...Object.values(pair?.channels ?? {})];
}

/** The files with secrets that runs for these pairs read. */
export function secretFiles(config: Config, pairs: readonly string[]): string[] {
  const files: (string | undefined)[] = [config.drill.identityFile];
  const ofServer = (server: Partial<ServerConfig> | undefined) => {
    files.push(server?.passwordFile, server?.optionFile);
    if (typeof server?.tls === 'object') files.push(server.tls.key);
  };
  for (const name of pairs) {
    const pair = config.pairs[name];
    for (const server of reachedBy(pair)) ofServer(server);
    files.push(pair?.replication?.passwordFile);
  }
  const target =
    config.drill.target === undefined ? undefined : config.targets[config.drill.target];
  ofServer(target);
  return [...new Set(files.filter((file) => file !== undefined))].sort();
}

/** The files that runs for these pairs read: those with secrets, and public keys and certificates. */
export function filesRead(config: Config, pairs: readonly string[]): string[] {
  const more = pairs.flatMap((name) => {
    const pair = config.pairs[name];
    const tls = reachedBy(pair).flatMap(({ tls }) => (typeof tls === 'object' ? tls : []));
    return [pair?.encryption?.recipientsFile, ...tls.flatMap(({ ca, cert }) => [ca, cert])];
  });
  const all = [...secretFiles(config, pairs), ...more.filter((file) => file !== undefined)];
  return [...new Set(all)].sort();
}
