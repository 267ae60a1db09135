import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { restoreBackup } from '../../src/restoreBackup.js';
import type { RestoreBackupOptions, RestoreResult } from '../../src/restoreOptions.js';
import type { RunEvent } from '../../src/util/observe.js';
import { diffDigests, digest, type Digest } from '../rig/hostile/index.js';
import { pair, target } from '../rig/shared.js';
import { exampleDrill } from '../support/drill.js';
import { dropGrown, growDatabases, grownBackup } from '../support/grown.js';

beforeAll(growDatabases);
afterAll(dropGrown);

describe('under another name', () => {
  /** What is not to be found in the copy as it is in the original, and is looked at by itself. */
  const apart = /^(trigger|view `grown_too`.`alias`)/;
  const renamed = (all: Digest): Digest =>
    Object.fromEntries(
      Object.entries(all)
        .filter(([key]) => !apart.test(key))
        .map(([key, text]) => [
          key.replaceAll('`grown`.', '`grown_copy`.').replace(/ `grown`$/, ' `grown_copy`'),
          text
            .replace('DATABASE `grown`', 'DATABASE `grown_copy`')
            // Not in the comment of a column.
            .replaceAll(/(?<!')(?<!COMMENT 'REFERENCES )`grown`\./g, '`grown_copy`.'),
        ]),
    );

  test('a database is whole, and what names it elsewhere names the copy', async () => {
    const setup = await grownBackup();
    const { json, stderr } = await setup.ok(
      ...[
        'restore',
        'latest',
        '--to',
        'third',
        '--rename',
        'grown=grown_copy',
        '--check',
        '--json',
      ],
    );
    const result = json as RestoreResult;
    expect(result).toMatchObject({
      databases: ['grown', 'grown_too'],
      renamed: { grown: 'grown_copy' },
      attachStatements: [],
    });
    expect(result.checked!.tables).toBeGreaterThan(5);
    expect(stderr).toContain(
      'look through trigger grown_too.reads: the text still names grown, which is grown_copy here',
    );
    const copy = await digest(target);
    const isHere = Object.fromEntries(Object.entries(copy).filter(([key]) => !apart.test(key)));
    expect(
      diffDigests(renamed(await digest(pair.replica, ['grown', 'grown_too'])), isHere),
    ).toEqual([]);
    expect(copy['view `grown_too`.`alias`']).toContain('`grown`.`id` AS `id`');
    expect(Object.keys(copy).filter((key) => key.startsWith('trigger'))).toEqual(
      expect.arrayContaining([
        'trigger `grown_copy`.`typed`',
        'trigger `grown_copy`.`writes`',
        'trigger `grown_copy`.`strange`',
      ]),
    );
    // It works, and nothing leads back to the old name: there is none here.
    await target
      .query(
        "INSERT INTO grown_copy.item (name) VALUES ('four'); INSERT INTO grown_copy.no_key VALUES (1, ''); INSERT INTO grown_too.refers VALUES (9, 1000)",
      )
      .catch((error: unknown) => expect(String(error)).toMatch(/grown\.item/));
    const [row] = await target.query('SELECT name FROM grown_copy.item WHERE id = 1000');
    expect(row).toEqual({ name: 'FOUR' });
    for (const view of ['grown_copy.own', 'grown_too.others', 'grown_too.alias'])
      expect(await target.query(`SELECT * FROM ${view}`)).not.toEqual([]);
  });

  test('one table, beside the original, through the library', async () => {
    const { config, ...setup } = await grownBackup();
    const restore = { backup: 'latest', to: 'third', only: 'grown.no_key', check: true };
    await restoreBackup(config, restore);
    await expect(restoreBackup(config, restore)).rejects.toMatchObject({ code: 'refused' });
    const result = await restoreBackup(config, { ...restore, rename: { grown: 'beside' } });
    expect(result).toMatchObject({ table: 'no_key', checked: { tables: 1, rows: 3, objects: 0 } });
    expect(await target.query('SHOW TABLES FROM beside')).toHaveLength(1);
    const { stdout } = await setup.ok(
      ...['restore', 'latest', '--to', 'third', '--only', 'grown.no_key', '--dry-run'],
      ...['--rename', 'grown=more'],
    );
    expect(stdout).toMatch(/table +grown\.no_key as more\.no_key/);
  });

  test('not where that cannot be', async () => {
    const { config, ...setup } = await grownBackup();
    const refusals: [Partial<RestoreBackupOptions>, RegExp][] = [
      [{ rename: { nope: 'x' } }, /no database "nope" is restored/],
      [{ rename: { grown: 'grown_too' } }, /two databases would be restored as "grown_too"/],
      [{ rename: { grown: 'MySQL' } }, /a database of the server itself/],
      [{ rename: { grown: '' } }, /cannot be the name of a database/],
      [{ rename: { grown: 'x' }, attach: true }, /exclude each other/],
      [{ rename: { grown: 'x' }, only: 'grown_too' }, /no database "grown" is restored/],
    ];
    for (const [options, message] of refusals)
      await expect(
        restoreBackup(config, { backup: 'latest', to: 'third', ...options }),
      ).rejects.toMatchObject({ code: 'usage', message: expect.stringMatching(message) as string });
    const ended = await setup.run('restore', 'latest', '--to', 'third', '--rename', 'grown');
    expect(ended.status).toBe(2);
    expect(ended.stderr).toContain('say old=new');
  });
});

