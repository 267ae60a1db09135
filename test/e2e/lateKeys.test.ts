import { afterAll, beforeAll, expect, test } from 'vitest';
import { diffDigests, digest, type Digest } from '../rig/hostile/index.js';
import { emptyServer } from '../rig/index.js';
import { pair, target } from '../rig/shared.js';
import { engine, setUp } from '../support/cli.js';
import { keysIn } from '../support/store.js';

let wanted: Digest;
beforeAll(async () => {
  const unused = engine === 'mysql' ? 'INVISIBLE' : 'IGNORED';
  await pair.source.query(`
    DROP DATABASE IF EXISTS keyed;
    CREATE DATABASE keyed;
    CREATE TABLE keyed.\`large ü\` (
      id INT AUTO_INCREMENT PRIMARY KEY, number INT, text VARCHAR(300), UNIQUE KEY u (number, id),
      KEY unused (number) ${unused}, KEY number (number), KEY \`größe, (\` (text(10) DESC, number) COMMENT 'a, b)'
    ) ENGINE=InnoDB;
    INSERT INTO keyed.\`large ü\` (number, text) VALUES (1, 'x');
  `);
  const connection = await pair.source.connect();
  for (let rows = 1; rows < 60_000; rows *= 2) {
    await connection.query(
      'INSERT INTO keyed.`large ü` (number, text) SELECT id * 7919 % 1000, RPAD(SHA2(id, 256), 290, id) FROM keyed.`large ü`',
    );
  }
  // The server tells sizes by statistics, which are brought up to date some seconds later.
  await connection.query('ANALYZE TABLE keyed.`large ü`');
  await connection.end();
  await pair.waitForCatchUp();
  wanted = await digest(pair.replica, ['keyed']);
});
afterAll(async () => {
  await pair.source.query('DROP DATABASE keyed');
  await pair.waitForCatchUp();
});

/** A backup of it, its one table cut into ranges and those into parts; answers how many. */
async function backUp(hold: 'dump' | 'snapshot') {
  const setup = await setUp({
    pair: {
      databases: { include: ['keyed'] },
      freeze: { hold },
      dump: { parallel: 2, partSize: '3MiB' },
    },
  });
  await setup.ok('backup', '-q');
  await emptyServer(target);
  const parts = (await keysIn(setup.storePath)).filter((key) => key.includes('/data/'));
  return { setup, parts: parts.length };
}

test('the keys of a large table are added after its rows, also by a restore that goes on', async () => {
  const { setup, parts } = await backUp('dump');
  // Four ranges, none of which fits one part.
  expect(parts).toBeGreaterThanOrEqual(8);
  const killed = await setup.runUntil(
    'load keys /data/',
    'SIGKILL',
    ...['restore', 'latest', '--to', 'third'],
  );
  expect(killed.status).toBe(137);
  const [table] = await target.query<Record<string, string>>('SHOW CREATE TABLE keyed.`large ü`');
  expect(table!['Create Table']).not.toContain('KEY `number`');
  await setup.ok('restore', 'latest', '--to', 'third', '--check');
  expect(diffDigests(wanted, await digest(target, ['keyed']))).toEqual([]);
  // Its definition is what it was, to the order of the keys.
  const drill = await setup.run('drill', '--json');
  expect(drill.status, drill.stdout).toBe(0);
});

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'a table that is half restored, one of its parts whole: %s',
  async (signal) => {
    const { setup, parts } = await backUp('snapshot');
    expect(parts).toBeGreaterThanOrEqual(4);
    const asked = ['restore', 'latest', '--to', 'third'];
    const ended = await setup.runUntil('part /data/', signal, ...asked, '--parallel', '1');
    expect(ended.status).not.toBe(0);
    await setup.ok(...asked, '--check');
    expect(diffDigests(wanted, await digest(target, ['keyed']))).toEqual([]);
  },
);
