import { execa } from 'execa';
import { reasonOf, StillpointError } from '../errors.js';
import { bytesOf } from '../store/body.js';

/** Compresses a small document with the zstd program, since Node 20 has none. */
export async function zstd(plain: Buffer): Promise<Buffer> {
  return await run(['-q', '-c', '-9'], plain);
}

/**
 * The opposite of {@link zstd}; throws when the frame or its checksum is damaged, or when it makes more
 * than `most` bytes.
 */
export async function unzstd(compressed: Buffer, most = 1 << 30): Promise<Buffer> {
  return await run(['-q', '-d', '-c'], compressed, most);
}

async function run(args: string[], input: Buffer, most = 1 << 30): Promise<Buffer> {
  // Without execa's own buffer: at its limit it makes a text of it for its error, which may be more than fits.
  const child = execa('zstd', args, { input, encoding: 'buffer', buffer: { stdout: false } });
  try {
    const [bytes] = await Promise.all([bytesOf(child.stdout, most), child]);
    return bytes;
  } catch (cause) {
    child.kill();
    await child.catch(() => undefined);
    throw new StillpointError('failed', `zstd failed: ${reasonOf(cause)}`, { cause });
  }
}
