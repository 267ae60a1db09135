import { execa } from 'execa';
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

let folder: string;
let server: OwnServer;

beforeAll(async () => {
  folder = await mkdtemp(join(await roomyFolder(), 'stillpoint-tls-'));
  const at = (name: string) => join(folder, name);
  const openssl = async (...args: string[]) => await execa('openssl', args, { cwd: folder });
  const subject = (name: string) => ['-subj', `/CN=${name}`, '-newkey', 'rsa:2048', '-nodes'];
  await openssl('req', '-x509', ...subject('authority'), '-keyout', 'ca.key', '-out', 'ca.pem');
  await openssl('req', ...subject('db1.internal'), '-keyout', 'key.pem', '-out', 'request.pem');
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'cert.pem'];
  await openssl('x509', '-req', '-in', 'request.pem', ...signing);
  const args = [`--ssl-ca=${at('ca.pem')}`, `--ssl-cert=${at('cert.pem')}`];
  args.push(`--ssl-key=${at('key.pem')}`, '--require-secure-transport=ON');
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
