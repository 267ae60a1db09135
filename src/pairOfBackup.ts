import { serversOf } from './config/replicas.js';
import { resolveServer } from './config/secret.js';
import type { OpenBackup } from './openBackup.js';
import { openServer, type Server } from './pair/server.js';

/** The identities of the pair's servers; one that does not answer cannot be the target. */
export async function memberIds({ pair }: OpenBackup): Promise<string[]> {
  const ids = await Promise.all(
    serversOf(pair).map(async (server) => {
      const opened: Server | null = await resolveServer(server)
        .then((settings) => openServer(settings, 'server of the pair'))
        .catch(() => null);
      opened?.close();
      return opened?.uuid ?? null;
    }),
  );
  return ids.filter((id) => id !== null);
}
