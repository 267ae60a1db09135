import type { Config } from './config/schema.js';
import { findProgram } from './dump/tools.js';
import { StillpointError } from './errors.js';
import type { OpenBackup } from './openBackup.js';
import type { Decoding } from './restore/loadPart.js';

/**
 * The programs that make SQL of a backup's parts, and the identity that the user or the configuration
 * names. Throws `config` when the backup is encrypted and no identity is named.
 */
export async function decodingOf(
  config: Config,
  { record, pair }: Pick<OpenBackup, 'record' | 'pair'>,
  named: string | undefined,
): Promise<Decoding> {
  const zstd = await findProgram('zstd', pair.tools.zstd);
  if (!record.encrypted) return { zstd, decrypt: null };
  const identityFile = named ?? config.drill.identityFile;
  if (identityFile === undefined) {
    throw new StillpointError(
      'config',
      `backup ${record.id} is encrypted and no identity is named`,
      {
        hint: 'Name the file with the age key: --identity FILE, or drill.identityFile in the configuration.',
      },
    );
  }
  return { zstd, decrypt: { age: await findProgram('age', pair.tools.age), identityFile } };
}
