import { expect } from 'vitest';
import { pairOf, type RigServer } from '../rig/index.js';
import { isClosed, isWritable } from './ownPair.js';

/**
 * Fails where a server takes writes against its role, or does not: one that follows another takes none, one that
 * follows nobody takes them.
 */
export async function expectOwnRoles(...servers: RigServer[]): Promise<void> {
  const seen = await Promise.all(
    servers.map(async (server) => ({
      follows:
        (await server.query(`SHOW ${isMysql(server) ? 'REPLICA' : 'ALL SLAVES'} STATUS`)).length >
        0,
      writable: await isWritable(server),
    })),
  );
  expect(seen).toEqual(seen.map(({ follows }) => ({ follows, writable: !follows })));
}

/** Whether the events of a server run, those that are turned on. */
export async function runsEvents(server: RigServer): Promise<boolean> {
  const [row] = await server.query<{ value: string }>('SELECT @@GLOBAL.event_scheduler AS value');
  return row!.value === 'ON';
}

const isMysql = ({ engine }: RigServer): boolean => engine === 'mysql';

/**
 * Fails unless one of two servers is the source and the other its replica: one takes writes, events and threads run, the
 * replica has all rows of `table`, and no transaction that the source has not. `write` is run on the source first.
 */
export async function expectRoles(
  source: RigServer,
  replica: RigServer,
  { table, write }: { table: string; write: string },
): Promise<void> {
  expect([await isWritable(source), await isClosed(replica)]).toEqual([true, true]);
  expect(await Promise.all([source, replica].map(runsEvents))).toEqual([true, true]);
  await source.query(write);
  const pair = pairOf(source, replica);
  await pair.waitForCatchUp();
  // Those that it has written itself as a source are no fault, if the source has them.
  expect((await pair.faults()).filter((fault) => !fault.includes('GTIDs of its own'))).toEqual([]);
  expect(await aloneOn(replica, source)).toEqual([]);
  const rows = async (server: RigServer) => await server.query(`SELECT * FROM ${table} ORDER BY 1`);
  expect(await rows(replica)).toEqual(await rows(source));
}

/** Fails unless a source takes writes, and all its replicas follow it, take none, and have never written anything. */
export async function expectReplicas(
  source: RigServer,
  replicas: readonly RigServer[],
): Promise<void> {
  expect(await isWritable(source)).toBe(true);
  for (const replica of replicas) {
    expect(await isClosed(replica)).toBe(true);
    const pair = pairOf(source, replica);
    await pair.waitForCatchUp();
    expect(await pair.faults()).toEqual([]);
  }
}

/** GTIDs that a replica has and its source has not, as the servers themselves tell it. */
export async function aloneOn(replica: RigServer, source: RigServer): Promise<string[]> {
  const valueOf = async (server: RigServer, expression: string) => {
    const [row] = await server.query<{ value: string }>(`SELECT ${expression} AS value`);
    return row!.value.split(',').filter((gtid) => gtid !== '');
  };
  if (isMysql(replica)) {
    const executed = (await valueOf(replica, '@@GLOBAL.gtid_executed')).join(',');
    return await valueOf(source, `GTID_SUBTRACT('${executed}', @@GLOBAL.gtid_executed)`);
  }
  const logged = await valueOf(replica, '@@GLOBAL.gtid_binlog_state');
  const known = [
    ...(await valueOf(source, '@@GLOBAL.gtid_binlog_state')),
    // What it had applied before its binary log begins, whichever server wrote it.
    ...(await valueOf(source, '@@GLOBAL.gtid_slave_pos')).map((gtid) =>
      gtid.replace(/-\d+-/, '-*-'),
    ),
  ].map((gtid) => gtid.split('-'));
  return logged.filter((gtid) => {
    const [domain, server, number] = gtid.split('-');
    return !known.some(
      (has) =>
        has[0] === domain &&
        (has[1] === '*' || has[1] === server) &&
        Number(has[2]) >= Number(number),
    );
  });
}
