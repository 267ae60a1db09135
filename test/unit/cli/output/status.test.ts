import { describe, expect, test } from 'vitest';
import { statusText } from '../../../../src/cli/output/status.js';
import type { ChannelView, ServerStatus } from '../../../../src/pair/topology.js';
import type { PairReplicaStatus, PairStatus } from '../../../../src/status.js';

const now = new Date('2026-11-27T12:00:00Z');
const gtid = '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-57';

function server(port: number, more: Partial<ServerStatus> = {}): ServerStatus {
  return {
    address: `127.0.0.1:${port}`,
    uuid: String(port),
    version: '9.7.4',
    takesWrites: true,
    superReadOnly: false,
    binlog: { file: 'binlog.000003', position: 2048 },
    gtid,
    channels: [],
    ...more,
  };
}

function channel(more: Partial<ChannelView> = {}): ChannelView {
  return {
    name: '',
    source: '127.0.0.1:3306',
    receiver: 'running',
    applier: 'running',
    lagSeconds: 0,
    delaySeconds: 0,
    error: null,
    executed: { file: 'binlog.000003', position: 2048 },
    received: { file: 'binlog.000003', position: 2048 },
    fromSource: true,
    behind: { transactions: 0, gtid: '', bytes: 0 },
    ...more,
  };
}

function replica(port: number, more: Partial<PairReplicaStatus> = {}): PairReplicaStatus {
  return {
    ...server(port, { takesWrites: false, superReadOnly: true, channels: [channel()] }),
    ...{
      name: null,
      errant: '',
      running: false,
      frozenByUs: false,
      outOfWriting: null,
      preference: 0,
      backups: true,
    },
    ...more,
  };
}

function status(more: Partial<PairStatus> = {}): PairStatus {
  const replicas = more.replicas ?? [replica(3307)];
  return {
    ...{ pair: 'shop', source: server(3306), replicas, version: '9.7.4', channels: [] },
    ...{ frozenByUs: false, running: false, unfinished: false, lastBackup: null, lastDrill: null },
    ...{ lastProof: null, promotion: null, lastPromotion: null, rolesSwapped: false, problems: [] },
    ...more,
  };
}

function drawn(more: Partial<PairStatus> = {}): string[] {
  const text = statusText(status(more), { width: 80, now });
  const lines = text.slice(0, text.indexOf('\n\n')).split('\n');
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  return lines;
}

test('a source and its replica', () => {
  expect(drawn()).toEqual([
    'shop',
    '  source  127.0.0.1:3306  MySQL 9.7.4, takes writes',
    '  │       binlog.000003:2048, GTID 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-57',
    '  │',
    '  ├─ receiver running, applier running, lag 0 s, has everything',
    '  └▶ replica  127.0.0.1:3307  MySQL 9.7.4, read-only',
    '       applied binlog.000003:2048, GTID 3e11fa47…1ca-11e1-9e33-c80aa9429562:1-57',
  ]);
});

test('several replicas: each by its name, with what it lacks', () => {
  const behind = { transactions: 1200, gtid: 'x', bytes: 34_567 };
  const late = channel({ lagSeconds: 37, behind });
  const broken = channel({
    applier: 'stopped',
    lagSeconds: null,
    error: `Could not execute Write_rows event on table shop.item; Duplicate entry '100000' for key 'PRIMARY', Error_code: 1062`,
    behind: null,
  });
  const replicas = [
    replica(3307, { name: 'east', channels: [late] }),
    replica(3308, { name: 'west', channels: [broken], backups: false, gtid: null }),
    replica(3309, { name: 'gone', version: null, channels: [], binlog: null, gtid: null }),
  ];
  expect(drawn({ replicas }).slice(3)).toEqual([
    '  │',
    '  ├─ receiver running, applier running, lag 37 s, lacks 1,200 transactions (34.6',
    '  │  kB)',
    '  ├▶ east  127.0.0.1:3307  MySQL 9.7.4, read-only',
    '  │    applied binlog.000003:2048, GTID 3e11fa47…1ca-11e1-9e33-c80aa9429562:1-57',
    '  │',
    '  ├─ receiver running, applier STOPPED, lag unknown',
    '  │  Could not execute Write_rows event on table shop.item; Duplicate entry',
    "  │  '100000' for key 'PRIMARY', Error_code: 1062",
    '  ├▶ west  127.0.0.1:3308  MySQL 9.7.4, read-only, never paused',
    '  │    applied binlog.000003:2048',
    '  │',
    '  └▶ gone  127.0.0.1:3309  not reached',
  ]);
});

test('a replica with a second source', () => {
  const other = channel({ name: 'two', source: '127.0.0.1:3399', fromSource: false, behind: null });
  const replicas = [replica(3307, { channels: [channel({ name: 'one' }), other], gtid: null })];
  expect(drawn({ replicas }).slice(4)).toEqual([
    '  ├─ channel one: receiver running, applier running, lag 0 s, has everything',
    '  └▶ replica  127.0.0.1:3307  MySQL 9.7.4, read-only',
    '       applied binlog.000003:2048',
    '     ▲',
    '     ├─ channel two: receiver running, applier running, lag 0 s',
    '     └ 127.0.0.1:3399',
  ]);
});

describe('what somebody should look at', () => {
  test('transactions of the replica itself', () => {
    const replicas = [replica(3307, { errant: '0-2-20' })];
    expect(drawn({ replicas }).at(-1)).toBe('       has what its source has not: 0-2-20');
  });

  test('a source that takes no writes, a replica that is read-only to some only', () => {
    const source = server(3306, { takesWrites: false, superReadOnly: true });
    const lines = drawn({ source, replicas: [replica(3307, { superReadOnly: false })] });
    expect(lines[1]).toMatch(/ read-only$/);
    expect(lines.at(-2)).toMatch(/read-only \(not super\)$/);
  });

  test('roles that were swapped, a promotion that has not ended', () => {
    const text = statusText(
      status({
        source: server(3306, {
          takesWrites: false,
          channels: [channel({ source: '127.0.0.1:3307' })],
        }),
        replicas: [replica(3307, { channels: [], takesWrites: true })],
        rolesSwapped: true,
        promotion: {
          ...{ id: 'x', kind: 'switchover', phase: 'switching', since: '2026-11-27T11:00:00.000Z' },
        },
      }),
      { now },
    );
    expect(text).toMatch(/│ +follows 127.0.0.1:3307: receiver running/);
    expect(text).toMatch(/├─ replicates nothing/);
    expect(text).toMatch(/roles +SWAPPED: the replica is the source now/);
    expect(text).toMatch(
      /promotion +of 1 hour ago has not ended, half done: .*promote shop --switch/,
    );
  });

  test('nothing of a server can play with the terminal', () => {
    const replicas = [replica(3307, { channels: [channel({ error: 'a\x1b[2Jb' })] })];
    expect(drawn({ replicas }).join('\n')).not.toContain('\x1b');
  });
});

test('what keeps the old source from following is shown', () => {
  const error = 'Access denied for user repl';
  const follows = channel({ source: 'db2:3306', receiver: 'stopped', error });
  const lines = drawn({ source: server(3306, { channels: [follows] }) });
  expect(lines).toContain(`  │       ${error}`);
});
