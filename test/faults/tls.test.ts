import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openServer } from '../../src/pair/server.js';
import {
  backupPassword,
  grantBackup,
  roomyFolder,
  startServers,
  type OwnServer,
} from '../rig/index.js';
import { engine, tools } from '../rig/shared.js';
import { certificateArgs } from '../support/certificate.js';

let folder: string;
let server: OwnServer;

beforeAll(async () => {
  folder = await mkdtemp(join(await roomyFolder(), 'stillpoint-tls-'));
  const args = [...(await certificateArgs(folder)), '--require-secure-transport=ON'];
  server = await startServers(engine, tools, folder)({ id: 21, args });
  await server.query(grantBackup(engine));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Connects with a certificate that must be the named one's; answers with the cipher. */
async function cipher(serverName: string | undefined): Promise<string> {
  const opened = await openServer(
    {
      host: '127.0.0.1',
      port: server.port,
      user: 'stillpoint',
      password: backupPassword,
      connectTimeout: 10,
      tls: { ca: join(folder, 'ca.pem'), verify: true, ...(serverName ? { serverName } : {}) },
    },
    'server',
  );
  try {
    const [row] = await opened.query<{ Value: string }>("SHOW STATUS LIKE 'Ssl_cipher'");
    return row?.Value ?? '';
  } finally {
    opened.close();
  }
}

test('a certificate in another name is taken when tls.serverName says it', async () => {
  expect(await cipher('db1.internal')).not.toBe('');
});

test('a certificate in another name is refused otherwise', async () => {
  await expect(cipher('db2.internal')).rejects.toThrow(
    /cannot connect to the server.*db1\.internal/,
  );
  await expect(cipher(undefined)).rejects.toThrow(/cannot connect to the server/);
});
