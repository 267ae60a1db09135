import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { StillpointError } from '../errors.js';

/** What `init` asks. */
export interface Answers {
  pair: string;
  /** `host`, `host:port` or `[address]:port`. */
  source: string;
  replica: string;
  user: string;
  /** A folder, or `s3://bucket/prefix`. */
  store: string;
}

/** The commented configuration of one pair and one store; the password is read from `passwordFile`. */
export function configText(answers: Answers, passwordFile: string): string {
  const { pair, user } = answers;
  const login = `user: ${scalar(user)}, passwordFile: ${scalar(passwordFile)}`;
  return `# The configuration of stillpoint. Check it with: stillpoint doctor
# Every key: docs/configuration.md

pairs:
  ${scalar(pair)}:
    # The server that is written to, and the one that follows it: this one is paused for a backup.
    source: { ${addressText(answers.source)}, ${login} }
    replica: { ${addressText(answers.replica)}, ${login} }
    # databases: { exclude: [scratch] }
    # freeze: { maxLag: 60s, maxDuration: 2h }
    # encryption: { recipients: [age1...] }

stores:
  main: { ${storeText(answers.store)} }

# Servers to restore into:
# targets:
#   staging: { host: db9.internal, user: loader, passwordFile: staging.password }
`;
}

function addressText(address: string): string {
  const found = /^(?:\[([^\]]+)\]|([^:[\]\s]+))(?::(\d+))?$/.exec(address);
  if (!found) {
    throw new StillpointError('usage', `"${address}" is no address of a server`, {
      hint: 'Say HOST, HOST:PORT or [ADDRESS]:PORT.',
    });
  }
  const [, bracketed, plain = '', port] = found;
  const host = `host: ${scalar(bracketed ?? plain)}`;
  return port === undefined ? host : `${host}, port: ${port}`;
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new StillpointError('usage', `"${url}" is no folder of this machine`, {
      hint: 'Say the path of a folder, or file:///PATH.',
      cause,
    });
  }
}

function storeText(store: string): string {
  if (store.startsWith('file://')) return `type: file, path: ${scalar(pathOf(store))}`;
  if (!store.startsWith('s3:')) return `type: file, path: ${scalar(store)}`;
  const [, bucket, prefix] = /^s3:\/\/([^/\s]+)(?:\/(.*?))?\/*$/.exec(store) ?? [];
  if (bucket === undefined) {
    throw new StillpointError('usage', `"${store}" is no bucket`, {
      hint: 'Say s3://BUCKET or s3://BUCKET/PREFIX; or the path of a folder.',
    });
  }
  const of = `type: s3, bucket: ${scalar(bucket)}`;
  return prefix ? `${of}, prefix: ${scalar(prefix)}` : of;
}

/** A text as it stands between braces: quoted where it could be read as something else. */
function scalar(text: string): string {
  return /^[\w/][\w./-]*$/.test(text) ? stringify(text).trim() : JSON.stringify(text);
}
