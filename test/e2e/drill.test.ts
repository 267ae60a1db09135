import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DrillRecord } from '../../src/catalog/drillRecord.js';
import type { BackupRecord } from '../../src/catalog/records.js';
import { loadHostile } from '../rig/hostile/index.js';
import { freshTarget, pair, target } from '../rig/shared.js';
import { onlySmall, s3Environment, setUp, smallShop } from '../support/cli.js';
import { sandboxesIn } from '../support/sandboxes.js';
import { startWriter } from '../support/writer.js';

beforeAll(async () => {
  await loadHostile(pair.source);
  await smallShop();
});

/** What a server was asked to do so far: connections, and statements that stop a replica. */
async function traces(server: typeof pair.replica): Promise<unknown> {
  return await server.query(
    "SHOW GLOBAL STATUS WHERE Variable_name RLIKE '^(Connections|Com_.*(slave|replica).*(stop|start))$'",
  );
}

function failures({ checks }: DrillRecord): DrillRecord['checks'] {
  return checks.filter(({ status }) => status !== 'passed');
}

test('the hostile database is proven, and the pair is not even asked', async () => {
  const setup = await setUp({ store: 's3' });
  const { id } = (await setup.run('backup', '--json')).json as BackupRecord;
  const before = await Promise.all([traces(pair.source), traces(pair.replica)]);
  const ended = await setup.run('drill', '--json');
  expect(await Promise.all([traces(pair.source), traces(pair.replica)])).toEqual(before);
  expect(ended.stderr).toBe('');
  const record = ended.json as DrillRecord;
  expect(failures(record)).toEqual([]);
  expect(ended.status).toBe(0);
  expect(record).toMatchObject({ status: 'passed', backup: id, into: 'sandbox', catchUp: null });
  const names = record.checks.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['hashes', 'parts', 'rows', 'checksums', 'definitions', 'accounts']),
  );
  expect(record.tables.length).toBeGreaterThan(40);

  const listed = (await setup.run('list', '--json')).json as { proven: { drill: string } }[];
  expect(listed[0]!.proven.drill).toBe(record.id);
  expect((await setup.ok('show', id)).stdout).toMatch(/proven +on .* in .* s, by drill/);
  const [status] = (await setup.run('status', '--json')).json as {
    lastDrill: DrillRecord;
    lastProof: DrillRecord;
  }[];
  expect(status!.lastDrill.id).toBe(record.id);
  expect(status!.lastProof.id).toBe(record.id);
});

test('--catch-up: follows a source that is written to, and agrees with the replica', async () => {
  // All the other databases are written to as well, as far as the sandbox is concerned.
  const setup = await setUp({ pair: { databases: { include: ['small', 'written'] } } });
  await pair.source.query(
    'CREATE TABLE small.loose (id INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO small.loose VALUES (1), (2)',
  );
  const writer = await startWriter(pair.source);
  try {
    await setup.ok('backup', '-q');
    await pair.source.query(
      'INSERT INTO small.loose VALUES (3); CREATE DATABASE elsewhere; CREATE TABLE elsewhere.t (id INT PRIMARY KEY); INSERT INTO elsewhere.t VALUES (1)',
    );
    const ended = await setup.run('drill', '--catch-up', '--json');
    const record = ended.json as DrillRecord | null;
    expect(ended.stderr).toBe('');
    expect(record && failures(record)).toEqual([]);
    expect(record).toMatchObject({ status: 'passed' });
    expect(record!.catchUp!.compared).toBeGreaterThan(4);
    expect(record!.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['catch-up', 'replica']),
    );
  } finally {
    await writer.stop();
    await pair.source.query('DROP TABLE small.loose; DROP DATABASE elsewhere');
  }
  expect(await pair.applierRunning()).toBe(true);
  await pair.waitForCatchUp();
});

