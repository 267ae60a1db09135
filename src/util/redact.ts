// What is shorter would blot out ordinary words.
const shortest = 4;

const secrets = new Set<string>();
let longestFirst: string[] = [];

/** Remembers a secret for `redact` and returns it. One shorter than 4 characters is not remembered. */
export function secret(text: string): string {
  if (text.length < shortest || secrets.has(text)) return text;
  for (const form of [text, urlForm(text), jsonForm(text)]) secrets.add(form);
  longestFirst = [...secrets].sort((a, b) => b.length - a.length);
  return text;
}

/**
 * The line with `***` for every remembered secret, also where it is URL-encoded or escaped as in
 * JSON. Everything the program prints or writes down for people goes through this.
 */
export function redact(line: string): string {
  let shown = line;
  for (const hidden of longestFirst) shown = shown.replaceAll(hidden, '***');
  return shown;
}

// Half a surrogate pair, which encodeURIComponent throws at, becomes U+FFFD, as it does on the wire.
function urlForm(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

function jsonForm(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
