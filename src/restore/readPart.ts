import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ManifestPart } from '../catalog/records.js';
import type { Store } from '../store/store.js';
import { failureOf, start } from '../util/command.js';
import { checkedBytes, unreadable } from './load.js';
import { decoders, type Decoding } from './loadPart.js';

/** The SQL of a small part, as text. Checks size and SHA-256; throws as a restore does. */
export async function readPart(
  store: Pick<Store, 'get'>,
  part: ManifestPart,
  decoding: Decoding,
): Promise<string> {
  const body = await store.get(part.key);
  const children = decoders(part, decoding).map((command) => start(command));
  const input = Readable.from(checkedBytes({ ...part, title: part.key, body }));
  const stages = [input, ...children.map((child) => child.stdout)];
  const links = Promise.all(
    children.map(async (child, i) => await pipeline(stages[i] ?? input, child.stdin)),
  );
  links.catch(() => undefined);
  const chunks: Buffer[] = [];
  for await (const chunk of stages.at(-1) ?? input) chunks.push(chunk as Buffer);
  for (const child of children) {
    const failure = failureOf(child.name, await child.ended);
    if (failure !== null) throw unreadable(part.key, failure);
  }
  await links;
  return Buffer.concat(chunks).toString('utf8');
}
