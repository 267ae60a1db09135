import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/doctor.js';
import { waitFor } from '../../src/util/wait.js';
import { engine, freshTarget, target } from '../rig/shared.js';
import type { Setup } from '../support/cli.js';
import {
  closingGrants,
  expectRingInOrder,
  follow,
  pairOfRing,
  settle,
  startRing,
  stateOf,
  type Ring,
} from '../support/ring.js';
import { again, drainedIn, setUpRing } from '../support/ringSetup.js';

const isMysql = engine === 'mysql';
const open = { writable: true, applies: true };
let ring: Ring;

beforeAll(async () => {
  ring = await startRing();
});
afterAll(async () => await ring.stop());
afterEach(async () => await expectRingInOrder(ring));

describe('refused with exit 10, nothing touched', () => {
  async function refusal(setup: Setup): Promise<string> {
    const ended = await setup.run('backup');
    expect(ended.status, ended.stderr).toBe(10);
    expect(await drainedIn(setup)).toEqual([]);
    expect(await stateOf(ring.replica)).toEqual(open);
    return ended.stderr;
  }

  test('the other node is down', async () => {
    const setup = await setUpRing(ring);
    const nowhere = { host: '127.0.0.1', port: 9, user: 'stillpoint', password: 'x' };
    const pair = { ...pairOfRing(ring), source: nowhere };
    expect(await refusal(await again(setup, { pair }))).toMatch(
      /is the only one that takes writes/,
    );
  });

  test('the other node is read-only', async () => {
    const setup = await setUpRing(ring);
    await ring.source.query('SET GLOBAL read_only = ON');
    try {
      expect(await refusal(setup)).toMatch(/source of shop takes no writes/);
    } finally {
      await ring.source.query('SET GLOBAL read_only = OFF');
    }
  });

  test('the other node does not replicate, or lags', async () => {
    const setup = await setUpRing(ring);
    await ring.source.query('STOP REPLICA SQL_THREAD');
    try {
      expect(await refusal(setup)).toMatch(/source of shop does not replicate from the replica/);
    } finally {
      await ring.source.query('START REPLICA SQL_THREAD');
    }
    const locking = await ring.source.connect();
    await locking.query('LOCK TABLES shared.balance WRITE');
    await ring.replica.query('UPDATE shared.balance SET total = total + 1 WHERE node = 22');
    const slow = await again(setup, { pair: { ...pairOfRing(ring), freeze: { maxLag: '1s' } } });
    try {
      const lags = async () => {
        const [row] = await ring.source.query<Record<string, number | null>>(
          isMysql ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS',
        );
        const lag = row?.['Seconds_Behind_Source'] ?? row?.['Seconds_Behind_Master'] ?? 0;
        return lag > 2 ? true : null;
      };
      expect(await waitFor(lags, { within: 20 })).toBe(true);
      expect(await refusal(slow)).toMatch(/source of shop lags \d+ s behind/);
    } finally {
      await locking.query('UNLOCK TABLES');
      await locking.end();
    }
    await settle(ring);
  });

  test('the node does not follow the other', async () => {
    const setup = await setUpRing(ring);
    const { source } = pairOfRing(ring) as { source: object };
    const pair = { ...pairOfRing(ring), source: { ...source, port: target.port } };
    await freshTarget();
    await target.query(
      `CREATE USER stillpoint@'%' IDENTIFIED BY 'target pw'; GRANT ALL ON *.* TO stillpoint@'%'`,
    );
    Object.assign(pair.source, { password: 'target pw' });
    expect(await refusal(await again(setup, { pair }))).toMatch(
      /does not follow the source of shop/,
    );
    await freshTarget();
  });

  test('the other node does not follow this one', async () => {
    const setup = await setUpRing(ring);
    await ring.source.query(`STOP REPLICA; ${isMysql ? 'RESET REPLICA ALL' : 'RESET SLAVE ALL'}`);
    try {
      expect(await refusal(setup)).toMatch(
        /source of shop does not follow the replica of shop.*is the only one that serves then/s,
      );
    } finally {
      await ring.source.query(follow(ring.replica));
    }
  });

  test('one server for both', async () => {
    const setup = await setUpRing(ring);
    const { replica, ...rest } = pairOfRing(ring);
    const same = await again(setup, { pair: { ...rest, source: replica, replica } });
    expect(await refusal(same)).toMatch(/source and replica of shop are one server/);
  });

  test('both have one server id', async () => {
    const setup = await setUpRing(ring);
    await ring.replica.query('SET GLOBAL server_id = 21');
    try {
      expect(await refusal(setup)).toMatch(/both have server_id 21: neither takes what the other/);
    } finally {
      await ring.replica.query('SET GLOBAL server_id = 22');
    }
  });

  test('the account may not close the node', async () => {
    const setup = await setUpRing(ring);
    await ring.source.query(`REVOKE ${closingGrants} ON *.* FROM stillpoint@'%'`);
    await settle(ring);
    try {
      expect(await refusal(setup)).toMatch(/lacks .*ADMIN/);
    } finally {
      await ring.source.query(`GRANT ${closingGrants} ON *.* TO stillpoint@'%'`);
      await settle(ring);
    }
  });

  test('no GTIDs that tell which writes of both a backup holds', async () => {
    // MariaDB has them always.
    if (!isMysql) return;
    const setup = await setUpRing(ring);
    await ring.source.query('SET GLOBAL gtid_mode = ON_PERMISSIVE');
    try {
      expect(await refusal(setup)).toMatch(/source of shop has gtid_mode ON_PERMISSIVE/);
    } finally {
      await ring.source.query('SET GLOBAL gtid_mode = ON');
    }
  });

  if (isMysql) return;
  test('both write in one domain of GTIDs', async () => {
    const setup = await setUpRing(ring);
    await ring.replica.query('SET GLOBAL gtid_domain_id = 21');
    try {
      expect(await refusal(setup)).toMatch(/both write in gtid_domain_id 21/);
    } finally {
      await ring.replica.query('SET GLOBAL gtid_domain_id = 22');
    }
  });
});

describe('doctor', () => {
  async function examine(setup: Setup): Promise<Finding[]> {
    const { json } = await setup.run('doctor', '--json');
    return (json as { findings: Finding[] }[])[0]!.findings;
  }
  const failing = (findings: Finding[]) =>
    findings.filter(({ status }) => status === 'fail').map(({ name }) => name);

  test('a ring in order', async () => {
    const findings = await examine(await setUpRing(ring));
    expect(failing(findings)).toEqual([]);
    const names = findings.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['other node', 'two writers']));
  });

  test('settings by which both give the same numbers', async () => {
    const setup = await setUpRing(ring);
    await ring.replica.query('SET GLOBAL auto_increment_offset = 1');
    const same = await examine(setup);
    await ring.replica.query('SET GLOBAL auto_increment_increment = 1');
    const one = await examine(setup);
    await ring.replica.query(
      'SET GLOBAL auto_increment_increment = 2, GLOBAL auto_increment_offset = 2',
    );
    expect(failing(same)).toEqual(['two writers: AUTO_INCREMENT']);
    expect(failing(one)).toEqual(['two writers: AUTO_INCREMENT']);
  });
});
