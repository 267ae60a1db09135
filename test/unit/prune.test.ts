import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listPins, newPin, putPin } from '../../src/catalog/pins.js';
import { listMarks, markForRemoval } from '../../src/catalog/pruning.js';
import { putDrill } from '../../src/catalog/drills.js';
import { openJournal } from '../../src/freeze/journal.js';
import { pinBackup, unpinBackup } from '../../src/pin.js';
import { prune, type PruneOptions } from '../../src/prune.js';
import { openFileStore } from '../../src/store/file.js';
import { backupPrefix, commitKey } from '../../src/store/keys.js';
import { systemClock } from '../../src/util/clock.js';
import { idAt } from '../support/sample.js';
import { sampleDrill } from '../support/sampleDrill.js';
import { idsIn, keysOf, nights, shelve, storeOnlyConfig } from '../support/shelf.js';
import { ownFolder } from './util/folder.js';

const hour = 3600_000;
const day = 24 * hour;

/** A folder of ten nights, of which the rules keep three. */
async function shelf(rules: Record<string, unknown> | null = { keepLast: 3 }, count = 10) {
  const folder = await ownFolder();
  const path = join(folder, 'store');
  const { config } = await storeOnlyConfig(folder, { type: 'file', path }, rules);
  const store = openFileStore({ path });
  const records = nights(count);
  await shelve(store, records, path);
  const ids = records.map(({ id }) => id);
  const run = async (options: PruneOptions = {}) => await prune(config, options);
  return { path, config, store, records, ids, run };
}

/** What a run stores before its commit, as old as said. */
async function begin(path: string, age: number): Promise<string> {
  const at = new Date(Date.now() - age);
  const id = idAt(at, 'running', () => 0.25);
  const file = join(path, backupPrefix({ pair: 'shop', id }), 'data/shop/orders.sql.zst');
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, 'part');
  await utimes(file, at, at);
  return id;
}

