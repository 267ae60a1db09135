import { once } from 'node:events';
import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { StillpointError } from '../errors.js';
import { wordsOf } from './deliver.js';
import type { Endpoint } from './endpoint.js';

/**
 * Opens a connection to where something would be sent, with TLS where its URL says so, and closes it:
 * nothing is asked of whoever is there. Throws `failed` with a message that shows the host and never the
 * URL, or the signal's reason.
 */
export async function reach({ url, host }: Endpoint, signal: AbortSignal): Promise<void> {
  const isTls = url.protocol === 'https:';
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const at = { host: name, port: Number(url.port) || (isTls ? 443 : 80) };
  // RFC 6066 has no addresses in the name that is asked for.
  const socket = isTls
    ? connectTls({ ...at, ...(isIP(name) === 0 ? { servername: name } : {}) })
    : connect(at);
  try {
    await once(socket, isTls ? 'secureConnect' : 'connect', { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new StillpointError('failed', `${host} ${wordsOf(cause)}`, { cause });
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
  }
}
