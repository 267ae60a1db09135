import { beforeAll, expect, test } from 'vitest';
import type { Finding } from '../../src/doctor.js';
import { engine, pair } from '../rig/shared.js';
import { onlySmall, setUp, smallShop, startSql, stopSql, type Setup } from '../support/cli.js';

beforeAll(smallShop);

async function examine(setup: Setup): Promise<{ status: number; findings: Finding[] }> {
  const { status, json } = await setup.run('doctor', '--json');
  return { status, findings: (json as { findings: Finding[] }[])[0]!.findings };
}

test('a pair in order: nothing fails, every part of it was looked at', async () => {
  const { status, findings } = await examine(await setUp({ pair: onlySmall, store: 's3' }));
  expect(findings.filter((one) => one.status === 'fail')).toEqual([]);
  expect(status).toBe(0);
  const names = findings.map(({ name }) => name);
  const expected = ['source', 'replica', 'pair', 'replication', 'grants', 'writes', 'databases'];
  expected.push('tables', 'binary log', 'GTID', 'mysqldump', 'mysql', 'zstd');
  expected.push('store main: write', 'store main: read', 'store main: conditional write');
  expect(names).toEqual(expect.arrayContaining(expected));
});

test('an account without grants: the statement that it prints mends it', async () => {
  await pair.source.query(
    `DROP USER IF EXISTS bare@'%'; CREATE USER bare@'%' IDENTIFIED BY 'bare pw 1'; GRANT SELECT ON *.* TO bare@'%'`,
  );
  await pair.waitForCatchUp();
  const replica = {
    host: '127.0.0.1',
    port: pair.replica.port,
    user: 'bare',
    password: 'bare pw 1',
  };
  const setup = await setUp({ pair: { ...onlySmall, replica } });
  const before = await examine(setup);
  expect(before.status).toBe(1);
  const fixes = before.findings.filter(({ name }) => name === 'grants').map(({ fix }) => fix ?? '');
  expect(fixes.length).toBeGreaterThan(0);
  for (const fix of fixes) await pair.source.query(fix.replace('Run on the source: ', ''));
  await pair.waitForCatchUp();
  const after = await examine(setup);
  expect(after.findings.find(({ name }) => name === 'grants')?.status).toBe('ok');
  await setup.ok('backup');
  await pair.source.query("DROP USER bare@'%'");
  await pair.waitForCatchUp();
});

test('a stopped SQL thread: the statement that it prints starts it', async () => {
  const setup = await setUp({ pair: onlySmall });
  await pair.replica.query(stopSql);
  try {
    const { status, findings } = await examine(setup);
    expect(status).toBe(1);
    const found = findings.find(({ name }) => name === 'replication');
    expect(found?.detail).toMatch(/SQL thread is stopped/);
    await pair.replica.query(found!.fix!);
    expect(await pair.applierRunning()).toBe(true);
  } finally {
    await pair.replica.query(startSql);
  }
});

test('a table that is not transactional, a broken view, a missing tool, a store out of reach', async () => {
  await pair.source.query(
    'CREATE TABLE small.old (id INT PRIMARY KEY) ENGINE=MyISAM; CREATE TABLE small.gone (a INT); CREATE VIEW small.broken AS SELECT a FROM small.gone; DROP TABLE small.gone',
  );
  await pair.waitForCatchUp();
  const storeOptions = { endpoint: 'http://127.0.0.1:1' };
  const tools = { mysqldump: '/nonexistent/mysqldump' };
  const setup = await setUp({ pair: { ...onlySmall, tools }, store: 's3', storeOptions });
  const broken = await examine(setup);
  const of = (findings: Finding[], name: string) => findings.find((one) => one.name === name);
  expect(broken.status).toBe(1);
  expect(of(broken.findings, 'databases')?.detail).toMatch(/view `small`\.`broken` is broken/);
  expect(of(broken.findings, 'mysqldump')?.detail).toMatch(/\/nonexistent\/mysqldump/);
  expect(of(broken.findings, 'store main: reach')?.detail).toMatch(/127\.0\.0\.1:1/);
  await pair.source.query('DROP VIEW small.broken');
  await pair.waitForCatchUp();
  const mended = await examine(setup);
  expect(of(mended.findings, 'tables')?.detail).toMatch(/not transactional: small\.old/);
  await pair.source.query('DROP TABLE small.old');
  await pair.waitForCatchUp();
});

test(`source and replica of ${engine} are one server`, async () => {
  const at = { host: '127.0.0.1', port: pair.replica.port, user: 'stillpoint' };
  const { config } = await setUp();
  const passwordFile = config.pairs['shop']!.replica!.passwordFile;
  const same = { ...at, passwordFile };
  const { status, findings } = await examine(
    await setUp({ pair: { source: same, replica: same } }),
  );
  expect(status).toBe(1);
  expect(findings.find(({ name }) => name === 'pair')?.detail).toMatch(/one server/);
});
