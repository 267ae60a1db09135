import type { ManifestPart } from '../catalog/records.js';
import type { Store } from '../store/store.js';
import { decoded } from './decode.js';
import { decoders, type Decoding } from './loadPart.js';

/** The SQL of a small part, as text. Checks size and SHA-256; throws as a restore does. */
export async function readPart(
  store: Pick<Store, 'get'>,
  part: ManifestPart,
  decoding: Decoding,
): Promise<string> {
  const body = await store.get(part.key);
  const filters = decoders(part, decoding);
  const chunks: Buffer[] = [];
  for await (const chunk of decoded({ ...part, title: part.key, body, filters })) {
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString('utf8');
}
