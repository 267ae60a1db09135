import { readFileSync } from 'node:fs';

/** `stillpoint 0.1.0`, as what is written down names what wrote it. */
export function toolName(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return `stillpoint ${(JSON.parse(text) as { version: string }).version}`;
}
