import { execa } from 'execa';
import { mkdir, mkdtemp, open, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DrillRecord } from '../../src/catalog/drillRecord.js';
import type { BackupRecord } from '../../src/catalog/records.js';
import { drillBackup } from '../../src/drillBackup.js';
import type { DrillStep, Observe } from '../../src/util/observe.js';
import { roomyFolder } from '../rig/index.js';
import { engine, pair } from '../rig/shared.js';
import { onlySmall, setUp, smallShop, type Setup, type SetupOptions } from '../support/cli.js';
import { rewriteManifest, rewriteRecord } from '../support/rewrite.js';
import { sandboxesIn, serversBelow } from '../support/sandboxes.js';
import { keysIn } from '../support/store.js';

beforeAll(smallShop);

/** A setup with a backup in it, whose drills have a directory of their own. */
async function backedUp(options: SetupOptions = {}): Promise<Setup & { id: string; dir: string }> {
  const dir = await mkdtemp(join(await roomyFolder(), 'drill-'));
  const setup = await setUp({ pair: onlySmall, ...options, drill: { directory: dir } });
  const { id } = (await setup.run('backup', '--json')).json as BackupRecord;
  return { ...setup, id, dir };
}

async function nothingIsLeft({ dir }: { dir: string }): Promise<void> {
  expect(await sandboxesIn(dir)).toEqual([]);
  expect(await serversBelow(dir)).toEqual([]);
  await rm(dir, { recursive: true });
}

/** Drills, and returns the one check that failed. */
async function failedCheck(setup: Setup & { id: string; dir: string }): Promise<string> {
  const ended = await setup.run('drill', '--json');
  expect(ended.status, ended.stderr).toBe(13);
  const record = ended.json as DrillRecord;
  expect(record.status).toBe('failed');
  const failed = record.checks.filter(({ status }) => status === 'failed');
  expect(failed).toHaveLength(1);
  const { name, detail } = failed[0]!;
  expect(record.reason).toBe(`${name}: ${detail}`);
  await nothingIsLeft(setup);
  return record.reason!;
}

function at(step: DrillStep, action: () => Promise<unknown>): Observe {
  return async (event) => {
    if (event.type === 'step' && event.step === step) await action();
  };
}

describe('the backup is at fault: exit 13, one line', () => {
  test('a damaged part', async () => {
    const setup = await backedUp();
    const part = (await keysIn(setup.storePath)).find((key) => key.includes('/data/'))!;
    const path = join(setup.storePath, part);
    const bytes = await readFile(path);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(path, bytes);
    expect(await failedCheck(setup)).toMatch(/^hashes: .*\/data\/.* is damaged: its SHA-256/);
    const listed = (await setup.run('list', '--json')).json as { proven: unknown }[];
    expect(listed[0]!.proven).toBe(null);
    expect((await setup.ok('status')).stdout).toMatch(/last drill +FAILED .*is damaged/);
  });

  test('a missing part', async () => {
    const setup = await backedUp();
    const part = (await keysIn(setup.storePath)).find((key) => key.includes('/objects/'))!;
    await rm(join(setup.storePath, part));
    expect(await failedCheck(setup)).toMatch(/^hashes: .*\/objects\/.* is missing from the store/);
  });

  test('a damaged manifest', async () => {
    const setup = await backedUp();
    await writeFile(join(setup.storePath, 'shop/backups', setup.id, 'manifest.json.zst'), 'other');
    expect(await failedCheck(setup)).toMatch(/^hashes: .*manifest/);
  });

  test('a manifest that lies about a count, a checksum, a definition and an object', async () => {
    const setup = await backedUp();
    await rewriteManifest(setup.storePath, setup.id, ({ tables, definitions }) => {
      tables.find(({ name }) => name === 'item')!.checksum = '42';
      tables.find(({ name }) => name === 'empty_one')!.rows = 4;
      definitions.find(({ kind }) => kind === 'procedure')!.sha256 = '0'.repeat(64);
      definitions.push({ database: 'small', kind: 'view', name: 'lost', sha256: '' });
    });
    const ended = await setup.run('drill', '--json');
    expect(ended.status, ended.stderr).toBe(13);
    const { checks, reason, tables } = ended.json as DrillRecord;
    const failed = checks.filter(({ status }) => status === 'failed');
    const rows = 'small.empty_one has 0 rows, the backup recorded 4 rows';
    expect(failed).toMatchObject([
      { name: 'rows', detail: rows },
      {
        name: 'checksums',
        detail: expect.stringMatching(
          /^small\.item has the checksum \d+, the backup recorded 42$/,
        ) as string,
      },
      {
        name: 'definitions',
        detail: 'the procedure small.hello is not defined as in the backup (and 1 more)',
      },
    ]);
    expect(reason).toBe(`rows: ${rows}`);
    expect(tables.map(({ equal }) => equal)).toEqual([false, false]);
    await nothingIsLeft(setup);
  });

  test('a backup that is encrypted for another key', async () => {
    const [theirs, ours] = await Promise.all([execa('age-keygen'), execa('age-keygen')]);
    const recipient = /age1\w+/.exec(theirs.stdout)![0];
    const setup = await backedUp({
      pair: { ...onlySmall, encryption: { recipients: [recipient] } },
    });
    const identity = join(setup.folder, 'key');
    await writeFile(identity, ours.stdout, { mode: 0o600 });
    const ended = await setup.run('drill', '--identity', identity);
    expect(ended.status).toBe(13);
    expect(ended.stderr).toMatch(/failed: parts: cannot read .*no identity matched/);
    await writeFile(identity, theirs.stdout, { mode: 0o600 });
    await setup.ok('drill', '--identity', identity);
    await nothingIsLeft(setup);
  });
});

