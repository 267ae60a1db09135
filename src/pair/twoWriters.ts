import type { Server } from './server.js';
import { variablesOf } from './variables.js';
import { StillpointError } from '../errors.js';

/** A setting that keeps two nodes from taking writes side by side. */
export interface Conflict {
  name: string;
  detail: string;
  /** A statement or line of an option file. */
  fix: string;
  /** No server that is restored from a backup could follow either of them. */
  bars: boolean;
}

const names = [
  'server_id',
  'log_bin',
  'log_slave_updates',
  'log_replica_updates',
  'auto_increment_increment',
  'auto_increment_offset',
  'gtid_domain_id',
  'gtid_mode',
];

/** What is wrong with the settings of two nodes that both take writes; empty when nothing is. */
export async function conflictsOf(one: Server, other: Server): Promise<Conflict[]> {
  const found: Conflict[] = [];
  const [a, b] = [await variablesOf(one, names), await variablesOf(other, names)];
  const both = (name: string) => `${a.get(name) ?? ''} and ${b.get(name) ?? ''}`;
  const isSame = (name: string) => a.get(name) === b.get(name);
  if (isSame('server_id')) {
    found.push({
      name: 'server id',
      detail: `both have server_id ${a.get('server_id') ?? ''}: neither takes what the other writes`,
      fix: 'Give one another server_id in its option file.',
      bars: true,
    });
  }
  for (const [server, values] of [
    [one, a],
    [other, b],
  ] as const) {
    const logsAll = values.get('log_replica_updates') ?? values.get('log_slave_updates');
    if (values.get('log_bin') !== 'ON' || logsAll !== 'ON') {
      found.push({
        name: 'binary log',
        detail: `the ${server.who} does not log what it replicates: a server that follows it alone gets half`,
        fix: `Set log_bin and ${values.has('log_replica_updates') ? 'log_replica_updates' : 'log_slave_updates'} in its option file.`,
        bars: true,
      });
    }
    if (values.get('gtid_mode') !== undefined && values.get('gtid_mode') !== 'ON') {
      found.push({
        name: 'GTID',
        detail: `the ${server.who} has gtid_mode ${values.get('gtid_mode') ?? ''}: no position tells which writes of both a backup holds`,
        fix: 'gtid_mode=ON and enforce_gtid_consistency=ON in the option files of both.',
        bars: true,
      });
    }
  }
  if (a.has('gtid_domain_id') && isSame('gtid_domain_id')) {
    found.push({
      name: 'GTID',
      detail: `both write in gtid_domain_id ${a.get('gtid_domain_id') ?? ''}: their numbers mix, and gtid_strict_mode breaks`,
      fix: 'SET GLOBAL gtid_domain_id to another number on one of them, and the same in its option file.',
      bars: true,
    });
  }
  const steps = [a, b].map((values) => Number(values.get('auto_increment_increment')));
  if (steps.some((step) => step < 2) || !isSame('auto_increment_increment')) {
    found.push({
      name: 'AUTO_INCREMENT',
      detail: `auto_increment_increment is ${both('auto_increment_increment')}: both nodes give the same numbers`,
      fix: 'SET GLOBAL auto_increment_increment = 2; on both, and the same in their option files.',
      bars: false,
    });
  } else if (isSame('auto_increment_offset')) {
    found.push({
      name: 'AUTO_INCREMENT',
      detail: `auto_increment_offset is ${both('auto_increment_offset')}: both nodes give the same numbers`,
      fix: 'SET GLOBAL auto_increment_offset = 2; on one of them, and the same in its option file.',
      bars: false,
    });
  }
  return found;
}

/** Throws `refused` when a server that is restored from a backup of two such nodes could follow neither. */
export async function refuseUnattachable(one: Server, other: Server): Promise<void> {
  const worst = (await conflictsOf(one, other)).find(({ bars }) => bars);
  if (worst) throw new StillpointError('refused', worst.detail, { hint: worst.fix });
}
