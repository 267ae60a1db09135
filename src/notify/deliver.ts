import { setTimeout as sleep } from 'node:timers/promises';
import { StillpointError } from '../errors.js';
import type { Endpoint } from './endpoint.js';

/** One HTTP request. Without a body it is a GET. */
export interface Message {
  to: Endpoint;
  body?: string;
  type?: 'application/json' | 'text/plain';
}

/** What came back: the status, and the begin of the text. */
export interface Answer {
  status: number;
  text: string;
}

/** Milliseconds before the second and the third try. */
const pauses = [300, 1200];

/**
 * Sends a message and returns the answer. Tries again after a broken connection, a 5xx or a
 * 429, until `signal` fires. Throws `failed` with a message that shows the host and never the URL, or the
 * signal's reason.
 */
export async function deliver(message: Message, signal: AbortSignal): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    const { status, text, broken } = await attempt(message, signal);
    if (broken === null && status < 300) return { status, text };
    const wait = pauses[tries];
    const passing = broken !== null || status >= 500 || status === 429;
    if (!passing || wait === undefined)
      throw new StillpointError('failed', `${message.to.host} ${broken ?? `answered ${status}`}`);
    await sleep(wait, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
}

interface Attempt extends Answer {
  /** Why there is no answer, as what the host did; null when there is one. */
  broken: string | null;
}

async function attempt({ to, body, type }: Message, signal: AbortSignal): Promise<Attempt> {
  try {
    const response = await fetch(to.url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'user-agent': 'stillpoint',
        ...(type === undefined ? {} : { 'content-type': `${type}; charset=utf-8` }),
        ...to.headers,
      },
      body: body ?? null,
      // Following one would turn a POST into a GET, and could take the secret elsewhere.
      redirect: 'manual',
      signal,
    });
    return { status: response.status, text: await beginOf(response), broken: null };
  } catch (error) {
    signal.throwIfAborted();
    return { status: 0, text: '', broken: wordsOf(error) };
  }
}

const mostCharacters = 1000;

async function beginOf(response: Response): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (reader && text.length < mostCharacters) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += value;
  }
  await reader?.cancel();
  return text.slice(0, mostCharacters);
}

const unvouched = 'shows a certificate that this machine does not trust';
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'closed the connection',
  UND_ERR_SOCKET: 'closed the connection',
  ENOTFOUND: 'is no host that there is',
  EAI_AGAIN: 'could not be looked up',
  CERT_HAS_EXPIRED: 'shows a certificate that has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'shows a certificate of another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: unvouched,
  SELF_SIGNED_CERT_IN_CHAIN: unvouched,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unvouched,
  ERR_SSL_WRONG_VERSION_NUMBER: 'does not speak TLS there',
};

/**
 * What a host did, of an error of fetch or of a connection: `refused the connection`. Only by its code, since
 * the message of an error of fetch may quote the URL.
 */
export function wordsOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code =
    typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  return words[code] ?? (code === '' ? 'could not be reached' : `could not be reached (${code})`);
}
