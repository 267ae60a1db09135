import { optionFileText } from '../config/option-file.js';
import { openOptionFile } from '../util/optionFile.js';
import type { Server } from './server.js';

/** Runs `body` with the path of a file by which programs of the server reach it as we do; it is gone afterwards. */
export async function withOptionFile<T>(
  { settings, dialect }: Pick<Server, 'settings' | 'dialect'>,
  body: (path: string) => Promise<T>,
): Promise<T> {
  const file = await openOptionFile(optionFileText(settings, dialect.version.flavour));
  try {
    return await body(file.path);
  } finally {
    await file.close();
  }
}