describe('a backup of another major version', () => {
  const [older, newer] =
    engine === 'mysql' ? ['8.0.36', '99.1.0'] : ['10.6.18-MariaDB-log', '99.1.0-MariaDB'];

  test('that is older: proven, and said what was not compared', async () => {
    const setup = await backedUp();
    const change = (record: BackupRecord) => ({ ...record, version: older });
    await rewriteRecord(setup.storePath, setup.id, change);
    const { checks, status } = (await setup.run('drill', '--json')).json as DrillRecord;
    expect(status).toBe('passed');
    expect(checks.find(({ name }) => name === 'server')).toMatchObject({ status: 'warned' });
    expect(checks.some(({ name }) => name === 'checksums')).toBe(false);
    await nothingIsLeft(setup);
  });

  test('that is newer than any server here: exit 10', async () => {
    const setup = await backedUp();
    const change = (record: BackupRecord) => ({ ...record, version: newer });
    await rewriteRecord(setup.storePath, setup.id, change);
    const ended = await setup.run('drill');
    expect(ended.status).toBe(10);
    expect(ended.stderr).toMatch(/no server program of \w+ 99\.1 or newer \(.* is \d+/);
    await nothingIsLeft(setup);
  });
});

describe('the drill is at fault: exit 1, nothing is said of the backup', () => {
  test('the server of the sandbox dies', async () => {
    const setup = await backedUp();
    const kill = at('checks', async () => {
      const [server] = await serversBelow(setup.dir);
      process.kill(server!, 'SIGKILL');
      return Promise.resolve();
    });
    await expect(drillBackup(setup.config, { observe: kill })).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/^the server of the sandbox died/) as string,
    });
    const [status] = (await setup.run('status', '--json')).json as { lastDrill: DrillRecord }[];
    expect(status!.lastDrill.reason).toMatch(/^the server of the sandbox died/);
    await nothingIsLeft(setup);
  });

  test('the disk fills up in the middle', async () => {
    await pair.source.query(`
      CREATE TABLE small.bulk (id INT PRIMARY KEY, body LONGBLOB);
      INSERT INTO small.bulk VALUES (0, REPEAT('x', 1 << 20))
    `);
    for (const rows of [1, 2, 4, 8, 16])
      await pair.source.query(`INSERT INTO small.bulk SELECT id + ${rows}, body FROM small.bulk`);
    await pair.waitForCatchUp();
    const setup = await backedUp();
    await pair.source.query('DROP TABLE small.bulk');
    await pair.waitForCatchUp();
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=600m', 'tmpfs', setup.dir]);
    try {
      const fill = at('restore', async () => {
        // The server writes too, so in small steps.
        const filler = await open(join(setup.dir, 'filler'), 'w');
        for (;;) {
          const { bavail, bsize } = await statfs(setup.dir);
          if (bavail * bsize < 12 << 20) break;
          await filler.write(Buffer.alloc(4 << 20));
        }
        await filler.close();
      });
      await expect(drillBackup(setup.config, { observe: fill })).rejects.toMatchObject({
        code: 'failed',
        message: expect.stringMatching(/^the disk of the sandbox is full/) as string,
      });
      expect(await readdir(setup.dir)).toEqual(['filler']);
      expect(await serversBelow(setup.dir)).toEqual([]);
    } finally {
      await execa('umount', [setup.dir]);
    }
    await nothingIsLeft(setup);
  });

  test('a server that does not start says why', async () => {
    const setup = await backedUp();
    const mysqld = join(setup.folder, 'mysqld');
    const version = engine === 'mysql' ? '9.7.4' : '10.11.18-MariaDB';
    const script = `#!/bin/sh\ncase "$*" in *--version*) echo "mysqld  Ver ${version}";; *) echo "[ERROR] no luck" >&2; exit 1;; esac\n`;
    await writeFile(mysqld, script, { mode: 0o755 });
    setup.config.pairs['shop']!.tools.mysqld = mysqld;
    await expect(drillBackup(setup.config)).rejects.toThrow(
      engine === 'mysql' ? /cannot make a data directory: \[ERROR\] no luck/ : /sandbox died/,
    );
    await nothingIsLeft(setup);
  });
});