describe('prune', () => {
  test('removes what no rule keeps, whole, and says why', async () => {
    const { store, ids, run } = await shelf();
    const result = await run();
    expect(result).toMatchObject({
      status: 'pruned',
      kept: 3,
      removed: 7,
      locked: 0,
      warnings: [],
    });
    expect(result.backups.map(({ id }) => id)).toEqual(ids);
    expect(result.backups[0]).toMatchObject({
      outcome: 'removed',
      reasons: ['older than the rules reach'],
    });
    expect(result.backups[9]).toMatchObject({
      outcome: 'kept',
      reasons: ['the newest', 'last 1 of 3'],
    });
    expect(await idsIn(store)).toEqual(ids.slice(-3));
    expect(await keysOf(store)).toHaveLength(3 * 3);
    const again = await run();
    expect(again).toMatchObject({ kept: 3, removed: 0, swept: [] });
  });

  test('removes nothing without rules, in a dry run, or when the answer is no', async () => {
    const { store, run } = await shelf();
    const before = await keysOf(store);
    expect(await run({ dryRun: true })).toMatchObject({ status: 'planned', removed: 7, kept: 3 });
    const no = async () => await Promise.reject(new Error('no'));
    await expect(run({ confirm: no })).rejects.toThrow('no');
    expect(await keysOf(store)).toEqual(before);
    const other = await shelf(null);
    expect(await other.run()).toMatchObject({ kept: 10, removed: 0 });
    expect(await idsIn(other.store)).toEqual(other.ids);
  });

  test('leaves what a drill has proven and what is pinned, and takes pins of what is gone away', async () => {
    const { store, records, ids, run } = await shelf();
    await putDrill(store, sampleDrill(records[2]!));
    await putDrill(store, sampleDrill(records[1]!));
    const pin = (id: string, until: Date | null) =>
      putPin(store, newPin({ pair: 'shop', id, until, reason: null }, systemClock));
    await pin(ids[0]!, null);
    await pin(ids[3]!, new Date(Date.now() + day));
    await pin(ids[4]!, new Date(Date.now() - day));
    const unborn = idAt(new Date(), 'soon', () => 0.5);
    await pin(unborn, new Date(Date.now() + day));
    await pin(
      idAt(new Date(), 'late', () => 0.5),
      new Date(Date.now() - day),
    );
    const { backups } = await run();
    expect(backups[2]!.reasons).toEqual(['the newest that a drill has proven']);
    const stay = [ids[0], ids[2], ids[3], ...ids.slice(-3)];
    expect(await idsIn(store)).toEqual(stay);
    expect([...(await listPins(store, 'shop')).keys()].sort()).toEqual(
      [ids[0], ids[3], unborn].sort(),
    );
  });

  test('sees a pin that was set while the question was open', async () => {
    const { store, ids, run } = await shelf();
    const confirm = async () =>
      await putPin(
        store,
        newPin({ pair: 'shop', id: ids[1]!, until: null, reason: 'wait' }, systemClock),
      );
    const { backups, removed } = await run({ confirm });
    expect(removed).toBe(6);
    expect(backups[1]!.outcome).toBe('pinned');
    expect(await idsIn(store)).toEqual([ids[1], ...ids.slice(-3)]);
    expect(await listMarks(store, 'shop')).toEqual([]);
  });

  test('refuses a pin on what it is removing', async () => {
    const { store, ids } = await shelf();
    await markForRemoval(store, { pair: 'shop', id: ids[0]! }, systemClock);
    const pin = newPin({ pair: 'shop', id: ids[0]!, until: null, reason: null }, systemClock);
    await expect(putPin(store, pin)).rejects.toMatchObject({ code: 'refused' });
  });

  test('pins are for a time to come, and for what is there', async () => {
    const { config, ids } = await shelf();
    const late = { backup: ids[0]!, until: new Date(Date.now() - hour) };
    await expect(pinBackup(config, late)).rejects.toMatchObject({ code: 'usage' });
    await expect(pinBackup(config, { backup: 'nowhere' })).rejects.toMatchObject({
      code: 'no-such-backup',
    });
    expect(await pinBackup(config, { backup: 'latest', reason: 'why' })).toMatchObject({
      backup: ids.at(-1),
      until: null,
      reason: 'why',
    });
    expect(await unpinBackup(config, { backup: ids.at(-1)! })).toMatchObject({ pair: 'shop' });
    await expect(unpinBackup(config, { backup: 'latest' })).rejects.toThrow('is not pinned');
  });

  test('two at once do no harm', async () => {
    const { store, ids, run } = await shelf();
    await Promise.all([run(), run(), run()]);
    expect(await idsIn(store)).toEqual(ids.slice(-3));
    expect(await keysOf(store)).toHaveLength(3 * 3);
  });

  test('a store of hundreds, with what others put there', async () => {
    const { path, store, ids, run } = await shelf({ keepDaily: 280, keepMonthly: 12 }, 300);
    const foreign = [
      'notes.txt',
      'other/backups/20261122T023000Z-nightly-3fa9c1/backup.json',
      'shop/backups/README',
      'shop/backups/my copy of a backup/backup.json',
      `shop/backups/copy-of-${ids[0]!}/backup.json`,
      'shop/backups/2026/x',
      'shop/drills/über drills.txt',
      'shop/pins/hello.json',
      'shop/pins/a b.json',
      'shop/pruning/not-an-id.json',
      `shop/pruning/${ids[0]!}.txt`,
    ];
    for (const key of foreign) {
      await mkdir(join(path, key, '..'), { recursive: true });
      await writeFile(join(path, key), 'not ours');
    }
    const { kept, removed, warnings } = await run();
    expect([kept + removed, warnings]).toEqual([300, []]);
    // And one month's newest, or none, of the twenty oldest.
    expect([280, 281]).toContain(kept);
    const left = (await idsIn(store)).filter((name) => ids.includes(name));
    expect(left).toHaveLength(kept);
    expect(left.slice(-7)).toEqual(ids.slice(-7));
    const there = await keysOf(openFileStore({ path }));
    expect(there).toEqual(
      expect.arrayContaining(foreign.filter((key) => /^[\x21-\x7e]+$/.test(key))),
    );
  });
});

