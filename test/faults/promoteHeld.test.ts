import { beforeAll, describe, expect, test } from 'vitest';
import { engine } from '../rig/shared.js';
import type { OwnServer } from '../rig/index.js';
import { isWritable, ownPair } from '../support/ownPair.js';

// What keeps the source of a pair from being closed.

const isMysql = engine === 'mysql';
const own = ownPair();
let source: OwnServer;
let replica: OwnServer;

beforeAll(async () => {
  [source, replica] = own.servers();
  await source.query('CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY, n INT)');
  await source.query('INSERT INTO shop.item VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)');
  await own.as(source, replica).waitForCatchUp();
});

/** Tries a switchover while `sql` keeps the source open, and looks at that again once `end` has ended it. */
async function expectOpen(sql: string, end: string | null): Promise<string> {
  const setup = await own.setUp(source, replica, { failover: { maxPause: '2s' } });
  const client = await source.connect();
  const [[row]] = (await client.query('SELECT CONNECTION_ID() AS id')) as unknown as [
    [{ id: number }],
  ];
  const done = client.query(sql);
  if (end !== null) await done;
  const ended = await setup.run('pair', 'promote', '--switchover', '--yes');
  expect(ended.status).toBe(10);
  expect(ended.stderr).toMatch(/could not close the source of shop for writes: .*for 2 s/);
  expect(await isWritable(source)).toBe(true);
  const processes = await source.query<{ Info: string | null }>('SHOW FULL PROCESSLIST');
  expect(processes.filter(({ Info }) => Info?.includes('read_only = ON'))).toEqual([]);
  await done;
  if (end !== null) await client.query(end);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await isWritable(source)).toBe(true);
  if (isMysql) expect(await source.query('SELECT @@super_read_only AS ro')).toEqual([{ ro: 0 }]);
  expect(await source.query('SELECT @@event_scheduler AS ev')).toEqual([{ ev: 'ON' }]);
  client.destroy();
  return ended.stderr.replace(`connection ${row.id} `, 'connection ID ');
}

describe('a switchover that cannot close the source leaves it open for good', () => {
  test('under LOCK TABLES', async () => {
    const said = await expectOpen('LOCK TABLES shop.item WRITE', 'UNLOCK TABLES');
    if (isMysql) expect(said).toMatch(/connection ID of root@\S+ \(LOCK TABLES shop.item WRITE\)/);
  });

  test('under a long statement', async () => {
    const said = await expectOpen('UPDATE shop.item SET n = n + SLEEP(1.5)', null);
    expect(said).toMatch(/connection ID of root@\S+ \(UPDATE shop.item SET n = n \+ SLEEP/);
  });
});
