import { beforeAll, expect, test } from 'vitest';
import { readIndex } from '../../src/catalog/storedIndex.js';
import { openStore } from '../../src/store/open.js';
import { pair, s3 } from '../rig/shared.js';
import { onlySmall, setUp, smallShop } from '../support/cli.js';
import { nights, shelve } from '../support/shelf.js';
import { proxyForFile } from './proxy.js';

const proxy = await proxyForFile(s3.endpoint);
beforeAll(smallShop);

test('a backup keeps the index of what there is, and succeeds where it may not', async () => {
  const setup = await setUp({ pair: onlySmall, store: { endpoint: proxy.url } });
  const place = setup.config.stores['main']!;
  if (place.type === 'file') throw new Error('not in S3');
  const { accessKeyId, secretAccessKey } = s3;
  const store = await openStore({ ...place, credentials: { accessKeyId, secretAccessKey } });
  const records = nights(40);
  await shelve(store, records);
  const indexed = async () => [...(await readIndex(store, 'shop')).backups.keys()];
  try {
    const denied = { status: 403, code: 'AccessDenied' };
    proxy.fail({ on: 'PutObject', at: /index\.jsonl\.zst$/, times: 1, answer: denied });
    const first = await setup.ok('backup', '--json');
    expect(first.stderr).toBe('');
    expect(await indexed()).toEqual([]);
    expect(await pair.applierRunning()).toBe(true);

    const second = await setup.ok('backup', '--json');
    const ids = [first, second].map(({ json }) => (json as { id: string }).id);
    expect(await indexed()).toEqual([...records.map(({ id }) => id), ...ids]);
    expect((await setup.ok('list', '--json')).json).toHaveLength(42);
  } finally {
    await store.close();
  }
});
