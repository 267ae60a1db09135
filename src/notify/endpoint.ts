import type { HeaderSource, UrlSource } from '../config/notify.js';
import { fromEnvironment, fromFile } from '../config/secret.js';
import { StillpointError } from '../errors.js';
import { secret } from '../util/redact.js';

/** Where something is sent. Only the host may be shown: the rest of a URL is a password. */
export interface Endpoint {
  url: URL;
  host: string;
  headers: Record<string, string>;
}

/** The text of a URL, from wherever the configuration says it is. Throws `config` as passwords do. */
export async function urlText(
  source: UrlSource,
  key: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  if (typeof source === 'string') return source;
  const { url, urlFile, urlEnv } = source;
  if (url !== undefined) return url;
  if (urlFile !== undefined) return (await fromFile(urlFile, 'URL')).trim();
  return fromEnvironment(urlEnv ?? '', env, `${key}.urlEnv`).trim();
}

/**
 * The endpoint of a URL with its placeholders filled in; what is secret of it is remembered for `redact`.
 * Throws `config` without showing the URL when it is none.
 */
export function endpointOf(
  text: string,
  key: string,
  words: { pair: string | null; action: string },
): Endpoint {
  const filled = text
    .replaceAll('{pair}', encodeURIComponent(words.pair ?? 'unknown'))
    .replaceAll('{action}', words.action);
  const url = URL.canParse(filled) ? new URL(filled) : null;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new StillpointError('config', `what ${key} holds is no URL like https://…`, {
      hint: 'The URL itself is not shown, since it is a secret: look where the configuration says it is.',
    });
  remember(text, url);
  const { username, password } = url;
  // fetch refuses these, with an error that quotes them.
  url.username = url.password = '';
  if (username === '' && password === '') return { url, host: url.host, headers: {} };
  const plain = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const encoded = secret(Buffer.from(plain).toString('base64'));
  return { url, host: url.host, headers: { authorization: `Basic ${encoded}` } };
}

/** The values of headers. Throws `config`, without a value, for one that HTTP does not take. */
export async function headerValues(
  headers: Record<string, HeaderSource>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const [name, source] of Object.entries(headers)) {
    const key = `headers.${name}`;
    let value: string;
    if (typeof source === 'string') value = source;
    else if ('file' in source) value = await fromFile(source.file, 'header');
    else value = fromEnvironment(source.env, env, `${key}.env`);
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new StillpointError('config', `the value of ${key} cannot be sent as a header`, {
        hint: 'It must be one line without control characters.',
      });
    values[name] = secret(value);
  }
  return values;
}

// What is shorter is a word like "services", which must stay readable elsewhere.
const shortestToken = 16;

function remember(text: string, url: URL): void {
  for (const whole of [text, url.href]) secret(whole);
  const pieces = [...url.pathname.split('/'), ...url.searchParams.values(), url.password];
  for (const piece of pieces) if (piece.length >= shortestToken) secret(piece);
  const rest = url.pathname + url.search;
  if (rest.length >= shortestToken) secret(rest);
}
