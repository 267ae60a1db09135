import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { backup } from '../../src/backup.js';
import type { BackupRecord } from '../../src/catalog/records.js';
import { resolveServer } from '../../src/config/secret.js';
import { readCoordinates } from '../../src/freeze/coordinates.js';
import { openServer } from '../../src/pair/server.js';
import { waitFor } from '../../src/util/wait.js';
import { engine, freshTarget, target } from '../rig/shared.js';
import { setUp } from '../support/cli.js';
import {
  asApp,
  contentOf,
  expectRingInOrder,
  lockedByApp,
  pairOfRing,
  settle,
  startApp,
  startRing,
  stateOf,
  type App,
  type Ring,
} from '../support/ring.js';
import { again, drainedIn, setUpRing } from '../support/ringSetup.js';

const open = { writable: true, applies: true };
let ring: Ring;

beforeAll(async () => {
  ring = await startRing();
});
afterAll(async () => await ring.stop());
afterEach(async () => await expectRingInOrder(ring));

async function writingToBoth(work: (apps: App[]) => Promise<void>): Promise<void> {
  const apps = [await startApp(ring.source, 21), await startApp(ring.replica, 22)];
  try {
    await work(apps);
  } finally {
    for (const app of apps) await app.stop();
  }
}

test('a backup while both are written to: attached to either, it is equal on all three', async () => {
  const setup = await setUpRing(ring);
  let record: BackupRecord | undefined;
  let inside: unknown;
  await writingToBoth(async ([one, two]) => {
    await waitFor(async () => Promise.resolve(two!.written() > 50 ? true : null), { within: 60 });
    let before = 0;
    record = await backup(setup.config, {
      observe: async (event) => {
        if (event.type !== 'step') return;
        if (event.step === 'dump') {
          before = one!.written();
          inside = await stateOf(ring.replica);
        }
        // The other one serves while this one stands still.
        if (event.step === 'fence') {
          const goesOn = async () => Promise.resolve(one!.written() > before + 5 ? true : null);
          expect(await waitFor(goesOn, { within: 30 })).toBe(true);
        }
      },
    });
    expect(two!.refused()).toBeGreaterThan(0);
    const after = two!.written();
    const writes = async () => Promise.resolve(two!.written() > after + 5 ? true : null);
    expect(await waitFor(writes, { within: 30 })).toBe(true);
  });
  expect(inside).toEqual({ writable: false, applies: false });
  expect(await drainedIn(setup)).toEqual(['drain.before', 'drain.after']);
  const { directions, gtid } = record!.coordinates;
  expect(directions?.map(({ server, port }) => [server, port])).toEqual([
    ['source', ring.source.port],
    ['replica', ring.replica.port],
  ]);
  expect(gtid!.split(',')).toHaveLength(2);
  await settle(ring);
  for (const to of ['source', 'replica']) {
    await freshTarget();
    const attached = await setup.ok(
      'restore',
      'latest',
      '--to',
      'third',
      '--attach-to',
      to,
      '--yes',
    );
    expect(attached.stdout).toContain(`it follows the ${to} of shop`);
    await settle(ring, target);
    const wanted = await contentOf(ring.source);
    expect(await contentOf(ring.replica)).toEqual(wanted);
    expect(await contentOf(target)).toEqual(wanted);
  }
  await freshTarget();
});

test('the node crashes in the middle: it comes back open, and the backup has failed', async () => {
  const setup = await setUpRing(ring);
  const failing = backup(setup.config, {
    observe: async (event) => {
      if (event.type === 'step' && event.step === 'dump') await ring.replica.crash();
    },
  });
  await expect(failing).rejects.toThrow();
  expect(await stateOf(ring.replica)).toEqual(open);
  expect(await drainedIn(setup)).toEqual(['drain.before', 'drain.after']);
  expect((await setup.ok('list', '--json')).json).toEqual([]);
  await settle(ring);
});

test('the other way round at the same time: exit 11, so that one of them always serves', async () => {
  const setup = await setUpRing(ring);
  const { source, replica, ...rest } = pairOfRing(ring);
  const swapped = await setUp({ pair: { ...rest, source: replica, replica: source } });
  let status = 0;
  await backup(setup.config, {
    observe: async (event) => {
      if (event.type !== 'step' || event.step !== 'dump') return;
      ({ status } = await swapped.run('backup'));
    },
  });
  expect(status).toBe(11);
});

test('what the other node has not applied in time: refused, with both as they were', async () => {
  const setup = await setUpRing(ring, { within: '2s' });
  const locking = await ring.source.connect();
  await locking.query('LOCK TABLES shared.balance WRITE');
  await ring.replica.query('UPDATE shared.balance SET total = total + 1 WHERE node = 22');
  try {
    const ended = await setup.run('backup');
    expect(ended.status, ended.stderr).toBe(10);
    expect(ended.stderr).toMatch(/source of shop has not applied .* of the replica of shop/);
  } finally {
    await locking.query('UNLOCK TABLES');
    await locking.end();
  }
  expect(await drainedIn(setup)).toEqual(['drain.before', 'drain.after']);
  await settle(ring);
});

test('an open transaction is waited for, then the backup is refused; it commits', async () => {
  const setup = await setUpRing(ring, { within: '2s' });
  const app = await asApp(ring.replica);
  await app.query("BEGIN; INSERT INTO ledger (node, note) VALUES (22, 'held open')");
  const ended = await setup.run('backup');
  expect(ended.status, ended.stderr).toBe(10);
  expect(ended.stderr).toMatch(
    /open transactions on the replica of shop have not ended within 2 s/,
  );
  expect(await stateOf(ring.replica)).toEqual(open);
  await app.query('COMMIT');
  await app.end();
  expect(await drainedIn(setup)).toEqual(['drain.before', 'drain.after']);
  await setup.ok('backup');
});