describe('definers', () => {
  const definersOf = async (): Promise<string[]> => {
    const rows = await target.query<{ definer: string }>(
      `SELECT DEFINER AS definer FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'grown'
       UNION ALL SELECT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'grown'
       UNION ALL SELECT DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'grown'
       UNION ALL SELECT DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'grown'`,
    );
    return rows.map(({ definer }) => definer);
  };
  const strange = `we\`ird';-- */x/* "q@%`;

  test('are kept, or are those of whoever restores', async () => {
    const setup = await grownBackup();
    const restore = async (...flags: string[]) =>
      await setup.ok(
        ...['restore', 'latest', '--to', 'third', '--only', 'grown', '--yes', ...flags],
      );
    // The view that reads the other database.
    await target.query(
      'CREATE DATABASE grown_too; CREATE TABLE grown_too.refers (id INT, item INT)',
    );
    await restore();
    const kept = await definersOf();
    expect(kept.filter((definer) => definer === strange)).toHaveLength(4);
    const bodies = Object.entries(await digest(target, ['grown']));
    for (const definer of ['current', 'drop']) {
      await restore('--replace', 'grown', '--definer', definer);
      expect(await definersOf()).toEqual(kept.map(() => 'root@localhost'));
      const here = await digest(target, ['grown']);
      for (const [key, text] of bodies)
        expect(here[key]!.replaceAll(/DEFINER=\S+/g, '')).toBe(
          text
            .replaceAll(/DEFINER=`we``ird.*?`@`%`/g, 'DEFINER=`root`@`localhost`')
            .replaceAll(/DEFINER=\S+/g, ''),
        );
    }
  });
});

test('a view that is refused is told once the others are there', async () => {
  const setup = await grownBackup();
  const restore = ['restore', 'latest', '--to', 'third', '--only', 'grown', '--yes'];
  const refused = await setup.run(...restore);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toMatch(
    /cannot load \S+views\/grown\.sql\.zst: (?:Unknown database 'grown_too'|Table 'grown_too\.refers' doesn't exist)\n/,
  );
  expect(refused.stderr).toContain('run the same command again');
  const views = async () => {
    const rows = await target.query<{ name: string }>(
      "SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'grown' ORDER BY 1",
    );
    return rows.map(({ name }) => name);
  };
  expect(await views()).toEqual(['strange']);
  await target.query('CREATE DATABASE grown_too; CREATE TABLE grown_too.refers (id INT, item INT)');
  await setup.ok(...restore);
  expect(await views()).toEqual(['own', 'strange']);
});

describe('the plan', () => {
  test('says from where, into what, how big and about how long', async () => {
    const setup = await grownBackup();
    const plan = async () =>
      (await setup.ok('restore', 'latest', '--to', 'third', '--dry-run', '--json'))
        .json as RestoreResult;
    const text = async () =>
      (await setup.ok('restore', 'latest', '--to', 'third', '--dry-run')).stdout;
    const first = await plan();
    expect(first).toMatchObject({
      status: 'planned',
      store: `file://${setup.storePath}`,
      estimatedSeconds: null,
      checked: null,
      continued: null,
    });
    expect(first.server).toContain(target.socketPath);
    expect(await text()).toMatch(/time +unknown: no drill of this pair has measured it yet/);

    const drills = join(setup.storePath, 'shop/drills');
    await mkdir(drills, { recursive: true });
    const put = async (id: string, record: unknown) =>
      await writeFile(join(drills, `${id}.json`), JSON.stringify(record));
    const seconds = { download: 1, restore: 3, checks: 9, catchUp: null, total: 20 };
    const bytes = { plain: first.bytes.plain / 3, stored: 1 };
    await put('20260101T000000Z-drill-000001', exampleDrill({ seconds, bytes }));
    await put('20260102T000000Z-drill-000002', exampleDrill({ status: 'failed' }));
    await put('20260103T000000Z-drill-000003', 'no record');
    expect((await plan()).estimatedSeconds).toBe(12);
    expect(await text()).toMatch(/time +about 12\.0 s, by the last drill/);
    expect(await target.query("SHOW DATABASES LIKE 'grown%'")).toEqual([]);
  });
});

describe('the check', () => {
  test.each([
    [
      'a row is gone',
      'DELETE FROM grown.no_key WHERE a IS NULL',
      /`grown`\.`no_key` has 2 rows, the backup has 3/,
    ],
    ['a trigger is gone', 'DROP TRIGGER grown.typed', /the trigger `grown`\.`typed` is missing/],
    ['a table is gone', 'DROP TABLE grown_too.log', /the table `grown_too`\.`log` is missing$/],
  ])('%s: exit 13', async (_, sql, message) => {
    const setup = await grownBackup();
    const observe = async (event: RunEvent) => {
      if (event.type === 'step' && event.step === 'check') await target.query(sql);
    };
    await expect(
      restoreBackup(setup.config, { backup: 'latest', to: 'third', check: true, observe }),
    ).rejects.toMatchObject({
      code: 'verification',
      exitStatus: 13,
      message: expect.stringMatching(message) as string,
    });
  });

  test('says what it has compared', async () => {
    const setup = await grownBackup();
    const { stdout } = await setup.ok('restore', 'latest', '--to', 'third', '--check');
    expect(stdout).toMatch(
      /checked +\d+ tables, \d+ rows and \d+ views and programs as in the backup/,
    );
  });
});
