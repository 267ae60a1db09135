import { execa } from 'execa';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diffDigests, digest, loadHostile } from '../rig/hostile/index.js';
import { freshTarget, pair, target, tools } from '../rig/shared.js';
import { engine, setUp } from '../support/cli.js';
import { startWriter, type Writer } from '../support/writer.js';

beforeAll(async () => {
  await loadHostile(pair.source);
  await pair.waitForCatchUp();
});

describe('the hostile database into S3', () => {
  let writer: Writer;
  beforeAll(async () => (writer = await startWriter(pair.source)));
  afterAll(async () => await writer.stop());

  test('is restored byte for byte, attached, and catches up with a source that is written to', async () => {
    const setup = await setUp({ store: 's3' });
    const taken = await setup.run('backup', '--json');
    expect(taken.stderr).toBe('');
    expect(taken.status).toBe(0);
    expect(taken.json).toMatchObject({ pair: 'shop', status: 'committed', hold: 'dump' });
    const [lag] = (taken.json as { lag: { at: number; seconds: number }[] }).lag;
    expect(lag!.at).toBeLessThan(0);

    await freshTarget();
    const restored = await setup.run(
      'restore',
      'latest',
      '--to',
      'third',
      '--attach',
      '--yes',
      '--json',
    );
    expect(restored.stderr).toBe('');
    expect(restored.status).toBe(0);
    expect(restored.json).toMatchObject({ status: 'restored', attached: true });

    const written = writer.written();
    await writer.stop();
    expect(written).toBeGreaterThan(0);
    await pair.waitForCatchUp();
    await pair.waitForCatchUp(target);
    expect(diffDigests(await digest(pair.source), await digest(target))).toEqual([]);
  });
});

test('a frozen copy in a folder, restored after an interruption: counts and checksums in the manifest are those of the restored server', async () => {
  const setup = await setUp();
  await setup.ok('backup', '--quiet');
  await freshTarget();
  // Half of it first: what is there then must not be there twice.
  const restore = ['restore', 'latest', '--to', 'third', '--check'];
  expect((await setup.runUntil('load end /data/', 'SIGKILL', ...restore)).status).toBe(137);
  await setup.ok(...restore);
  expect(diffDigests(await digest(pair.replica), await digest(target))).toEqual([]);
  const shown = (await setup.run('show', 'latest', '--json')).json as {
    contents: {
      tables: { database: string; name: string; rows: number | null; checksum: string | null }[];
    };
  };
  const q = (name: string) => `\`${name.replaceAll('`', '``')}\``;
  for (const { database, name, rows, checksum } of shown.contents.tables) {
    if (rows === null) continue;
    const table = `${q(database)}.${q(name)}`;
    const [counted] = await target.query<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`);
    expect(counted!.n, table).toBe(rows);
    if (checksum === null) continue;
    const [summed] = await target.query<{ Checksum: number | null }>(`CHECKSUM TABLE ${table}`);
    expect(String(summed!.Checksum), table).toBe(checksum);
  }
  const sums = shown.contents.tables.filter(({ checksum }) => checksum !== null);
  expect(sums.length).toBeGreaterThan(40);
});

test('restore.sh restores with stillpoint gone', async () => {
  const setup = await setUp();
  await setup.ok('backup', '--quiet');
  const { id } = ((await setup.run('list', '--json')).json as { id: string }[])[0]!;
  await freshTarget();
  const { mysql } = tools;
  const options = join(setup.folder, 'target.cnf');
  await writeFile(options, `[client]\nuser=root\nsocket=${target.socketPath}\n`, { mode: 0o600 });
  const script = join(setup.storePath, 'shop/backups', id, 'restore.sh');
  await execa('bash', [script, `--defaults-file=${options}`], { env: { MYSQL: mysql } });
  expect(diffDigests(await digest(pair.replica), await digest(target))).toEqual([]);
});

test('an encrypted backup needs its key, and restores with it', async () => {
  const { stdout: key } = await execa('age-keygen', []);
  const recipient = /age1\w+/.exec(key)![0];
  const setup = await setUp({
    pair: { databases: { include: ['a/b'] }, encryption: { recipients: [recipient] } },
  });
  const identity = join(setup.folder, 'key');
  await writeFile(identity, key, { mode: 0o600 });
  await setup.ok('backup');
  await freshTarget();
  const without = await setup.run('restore', 'latest', '--to', 'third');
  expect(without.status).toBe(2);
  expect(without.stderr).toMatch(/encrypted and no identity is named/);
  const { stdout: otherKey } = await execa('age-keygen', []);
  await writeFile(join(setup.folder, 'other'), otherKey, { mode: 0o600 });
  const wrong = await setup.run(
    'restore',
    'latest',
    '--to',
    'third',
    '--identity',
    join(setup.folder, 'other'),
  );
  expect(wrong.status).toBe(1);
  expect(wrong.stderr).toMatch(/no identity matched/);
  await freshTarget();
  expect(
    (await setup.run('restore', 'latest', '--to', 'third', '--identity', identity)).status,
  ).toBe(0);
  expect(diffDigests(await digest(pair.replica, ['a/b']), await digest(target, ['a/b']))).toEqual(
    [],
  );
});

test(`one database, one table of ${engine}`, async () => {
  const setup = await setUp();
  await setup.ok('backup', '--quiet');
  await freshTarget();
  await setup.ok('restore', 'latest', '--to', 'third', '--only', 'a/b');
  expect(diffDigests(await digest(pair.replica, ['a/b']), await digest(target, ['a/b']))).toEqual(
    [],
  );
  const refused = await setup.run('restore', 'latest', '--to', 'third', '--only', 'a/b');
  expect(refused.status).toBe(10);
  expect(refused.stderr).toContain('--replace a/b');

  await freshTarget();
  expect((await setup.run('restore', 'latest', '--to', 'third', '--only', 'a/b.-e')).status).toBe(
    0,
  );
  const wanted = [...Object.keys(await digest(pair.replica, ['a/b']))].filter((name) =>
    /^(rows|table) .*`-e`$/.test(name),
  );
  const found = Object.keys(await digest(target, ['a/b'])).filter((name) =>
    /^(rows|table) /.test(name),
  );
  expect(wanted.length).toBeGreaterThan(0);
  expect(found.sort()).toEqual(wanted.sort());
});
