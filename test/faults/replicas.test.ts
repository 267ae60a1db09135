import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { backup } from '../../src/backup.js';
import type { BackupRecord } from '../../src/catalog/records.js';
import type { Finding } from '../../src/doctor.js';
import { StillpointError } from '../../src/errors.js';
import type { PromoteResult } from '../../src/promoteOptions.js';
import type { ResumeResult } from '../../src/resume.js';
import type { PairStatus } from '../../src/status.js';
import { waitFor } from '../../src/util/wait.js';
import {
  backupPassword,
  followSql,
  pairOf,
  roomyFolder,
  startPair,
  startServers,
  type OwnServer,
} from '../rig/index.js';
import { engine, tools } from '../rig/shared.js';
import { setUp, type Setup, type SetupOptions } from '../support/cli.js';
import { expectReplicas } from '../support/inOrder.js';
import { keysIn } from '../support/store.js';

// A source with three replicas. The last tests end the source.

type Name = 'east' | 'west' | 'spare';
type Replicas = Partial<Record<Name, Record<string, unknown>>>;

const isMysql = engine === 'mysql';
const admin = { user: 'chief', password: 'chief pw 1' };
let folder: string;
let source: OwnServer;
let servers: Record<Name, OwnServer>;

beforeAll(async () => {
  folder = await mkdtemp(join(await roomyFolder(), 'stillpoint-replicas-'));
  const startServer = startServers(engine, tools, folder);
  const args = [isMysql ? '--super-read-only=ON' : '--read-only=ON'];
  const [pair, west, spare] = await Promise.all([
    startPair(engine, startServer, { source: 31, replica: 32 }),
    startServer({ id: 33, args }),
    startServer({ id: 34, args }),
  ]);
  source = pair.source;
  servers = { east: pair.replica, west, spare };
  for (const server of [west, spare]) await server.query(followSql(engine, source));
  await source.query(`
    CREATE USER ${admin.user}@'%' IDENTIFIED BY '${admin.password}';
    GRANT ALL ON *.* TO ${admin.user}@'%' WITH GRANT OPTION;
    CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, n INT);
    INSERT INTO shop.item (n) VALUES (1), (2), (3);
  `);
  await caughtUp();
});
afterAll(async () => {
  await Promise.all([source, ...Object.values(servers)].map(async (one) => await one.stop()));
  await rm(folder, { recursive: true, force: true });
});

let isSourceThere = true;
afterEach(async () => {
  if (isSourceThere) await expectReplicas(source, Object.values(servers));
});

async function caughtUp(): Promise<void> {
  for (const server of Object.values(servers)) await pairOf(source, server).waitForCatchUp();
}

/** A pair of the source and these replicas, with what else is said of each. */
async function setUpReplicas(
  replicas: Replicas,
  more: Pick<SetupOptions, 'storeOptions' | 'top'> = {},
): Promise<Setup> {
  const login = { host: '127.0.0.1', user: 'stillpoint', password: backupPassword };
  const named = Object.entries(replicas).map(([name, said]) => [
    name,
    { ...login, port: servers[name as Name].port, ...said },
  ]);
  const pair = {
    source: { ...login, port: source.port },
    ...{ replica: undefined, replicas: Object.fromEntries(named) as unknown },
    ...{ replication: { user: 'repl', password: backupPassword }, admin },
  };
  return await setUp({ pair, ...more });
}

async function stopped<T>(name: Name, body: () => Promise<T>): Promise<T> {
  await servers[name].query('STOP REPLICA SQL_THREAD');
  try {
    return await body();
  } finally {
    await servers[name].query('START REPLICA SQL_THREAD');
    await caughtUp();
  }
}

async function running(name: Name): Promise<boolean> {
  return await pairOf(source, servers[name]).applierRunning();
}

async function backupOf(setup: Setup, ...args: string[]): Promise<BackupRecord> {
  return (await setup.ok('backup', '--json', ...args)).json as BackupRecord;
}