test('a transaction that ends in time commits: the node is not closed before', async () => {
  const setup = await setUpRing(ring);
  const app = await asApp(ring.replica);
  await app.query("BEGIN; INSERT INTO ledger (node, note) VALUES (22, 'in time')");
  const looks = async () => {
    const [row] = await ring.replica.query<{ Value: string }>(
      "SHOW GLOBAL STATUS LIKE 'Com_select'",
    );
    return Number(row!.Value);
  };
  let committed: Promise<unknown> | undefined;
  await backup(setup.config, {
    observe: async (event) => {
      if (event.type !== 'step' || event.step !== 'drain') return;
      const before = await looks();
      const waits = async () => ((await looks()) > before + 5 ? true : null);
      committed = waitFor(waits, { within: 30 }).then(async () => await app.query('COMMIT'));
      committed.catch(() => undefined);
    },
  });
  await committed;
  await app.end();
});

test('the coordinates hold what the node has written, also before the other has sent it back', async () => {
  const node = await openServer(
    await resolveServer((await setUpRing(ring)).config.pairs['shop']!.replica!),
    'replica',
  );
  try {
    await ring.replica.query('STOP REPLICA IO_THREAD');
    await ring.replica.query('UPDATE shared.balance SET total = total + 1 WHERE node = 22');
    const [row] = await ring.replica.query<{ gtid: string }>(
      `SELECT ${engine === 'mysql' ? '@@gtid_executed' : '@@gtid_current_pos'} AS gtid`,
    );
    const wanted = row!.gtid.replace(/\s/g, '');
    expect((await readCoordinates(node, true)).gtid).toBe(wanted);
    const applied = (await readCoordinates(node, false)).gtid;
    if (engine === 'mariadb') expect(applied).not.toBe(wanted);
  } finally {
    node.close();
    await ring.replica.query('START REPLICA IO_THREAD');
  }
  await settle(ring);
});

test('a lock that is held keeps the node from being closed: refused, it takes writes', async () => {
  const setup = await setUpRing(ring, { within: '2s' });
  const app = await lockedByApp(ring.replica);
  const ended = await setup.run('backup');
  expect(ended.status, ended.stderr).toBe(10);
  expect(ended.stderr).toMatch(/could not close the replica of shop for writes/);
  await app.query("INSERT INTO ledger (node, note) VALUES (22, 'under its lock')");
  await app.query('UNLOCK TABLES');
  await app.end();
});

test('drain.before fails: nothing is closed, and the node is put back', async () => {
  const setup = await setUpRing(ring, { before: ['false'] });
  const ended = await setup.run('backup');
  expect(ended.status).toBe(1);
  expect(ended.stderr).toMatch(/drain.before of shop failed/);
  expect(await drainedIn(setup)).toEqual(['drain.after']);
});

test('drain.after fails: the run fails, the next one tries again', async () => {
  const setup = await setUpRing(ring, { after: ['false'] });
  const ended = await setup.run('backup');
  expect(ended.status).toBe(1);
  expect(ended.stderr).toMatch(/drain.after of shop failed.*[\s\S]*stillpoint resume shop/);
  expect(await stateOf(ring.replica)).toEqual(open);
  expect((await setup.run('resume')).status).toBe(1);
  const note = ['sh', '-c', `cat >> ${join(setup.folder, 'drained')}`];
  const mended = await again(setup, { pair: { ...pairOfRing(ring), drain: { after: note } } });
  await mended.ok('resume');
  expect(await drainedIn(setup)).toEqual(['drain.before', 'drain.after']);
});

test('the other node is closed in the middle: this one takes writes again', async () => {
  const setup = await setUpRing(ring);
  const looks = async () => {
    const [row] = await ring.source.query<{ Value: string }>(
      "SHOW GLOBAL STATUS LIKE 'Com_select'",
    );
    return Number(row!.Value);
  };
  const failing = backup(setup.config, {
    observe: async (event) => {
      if (event.type !== 'step' || event.step !== 'dump') return;
      await ring.source.query('SET GLOBAL read_only = ON');
      const before = await looks();
      const enough = async () => ((await looks()) > before + 3 ? true : null);
      expect(await waitFor(enough, { within: 30 })).toBe(true);
    },
  });
  try {
    await expect(failing).rejects.toThrow(/source of shop no longer serves: it is read-only/);
    expect(await stateOf(ring.replica)).toEqual(open);
    expect(await drainedIn(setup)).toEqual(['drain.before', 'drain.after']);
  } finally {
    await ring.source.query('SET GLOBAL read_only = OFF');
  }
});

test('a node that was read-only before stays so, and is not put back into anything', async () => {
  const setup = await setUpRing(ring);
  await ring.replica.query('SET GLOBAL read_only = ON');
  try {
    await setup.ok('backup');
    expect((await stateOf(ring.replica)).writable).toBe(false);
    expect(await drainedIn(setup)).toEqual([]);
  } finally {
    await ring.replica.query('SET GLOBAL read_only = OFF');
  }
});

test('a drill that follows the node, and snapshots while both write and at rest', async () => {
  const setup = await setUpRing(ring);
  await writingToBoth(async () => {
    await setup.ok('snapshot', 'before-change');
    await setup.ok('drill', '--catch-up');
  });
  await setup.ok('snapshot', 'at-rest', '--wait', '20s');
});
