import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backup } from '../../src/backup.js';
import { waitFor } from '../../src/util/wait.js';
import { pair, s3 } from '../rig/shared.js';
import { s3Environment, setUp, smallShop, type Setup } from '../support/cli.js';
import { startProxy, type Proxy } from './proxy.js';

/**
 * Rows enough for several parts of a multipart upload, since they hardly compress. Without a key they are read by one
 * mysqldump.
 */
const bigRows = 24_000;

/** What carries the bytes of parts. */
const uploads = /^(UploadPart|PutObject)$/;
const uploadsSeen = () => proxy.requests.filter(({ operation }) => uploads.test(operation)).length;

let proxy: Proxy;
beforeAll(async () => {
  Object.assign(process.env, s3Environment());
  proxy = await startProxy(s3.endpoint);
  await smallShop();
  await pair.source.query(`
    DROP DATABASE IF EXISTS big;
    CREATE DATABASE big;
    CREATE TABLE big.noise (bytes VARBINARY(1024));
    INSERT INTO big.noise (bytes) VALUES (RANDOM_BYTES(1024));
  `);
  for (let rows = 1; rows < bigRows; rows *= 2) {
    await pair.source.query(
      'INSERT INTO big.noise (bytes) SELECT RANDOM_BYTES(1024) FROM big.noise',
    );
  }
  // So that its size is known.
  await pair.source.query('ANALYZE TABLE big.noise');
  await pair.waitForCatchUp();
});
afterAll(async () => {
  await proxy.close();
  await pair.source.query('DROP DATABASE big');
});

async function overProxy(pairOptions: Record<string, unknown> = {}): Promise<Setup> {
  proxy.clear();
  return await setUp({
    pair: { databases: { include: ['big'] }, ...pairOptions },
    store: { endpoint: proxy.url },
    storeOptions: { partSize: '8MiB' },
  });
}

async function isCommitted(setup: Setup): Promise<void> {
  const found = await setup.run('verify', 'latest', '--json');
  expect(found.stderr).toBe('');
  expect(found.status).toBe(0);
}

describe('the store misbehaves while the replica stands still', () => {
  test.each([
    ['for two minutes: the dump', {}, 120_000],
    ['until all is read: the dump in many parts', { partSize: '1MiB' }, 0],
  ])(
    'it stalls %s ends on the spool, the replica goes on when the store does',
    async (_, parts, stall) => {
      const dump = { spool: { memory: '1MiB' }, checksums: false, ...parts };
      const setup = await overProxy({ dump });
      // A server that drops a stalled reader at once, where the default is a minute.
      await pair.replica.query('SET GLOBAL net_write_timeout = 2');
      proxy.fail({ on: uploads, stall: true });
      try {
        await backup(setup.config, {
          observe: (event) => {
            if (event.type === 'step' && event.step === 'dump') void releaseWhenDumped(stall);
          },
        });
      } finally {
        await pair.replica.query('SET GLOBAL net_write_timeout = 60');
      }
      expect(uploadsSeen()).toBeGreaterThan(1);
      await isCommitted(setup);
    },
  );

  test('it answers 500 for a while: recovers', async () => {
    const setup = await overProxy();
    proxy.fail({ on: 'UploadPart', times: 3, answer: { status: 500, code: 'InternalError' } });
    await backup(setup.config);
    await isCommitted(setup);
  });

  test('it resets the connection in the middle of a part: recovers', async () => {
    const setup = await overProxy();
    proxy.fail({ on: 'UploadPart', times: 1, after: 1, resetAfter: 100_000 });
    await backup(setup.config);
    await isCommitted(setup);
  });

  test('the answer to a complete is lost: recognised by HEAD', async () => {
    const setup = await overProxy();
    proxy.fail({ on: 'CompleteMultipartUpload', times: 1, instead: 'reset' });
    await backup(setup.config);
    await isCommitted(setup);
  });

  test('it says that it has a small part, and has it not: resumed, exit 1, nothing listed', async () => {
    const setup = await overProxy();
    const lost = { on: 'PutObject', at: /accounts/, times: 1, answer: { status: 200 } };
    proxy.fail(lost);
    const ended = await setup.run('backup');
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(
      /accounts\.sql\.zst was stored, but the store has no object where \d+ bytes were sent\n/,
    );
    expect(await pair.applierRunning()).toBe(true);
    expect((await setup.run('list', '--json')).json).toEqual([]);
  });

  test('it refuses for good: resumed, exit 1, nothing listed', async () => {
    const setup = await overProxy();
    proxy.fail({ on: 'UploadPart', answer: { status: 403, code: 'AccessDenied' } });
    const ended = await setup.run('backup');
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(/may not write s3:/);
    expect(await pair.applierRunning()).toBe(true);
    proxy.clear();
    expect((await setup.run('list', '--json')).json).toEqual([]);
  });

  test('it refuses one of many parts for good: those that wait are not sent', async () => {
    const dump = { spool: { memory: '1MiB' }, partSize: '1MiB', checksums: false };
    const setup = await overProxy({ dump });
    // Not the definitions, whose failure would end all.
    const rows = { on: uploads, at: /\/data\// };
    proxy.fail({ ...rows, stall: true });
    let before = Infinity;
    const refuse = () => {
      proxy.clear();
      proxy.fail({ ...rows, answer: { status: 403, code: 'AccessDenied' } });
      before = uploadsSeen();
    };
    const backedUp = backup(setup.config, {
      observe: (event) => {
        if (event.type === 'step' && event.step === 'dump') void releaseWhenDumped(0, refuse);
      },
    });
    await expect(backedUp).rejects.toThrow(/may not write s3:/);
    // Those that were on their way, tried again.
    expect(uploadsSeen() - before).toBeGreaterThan(0);
    expect(uploadsSeen() - before).toBeLessThan(6);
    expect(await pair.applierRunning()).toBe(true);
    proxy.clear();
    expect((await setup.run('list', '--json')).json).toEqual([]);
  });
});

/**
 * Lets the store go on when no mysqldump reads from the server any more, and so many milliseconds have passed:
 * two minutes are longer than any timeout of server, client and SDK by default.
 */
async function releaseWhenDumped(stall: number, release = () => proxy.clear()): Promise<void> {
  const since = performance.now();
  let begun = false;
  await waitFor(
    async () => {
      const rows = await pair.replica.query<{ Info: string | null }>('SHOW FULL PROCESSLIST');
      const dumping = rows.some((row) => row.Info?.includes('SQL_NO_CACHE'));
      begun ||= dumping;
      return begun && !dumping && uploadsSeen() > 0 ? true : null;
    },
    { within: 60, every: 20 },
  );
  // Not waiting for something to happen: that nothing does for so long is the case.
  await sleep(Math.max(0, stall - (performance.now() - since)));
  release();
}