describe('which is paused', () => {
  test('the one of higher preference, and only that', async () => {
    const setup = await setUpReplicas({ east: {}, west: { preference: 5 } });
    const { replica } = await backupOf(setup);
    const address = `127.0.0.1:${servers.west.port}`;
    expect(replica).toEqual({ name: 'west', address, reason: 'preference 5' });
    const said = await setup.ok('backup');
    expect(said.stderr).toMatch(/the replica to pause is west: preference 5/);
    expect(said.stdout).toMatch(/replica +west \(127\S+: preference 5/);
    expect((await backupOf(setup, '--replica', 'east')).replica?.name).toBe('east');
    const unknown = await setup.run('backup', '--replica', 'esat');
    expect(unknown.stderr).toMatch(/no replica "esat" \(did you mean "?east/);
    expect(unknown.status).toBe(2);
  });

  test('of equal ones the less behind', async () => {
    const setup = await setUpReplicas({ east: {}, west: {} });
    const blocker = await servers.east.connect();
    await blocker.query('FLUSH TABLES WITH READ LOCK');
    try {
      await source.query('INSERT INTO shop.item (n) VALUES (4)');
      const isBehind = async () =>
        ((await pairOf(source, servers.east).lagSeconds()) ?? 0) >= 2 ? true : null;
      expect(await waitFor(isBehind, { within: 60 })).toBe(true);
      await pairOf(source, servers.west).waitForCatchUp();
      const { replica } = await backupOf(setup);
      expect(replica?.name).toBe('west');
      expect(replica?.reason).toMatch(/^the least behind: 0 s, east \d+ s$/);
    } finally {
      await blocker.end();
    }
    await caughtUp();
  });

  test('the healthy one, as long as another one stays', async () => {
    const setup = await setUpReplicas({ east: { preference: 5 }, west: {}, spare: {} });
    await stopped('east', async () => {
      expect((await backupOf(setup)).replica?.name).toBe('west');
    });
  });

  test('not the last one that is well while another is down: exit 10', async () => {
    const setup = await setUpReplicas({ east: {}, west: {} });
    await stopped('east', async () => {
      for (const args of [['backup'], ['backup', '--replica', 'west'], ['snapshot', 'x']]) {
        const ended = await setup.run(...args);
        expect(ended.stderr).toMatch(/west is the last replica of shop that is well/);
        expect(ended.status).toBe(10);
      }
    });
    const away = await setUpReplicas({ east: { port: 1 }, west: {} });
    expect((await away.run('backup')).status).toBe(10);
    expect(await running('west')).toBe(true);
  });

  test('never the one that is kept for a failover', async () => {
    const setup = await setUpReplicas({ spare: { backups: false, preference: 9 }, west: {} });
    expect((await backupOf(setup)).replica?.name).toBe('west');
    const asked = await setup.run('backup', '--replica', 'spare');
    expect(asked.stderr).toMatch(/never paused \(backups: false\)/);
    expect(asked.status).toBe(10);
    await stopped('west', async () => {
      expect((await setup.run('backup')).status).toBe(10);
    });
  });
});

test('a snapshot, and a drill that follows the source, have one of them too', async () => {
  const setup = await setUpReplicas({ east: {}, west: { preference: 1 } });
  const { json } = await setup.ok('snapshot', 'before', '--json');
  expect((json as BackupRecord).replica?.name).toBe('west');
  const drill = await setup.ok('drill', '--catch-up');
  expect(drill.stderr).toMatch(/the replica to pause is west/);
});

test('two runs: the second does not pause another replica meanwhile', async () => {
  const setup = await setUpReplicas({ east: {}, west: {} });
  const elsewhere = await setUpReplicas({ east: {}, west: {} });
  let seen: PairStatus | undefined;
  const statuses: number[] = [];
  await backup(setup.config, {
    replica: 'east',
    observe: async (event) => {
      if (event.type !== 'step' || event.step !== 'dump') return;
      for (const args of [['backup'], ['backup', '--replica', 'west'], ['resume']])
        statuses.push((await setup.run(...args)).status);
      // Of another machine, whose state directory tells nothing.
      statuses.push((await elsewhere.run('backup')).status);
      const promote = ['pair', 'promote', '--switchover', '--replica', 'east', '--yes'];
      statuses.push((await setup.run(...promote)).status);
      [seen] = (await setup.ok('status', '--json')).json as PairStatus[];
    },
  });
  expect(statuses).toEqual([11, 11, 11, 11, 10]);
  expect(seen).toMatchObject({ running: true, frozenByUs: true });
  expect(seen!.replicas.map(({ frozenByUs }) => frozenByUs)).toEqual([true, false]);
});

test('two runs that have picked two replicas at the same moment: one of them goes on', async () => {
  const setup = await setUpReplicas({ east: {}, west: {} });
  const at = { lock: 0, dump: 0, refused: 0 };
  const until = async (isSo: () => boolean): Promise<void> => {
    await waitFor(async () => Promise.resolve(isSo() || null), { within: 60 });
  };
  const codes = await Promise.all(
    (['east', 'west'] as const).map(async (replica) => {
      try {
        const { status } = await backup(setup.config, {
          replica,
          observe: async (event) => {
            if (event.type !== 'step') return;
            if (event.step === 'lock') {
              at.lock += 1;
              await until(() => at.lock === 2);
            }
            if (event.step === 'dump') {
              at.dump += 1;
              await until(() => at.refused === 1 || at.dump === 2);
            }
          },
        });
        return status;
      } catch (error) {
        at.refused += 1;
        return error instanceof StillpointError ? error.code : String(error);
      }
    }),
  );
  expect(codes.sort()).toEqual(['committed', 'locked']);
});

describe('SIGKILL during the pause', () => {
  test('resume goes to the replica that was paused, though another would be picked now', async () => {
    const setup = await setUpReplicas({ east: { preference: 1 }, west: {} });
    expect((await setup.runUntil('fence', 'SIGKILL', 'backup')).status).toBe(137);
    expect(await readdir(setup.config.stateDir)).toContain('shop+east.journal.json');
    const now = await sameState(setup, { east: {}, west: { preference: 9 } });
    const [status] = (await now.ok('status', '--json')).json as PairStatus[];
    expect(status).toMatchObject({ unfinished: true });
    const result = (await now.ok('resume', '--json')).json as ResumeResult;
    expect(result).toMatchObject({ status: 'resumed', replicas: ['east'], channels: [''] });
    expect(await running('east')).toBe(true);
    expect(await readdir(setup.config.stateDir)).not.toContain('shop+east.journal.json');
    expect(await keysIn(setup.storePath)).toEqual([]);
  });

  test('the next backup resumes that one, and pauses the other', async () => {
    const setup = await setUpReplicas({ east: { preference: 1 }, west: {} });
    expect((await setup.runUntil('fence', 'SIGKILL', 'backup')).status).toBe(137);
    const now = await sameState(setup, { east: {}, west: { preference: 9 } });
    const { id, replica } = await backupOf(now);
    expect(replica?.name).toBe('west');
    expect(await running('east')).toBe(true);
    const ids = (await keysIn(setup.storePath)).map((key) => key.split('/')[2]);
    expect(new Set(ids.filter((one) => /^\d{8}T/.test(one ?? '')))).toEqual(new Set([id]));
    expect(await readdir(setup.config.stateDir)).not.toContain('shop+east.journal.json');
  });

  test('the one that was paused is away: a warning, and the others go on', async () => {
    const setup = await setUpReplicas({ east: { preference: 1 }, west: {}, spare: {} });
    expect((await setup.runUntil('fence', 'SIGKILL', 'backup')).status).toBe(137);
    const away = await sameState(setup, { east: { port: 1 }, west: {}, spare: {} });
    const ended = await away.ok('backup');
    expect(ended.stderr).toMatch(/replica east of shop was paused by a run that died/);
    expect(await readdir(setup.config.stateDir)).toContain('shop+east.journal.json');
    await setup.ok('resume');
    expect(await readdir(setup.config.stateDir)).not.toContain('shop+east.journal.json');
    expect(await running('east')).toBe(true);
  });

  /** Another configuration with the store and the state of the first. */
  async function sameState(setup: Setup, replicas: Replicas): Promise<Setup> {
    return await setUpReplicas(replicas, {
      storeOptions: { path: setup.storePath },
      top: { stateDir: setup.config.stateDir },
    });
  }
});

test('doctor looks at each, or at one', async () => {
  const setup = await setUpReplicas({ east: {}, west: {} });
  const findings = async (...args: string[]) => {
    const [report] = (await setup.ok('doctor', '--json', ...args)).json as {
      findings: Finding[];
    }[];
    return report!.findings.map(({ name }) => name);
  };
  expect(await findings()).toEqual(
    expect.arrayContaining(['east: replication', 'west: replication', 'west: grants']),
  );
  expect(await findings('--replica', 'west')).not.toContain('east: replication');
});

describe('the source is gone', () => {
  beforeAll(async () => {
    await caughtUp();
    for (const name of ['west', 'spare'] as const)
      await servers[name].query('STOP REPLICA IO_THREAD');
    await source.query('INSERT INTO shop.item (n) VALUES (5)');
    await pairOf(source, servers.east).waitForCatchUp();
    isSourceThere = false;
    await source.stop();
    for (const name of ['west', 'spare'] as const)
      await servers[name].query('START REPLICA IO_THREAD');
  });

  test('the one that has received most takes its place', async () => {
    const setup = await setUpReplicas({ west: { preference: 9 }, east: {} });
    const { json } = await setup.ok('pair', 'promote', '--dry-run', '--json');
    expect((json as PromoteResult).newSource).toBe(`127.0.0.1:${servers.east.port}`);
  });

  test('not the one that is kept for it while another has more, unless it is named', async () => {
    const setup = await setUpReplicas({ spare: { backups: false }, east: {} });
    const ended = await setup.run('pair', 'promote', '--yes');
    expect(ended.stderr).toMatch(/replica east of shop has received more than spare: /);
    expect(ended.status).toBe(10);
    const nobody = await setup.run('pair', 'promote', '--replica', 'spare');
    expect(nobody.stderr).toMatch(/east has received more, which is lost/);
    expect(nobody.status).toBe(2);
    const { json } = await setup.ok(
      ...['pair', 'promote', '--replica', 'spare', '--dry-run', '--json'],
    );
    expect((json as PromoteResult).newSource).toBe(`127.0.0.1:${servers.spare.port}`);
  });

  test('the one that is kept for it, when it has as much; once only', async () => {
    const setup = await setUpReplicas({ west: { preference: 9 }, spare: { backups: false } });
    const ended = await setup.ok('pair', 'promote', '--yes');
    expect(ended.stdout).toMatch(/replica west +follows .* now/);
    const again = (await setup.ok('pair', 'promote', '--yes', '--json')).json as PromoteResult;
    expect(again).toMatchObject({
      status: 'nothing',
      newSource: `127.0.0.1:${servers.spare.port}`,
      otherReplicas: ['west'],
      others: [{ name: 'west', status: 'following', reason: null }],
    });
    const other = await setup.run('pair', 'promote', '--replica', 'west', '--yes');
    expect(other.stderr).toMatch(/spare of shop follows nobody .*: it is the source already/);
    expect(other.status).toBe(10);
    const [status] = (await setup.ok('status', '--json')).json as PairStatus[];
    expect(status).toMatchObject({ rolesSwapped: true, source: { version: null } });
  });
});
