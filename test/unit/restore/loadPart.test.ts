import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { ManifestPart } from '../../../src/catalog/records.js';
import type { Server } from '../../../src/pair/server.js';
import { loadPart } from '../../../src/restore/loadPart.js';

test('a part is let go of when there is nothing to load it into', async () => {
  const body = new Readable({ read: () => undefined });
  const gone = new Error('the server is gone');
  const part = { kind: 'data', key: 'data/shop.sql.zst', database: 'shop', tables: ['orders'] };
  const loading = loadPart(
    part as ManifestPart,
    {
      store: { get: () => Promise.resolve(body) },
      target: { session: () => Promise.reject(gone) } as unknown as Server,
      zstd: 'zstd',
      decrypt: null,
      client: 'mysql',
      optionFile: '',
      unlogged: false,
      signal: new AbortController().signal,
      observe: () => undefined,
    },
    'DO 0',
  );
  await expect(loading).rejects.toBe(gone);
  expect(body.destroyed).toBe(true);
});
