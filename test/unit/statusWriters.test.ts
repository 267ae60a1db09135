import { expect, test } from 'vitest';
import type { Promotion } from '../../src/catalog/promotions.js';
import type { ReplicaStatus, ServerStatus, Topology } from '../../src/pair/topology.js';
import { bothWrite } from '../../src/statusWriters.js';

function server(port: number, takesWrites: boolean): ServerStatus {
  return {
    ...{ address: `db:${port}`, uuid: String(port), version: '9.7.4', takesWrites },
    ...{ superReadOnly: null, binlog: null, gtid: null, channels: [] },
  };
}

const replica = (
  port: number,
  takesWrites: boolean,
  name: string | null = null,
): ReplicaStatus => ({
  ...server(port, takesWrites),
  ...{ name, errant: null, running: false },
});

const pair = (...replicas: ReplicaStatus[]): Topology => ({
  ...{ source: server(1, true), replicas, problems: [] },
});

test('two servers that take writes, and follow nobody, are a problem', () => {
  const promotion = {} as Promotion;
  expect(bothWrite('shop', pair(replica(2, true)), promotion)).toEqual([
    expect.stringMatching(/^db:1 and db:2 both take writes.*`stillpoint pair rejoin shop`$/),
  ]);
  expect(bothWrite('shop', pair(replica(2, true, 'east')), null)).toEqual([
    expect.stringMatching(/`stillpoint pair setup shop --replica east`$/),
  ]);
  expect(bothWrite('shop', pair(replica(2, false)), promotion)).toEqual([]);
});
