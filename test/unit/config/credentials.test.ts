import fc from 'fast-check';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { credentialName, filesRead, secretFiles } from '../../../src/config/credentials.js';
import { loadConfig } from '../../../src/config/load.js';
import { resolveServer } from '../../../src/config/secret.js';
import { ownFolder } from '../util/folder.js';

test('names of credentials are plain, and no two paths share one', () => {
  expect(credentialName('/etc/stillpoint/pw')).toBe('etc-stillpoint-pw');
  expect(credentialName('/a-b_c/d e')).toBe('a_2d_b_5f_c-d_20_e');
  const path = fc.array(
    fc.string({ unit: fc.constantFrom('a', 'b', '-', '_', '2', 'd', '%', ' '), minLength: 1 }),
    {
      minLength: 1,
    },
  );
  fc.assert(
    fc.property(path, path, (a, b) => {
      const [one, other] = [a, b].map((parts) => `/${parts.join('/')}`);
      expect(credentialName(one!)).toMatch(/^[\w.-]+$/);
      expect(credentialName(one!) === credentialName(other!)).toBe(one === other);
    }),
    { numRuns: 1000 },
  );
});

test('a password is read from the credential that systemd has laid out for its file', async () => {
  const folder = await ownFolder();
  const file = join(folder, 'stillpoint.yaml');
  await writeFile(
    file,
    `pairs: { p: { source: { user: u, passwordFile: pw }, replica: { user: u, passwordFile: other } } }
stores: { s: { type: file, path: /b } }\n`,
  );
  await writeFile(join(folder, 'other'), 'from the file', { mode: 0o600 });
  const credentials = join(folder, 'credentials');
  await mkdir(credentials);
  const name = credentialName(join(folder, 'pw'));
  await writeFile(join(credentials, name), 'from systemd', { mode: 0o400 });
  process.env['CREDENTIALS_DIRECTORY'] = credentials;
  onTestFinished(() => {
    delete process.env['CREDENTIALS_DIRECTORY'];
  });
  const { pairs } = (await loadConfig({ file })).config;
  expect((await resolveServer(pairs['p']!.source)).password).toBe('from systemd');
  expect((await resolveServer(pairs['p']!.replica!)).password).toBe('from the file');
});

test('the secrets of the sources of channels are files that runs read, too', async () => {
  const file = join(await ownFolder(), 'stillpoint.yaml');
  await writeFile(
    file,
    `pairs: { p: { source: { user: u, passwordFile: /pw }, replica: { user: u, passwordFile: /pw },
  channels: { two: { user: r, passwordFile: /two, tls: { ca: /ca, key: /key } } } } }
stores: { s: { type: file, path: /b } }\n`,
  );
  const { config } = await loadConfig({ file });
  expect(secretFiles(config, ['p'])).toEqual(['/key', '/pw', '/two']);
  expect(filesRead(config, ['p'])).toEqual(['/ca', '/key', '/pw', '/two']);
});
