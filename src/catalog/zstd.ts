import { execa } from 'execa';
import { reasonOf, StillpointError } from '../errors.js';

/** Compresses a small document with the zstd program, since Node 20 has none. */
export async function zstd(plain: Buffer): Promise<Buffer> {
  return await run(['-q', '-c', '-9'], plain);
}

/** The opposite of {@link zstd}; throws when the frame or its checksum is damaged. */
export async function unzstd(compressed: Buffer): Promise<Buffer> {
  return await run(['-q', '-d', '-c'], compressed);
}

async function run(args: string[], input: Buffer): Promise<Buffer> {
  try {
    const result = await execa('zstd', args, {
      input,
      encoding: 'buffer',
      maxBuffer: 1 << 30,
      // A frame may end with any byte.
      stripFinalNewline: false,
    });
    return Buffer.from(result.stdout);
  } catch (cause) {
    throw new StillpointError('failed', `zstd failed: ${reasonOf(cause)}`, { cause });
  }
}