test('--catch-up by an account that may not pause the replica: refused, and the run ends', async () => {
  const setup = await backedUp();
  const file = join(setup.folder, 'weak.yaml');
  const text = await readFile(setup.file, 'utf8');
  await writeFile(file, text.replaceAll('user: stillpoint', 'user: repl'));
  const ended = await setup.run('-c', file, 'drill', '--catch-up');
  expect(ended.stderr).toMatch(/lacks .*REPLICATION/);
  expect(ended.status).toBe(10);
  await nothingIsLeft(setup);
});

test('two drills at once: both prove it', async () => {
  const setup = await backedUp();
  const [one, other] = await Promise.all([setup.run('drill'), setup.run('drill')]);
  expect([one.status, other.status]).toEqual([0, 0]);
  const records = (await keysIn(setup.storePath)).filter((key) => key.includes('/drills/'));
  expect(records).toHaveLength(2);
  await nothingIsLeft(setup);
});

test('a backup half the size of those before: proven, with a warning', async () => {
  const setup = await backedUp();
  const grow = (record: BackupRecord) => ({
    ...record,
    bytes: { ...record.bytes, plain: record.bytes.plain * 3 },
  });
  await rewriteRecord(setup.storePath, setup.id, grow);
  await setup.ok('backup');
  const { checks, status } = (await setup.run('drill', '--json')).json as DrillRecord;
  expect(status).toBe('passed');
  expect(checks.find(({ name }) => name === 'size')).toMatchObject({
    status: 'warned',
    detail: expect.stringMatching(/It shrank by half or more/) as string,
  });
  await nothingIsLeft(setup);
});

test('folders that are no sandboxes, or of a drill that lives, are left alone', async () => {
  const setup = await backedUp();
  const foreign = join(setup.dir, 'stillpoint-sandbox-copy');
  await mkdir(foreign);
  await writeFile(join(foreign, 'kept'), '');
  const seen = at('checks', async () => await setup.ok('drill'));
  const record = await drillBackup(setup.config, { observe: seen });
  expect(record.status).toBe('passed');
  expect(await readdir(foreign)).toEqual(['kept']);
  await rm(foreign, { recursive: true });
  await nothingIsLeft(setup);
});
