import { execa } from 'execa';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { putDrill } from '../../src/catalog/drills.js';
import { sealRecord } from '../../src/catalog/seal.js';
import { updateIndex } from '../../src/catalog/updateIndex.js';
import { openCatalogCache } from '../../src/catalogCache.js';
import { resolvePair } from '../../src/config/choose.js';
import { openStore } from '../../src/store/open.js';
import { commitKey, indexKey } from '../../src/store/keys.js';
import { tableText } from '../../src/cli/output/table.js';
import type { S3Place } from '../rig/s3.js';
import { sampleDrill } from '../support/sampleDrill.js';
import { nights, storeOnlyConfig } from '../support/shelf.js';

const commands = [
  ['list'],
  ['list', '--json'],
  ['prune', '--dry-run'],
  ['prune', '--dry-run', '--json'],
] as const;

/**
 * Lists a store of so many backups and a drill a week: on a machine that has read nothing, without and with
 * an index in the store, and on one that has. The service works on the same cores: its time is in the first
 * column and not in the second.
 */
export async function benchLists(s3: S3Place, count: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-lists-'));
  const { bucket, endpoint, region } = s3;
  const place = { type: 's3' as const, bucket, endpoint, region, forcePathStyle: true };
  const credentials = { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey };
  const store = await openStore({ ...place, credentials });
  try {
    const retention = { keepLast: 3, keepDaily: 7, keepWeekly: 5, keepMonthly: 12 };
    const machine = async (name: string) =>
      await storeOnlyConfig(join(folder, name), place, retention);
    const records = nights(count);
    const limit = pLimit(16);
    const put = async (record: (typeof records)[number], at: number) => {
      await store.put(commitKey(record), Buffer.from(sealRecord(record)));
      if (at % 7 === 0) await putDrill(store, sampleDrill(record));
    };
    console.log(`storing the records of ${count} backups`);
    await Promise.all(records.map((record, at) => limit(() => put(record, at))));

    const rows: string[][] = [];
    const measure = async (name: string, file: string, args: readonly string[]) => {
      rows.push([name, ...(await timed(['bin/stillpoint.js', '-c', file, ...args], s3))]);
    };
    const first = await machine('first');
    await measure('list, without an index', first.file, ['list']);
    for (const args of commands) await measure(`${args.join(' ')}, again`, first.file, args);

    const cache = await openCatalogCache(first.config, resolvePair(first.config));
    const never = new AbortController().signal;
    await updateIndex(store, 'shop', cache!, { reading: never, signal: never });
    for (const args of commands) {
      const { file } = await machine(args.join('_'));
      await measure(`${args.join(' ')}, with the index`, file, args);
    }
    const head = [`${count} backups`, 'time', 'of which our CPU', 'peak memory'];
    console.log(`\n${tableText(head, rows, head.slice(1))}`);
    const index = await store.head(indexKey('shop'));
    console.log(`the index has ${index?.bytes ?? 0} bytes`);
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What GNU time says of a run of node: elapsed, user and system together, resident memory. */
async function timed(args: readonly string[], s3: S3Place): Promise<string[]> {
  const env = { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey };
  const { stderr } = await execa(
    '/usr/bin/time',
    ['-f', '%e %U %S %M', process.execPath, ...args],
    {
      env,
      stdout: 'ignore',
    },
  );
  const [elapsed, user, system, kilobytes] = stderr
    .trim()
    .split('\n')
    .at(-1)!
    .split(' ')
    .map(Number);
  return [
    `${elapsed!.toFixed(2)} s`,
    `${(user! + system!).toFixed(2)} s`,
    `${((kilobytes! * 1024) / 1e6).toFixed(0)} MB`,
  ];
}