test('assertions and freshness: each says what it found', async () => {
  const from = 'SELECT COUNT(*) FROM item';
  const assertions = [
    { name: 'three items', sql: from, expect: 3, database: 'small' },
    { name: 'some items', sql: from, expect: { min: 1, max: 10 }, database: 'small' },
    { name: 'nobody', sql: 'SELECT * FROM small.item WHERE id < 0', expect: 'no rows' },
    { name: 'four items', sql: from, expect: 4, database: 'small' },
    { name: 'wrong', sql: 'SELEKT 1', expect: 1 },
    { name: 'slow', sql: 'SELECT SLEEP(1000)', expect: 0, timeout: '1s' },
    { name: 'writes', sql: 'DELETE FROM small.item', expect: 'no rows' },
    { name: 'after all of them', sql: from, expect: 3, database: 'small' },
  ];
  await pair.source.query(
    'CREATE TABLE small.visit (at TIMESTAMP NULL, day DATETIME, unix INT); INSERT INTO small.visit VALUES (UTC_TIMESTAMP(), UTC_TIMESTAMP() - INTERVAL 9 DAY, UNIX_TIMESTAMP())',
  );
  await pair.waitForCatchUp();
  const at = { database: 'small', table: 'visit' };
  const freshness = [
    { ...at, column: 'at', within: '1h', zone: 'America/New_York' },
    { ...at, column: 'day', within: '1d' },
    { ...at, column: 'unix', within: '1h' },
    { ...at, column: 'gone', within: '1h' },
  ];
  const setup = await setUp({ pair: onlySmall, drill: { assertions, freshness } });
  await setup.ok('backup');
  const ended = await setup.run('drill', '--json');
  expect(ended.status).toBe(13);
  const { checks } = ended.json as DrillRecord;
  const of = (name: string) => {
    const check = checks.find((one) => one.name === name);
    return `${check?.status ?? ''}: ${check?.detail ?? ''}`;
  };
  expect(of('assertion three items')).toBe('passed: 3');
  expect(of('assertion some items')).toBe('passed: 3');
  expect(of('assertion nobody')).toBe('passed: no rows');
  expect(of('assertion four items')).toBe('failed: expected 4, got 3');
  expect(of('assertion wrong')).toMatch(/^failed: .*syntax/);
  expect(of('assertion slow')).toBe('failed: no answer within 1 s');
  expect(of('assertion writes')).toMatch(/^failed: .*READ ONLY/i);
  expect(of('assertion after all of them')).toBe('passed: 3');
  expect(of('freshness small.visit.at')).toMatch(/^passed: the newest is .* UTC/);
  expect(of('freshness small.visit.day')).toMatch(/^failed: .*allowed are 1 d/);
  expect(of('freshness small.visit.unix')).toMatch(/^passed/);
  expect(of('freshness small.visit.gone')).toMatch(/^failed: .*gone/);
});

describe('where it restores', () => {
  test('a target: what was there is refused, what was restored is gone afterwards', async () => {
    const setup = await setUp({ pair: onlySmall });
    await setup.ok('backup');
    await freshTarget();
    const page = join(setup.folder, 'page.html');
    await setup.ok('drill', '--to', 'third', '--report', page);
    expect(await readFile(page, 'utf8')).toContain('1 procedure, defined as in the backup');
    expect(await target.query("SHOW DATABASES LIKE 'small'")).toEqual([]);
    await target.query('CREATE DATABASE small');
    const ended = await setup.run('drill', '--to', 'third');
    expect(ended.stderr).toMatch(/the target third has `small` already/);
    expect(ended.status).toBe(10);
    expect(await target.query("SHOW DATABASES LIKE 'small'")).toHaveLength(1);
    await target.query('DROP DATABASE small');
  });

  test('an ordinary user has a sandbox too', async () => {
    const setup = await setUp({ pair: onlySmall });
    await setup.ok('backup');
    await execa('chown', ['-R', '65534:65534', setup.folder]);
    // Not root, but able to read the checkout and the servers wherever root keeps them.
    const as = ['--reuid=65534', '--regid=65534', '--clear-groups'];
    const reading = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
    const command = [process.execPath, 'bin/stillpoint.js', '-c', setup.file, 'drill', '--json'];
    const { stdout, stderr } = await execa('setpriv', [...as, ...reading, ...command], {
      reject: false,
      env: s3Environment(),
    });
    expect(stderr).toBe('');
    expect((JSON.parse(stdout) as DrillRecord).status).toBe('passed');
  });

  test('too little room: exit 10 before anything is downloaded', async () => {
    const setup = await setUp({ pair: onlySmall, drill: { directory: '/proc' } });
    await setup.ok('backup');
    const ended = await setup.run('drill');
    expect(ended.stderr).toMatch(/\/proc has 0 B free, the sandbox needs about \d+\.\d MB/);
    expect(ended.status).toBe(10);
    expect(await sandboxesIn('/proc')).toEqual([]);
  });
});