describe('prune and backups that are not whole', () => {
  test('a damaged record stays, counts for no rule, and is told', async () => {
    const { store, ids, run } = await shelf();
    for (const id of [ids[0]!, ids[8]!])
      await store.put(commitKey({ pair: 'shop', id }), Buffer.from('{"format": 1}'));
    const copy = ids[1]!;
    const key = commitKey({ pair: 'shop', id: ids[2]! });
    await store.put(key, await readAll(store, commitKey({ pair: 'shop', id: copy })));
    const { warnings } = await run();
    expect(warnings.map((line) => line.slice(0, 60))).toEqual(
      [ids[0], ids[2], ids[8]]
        .map((id) => `backup ${id!} is damaged: `.padEnd(60).slice(0, 60).trimEnd())
        .map((start) => expect.stringContaining(start) as string),
    );
    expect(await idsIn(store)).toEqual([ids[0], ids[2], ids[6], ids[7], ids[8], ids[9]]);
  });

  test('a run that goes on is not touched, though it has no commit', async () => {
    const { path, store, ids, run } = await shelf();
    const running = await begin(path, 30 * 60_000);
    expect((await run()).swept).toEqual([]);
    expect(await idsIn(store)).toEqual([...ids.slice(-3), running]);
    expect(await listMarks(store, 'shop')).toEqual([]);
  });

  test('one that began long ago and still writes is not touched either', async () => {
    const { path, store, run } = await shelf();
    const slow = await begin(path, 9 * day);
    await store.put(
      `${backupPrefix({ pair: 'shop', id: slow })}data/shop/late.sql.zst`,
      Buffer.from('x'),
    );
    expect((await run()).swept).toEqual([]);
    expect(await idsIn(store)).toContain(slow);
  });

  test('what nobody has written to for a week is garbage', async () => {
    const { path, store, ids, run } = await shelf();
    const dead = await begin(path, 8 * day);
    expect((await run()).swept).toEqual([dead]);
    expect(await idsIn(store)).toEqual(ids.slice(-3));
  });

  test('what an earlier prune left half removed goes', async () => {
    const { store, ids, run } = await shelf();
    const at = { pair: 'shop', id: ids[9]! };
    await markForRemoval(store, at, systemClock);
    await store.delete([commitKey(at)]);
    const result = await run();
    expect(result.swept).toEqual([ids[9]]);
    expect(await idsIn(store)).toEqual(ids.slice(6, 9));
    expect(await listMarks(store, 'shop')).toEqual([]);
  });

  test('a mark does not condemn: what stays now stays', async () => {
    const { path, store, ids, run } = await shelf();
    const marked = [ids[8]!, ids[9]!];
    for (const id of marked) await markForRemoval(store, { pair: 'shop', id }, systemClock);
    const old = new Date(Date.now() - 2 * day);
    await utimes(join(path, `shop/pruning/${marked[0]!}.json`), old, old);
    await run();
    expect(await idsIn(store)).toEqual(ids.slice(-3));
    // The other one may be that of a prune that goes on.
    expect((await listMarks(store, 'shop')).map(({ id }) => id)).toEqual([marked[1]]);
  });
});

describe('prune is refused', () => {
  const journalOf = (id: string, pid: number) => ({
    pair: 'shop',
    serverUuid: 'u',
    backupId: id,
    phase: 'stored' as const,
    channels: [],
    since: new Date().toISOString(),
    pid,
    host: hostname(),
  });
  const noPid = 2 ** 22 - 1;

  test('after a run of this machine that died', async () => {
    const { path, config, store, ids, run } = await shelf();
    const dead = await begin(path, hour);
    const journal = openJournal(config.stateDir, 'shop');
    await journal.write(journalOf(dead, noPid));
    await expect(run()).rejects.toMatchObject({ code: 'refused', exitStatus: 10 });
    expect(await idsIn(store)).toEqual([...ids, dead]);
    expect((await run({ dryRun: true })).refusal).toContain(dead);
    // A run that goes on is no dead one.
    await journal.write(journalOf(dead, process.pid));
    expect(await run()).toMatchObject({ removed: 7 });
  });

  test('after a run of whatever machine that is a day old, until there is a good one', async () => {
    const { path, store, records, run } = await shelf();
    const later = nights(1, new Date(Date.now() + 7000_000))[0]!;
    // The newest good backup is two hours old; make them all older than the dead run.
    await store.delete(records.slice(-2).map(commitKey));
    for (const { id } of records.slice(-2)) await store.delete([...(await keysUnder(store, id))]);
    const dead = await begin(path, 25 * hour);
    await expect(run()).rejects.toThrow(`the newest run (${dead}`);
    await shelve(store, [later]);
    expect(await run()).toMatchObject({ kept: 3, removed: 6 });
    expect(await idsIn(store)).toContain(dead);
  });

  test('beside a backup of a later version, which may need parts of others', async () => {
    const { store, ids, run } = await shelf();
    await store.put(commitKey({ pair: 'shop', id: ids[4]! }), Buffer.from('{"format": 2}'));
    await expect(run()).rejects.toThrow('written by a later version');
    expect(await idsIn(store)).toEqual(ids);
  });
});

async function readAll(store: ReturnType<typeof openFileStore>, key: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await store.get(key)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function keysUnder(store: ReturnType<typeof openFileStore>, id: string): Promise<string[]> {
  return (await keysOf(store)).filter((key) => key.startsWith(backupPrefix({ pair: 'shop', id })));
}
