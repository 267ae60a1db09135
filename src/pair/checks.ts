import { reasonOf, StillpointError } from '../errors.js';
import { isWritable } from './admin.js';
import { refuseUnlessServing } from './otherNode.js';
import { conflictsOf } from './twoWriters.js';
import { secondsSpan } from '../util/span.js';
import { checkBinlogFilters } from './binlogFilters.js';
import { channelsOf } from './channels.js';
import { checkGrants, globalGrants, hasAny } from './grants.js';
import { gtidStateOf } from './position.js';
import { takesWrites } from './preflight.js';
import type { Server } from './server.js';
import { variablesOf } from './variables.js';

/** One thing that was looked at, and what to do when it is not well. */
export interface Finding {
  name: string;
  status: 'ok' | 'warn' | 'fail';
  detail: string;
  /** A command or statement to run. */
  fix?: string;
}

/** Days of binary logs below which a restored server may soon not find its place on the source. */
const fewDays = 2;

/**
 * What of a replica concerns a backup, which `closes` it where it is one of two nodes that take writes. Each
 * check stands alone: one that fails hides no other.
 */
export async function checkReplica(replica: Server, closes: boolean): Promise<Finding[]> {
  return await each([
    ['replication', async () => await checkChannels(replica)],
    ['grants', async () => await checkAccount(replica, closes)],
    ...(closes ? [] : [['writes', async () => [await checkWrites(replica)]] as const]),
  ]);
}

/** What of two nodes that both take writes concerns the one of them that is taken out of writing. */
export async function checkTwoWriters(source: Server, replica: Server): Promise<Finding[]> {
  return await each([
    ['other node', async () => [await checkServing(source, replica)]],
    ['two writers', async () => await checkConflicts(source, replica)],
  ]);
}

async function checkServing(source: Server, replica: Server): Promise<Finding> {
  const name = 'other node';
  await refuseUnlessServing(source, replica, Infinity);
  const detail = `the ${source.who} takes writes and follows the ${replica.who}`;
  if (await isWritable(replica)) return { name, status: 'ok', detail };
  return {
    name,
    status: 'warn',
    detail: `${detail}, which is read-only`,
    fix: `On the replica: ${replica.dialect.openForWrites()};`,
  };
}

async function checkConflicts(source: Server, replica: Server): Promise<Finding[]> {
  const conflicts = await conflictsOf(source, replica);
  if (conflicts.length === 0) {
    const detail = 'their settings let both take writes';
    return [{ name: 'two writers', status: 'ok', detail }];
  }
  return conflicts.map(({ name, detail, fix }) => ({
    name: `two writers: ${name}`,
    status: 'fail',
    detail,
    fix,
  }));
}

/**
 * What of the source concerns a server that is restored and attached to it. `replication` names the
 * account that such a server connects with, if it is another than ours.
 */
export async function checkSource(
  source: Server,
  replication: string | undefined,
): Promise<Finding[]> {
  return await each([
    ...(replication === undefined
      ? [['attaching', async () => [await checkAttaching(source)]] as const]
      : []),
    ['binary log', async () => await checkBinlog(source)],
    ['binary log filters', async () => await checkBinlogFilters(source)],
    ['GTID', async () => [await checkGtid(source)]],
  ]);
}

/** Runs checks one after another; what a check throws becomes its finding. */
export async function each(
  checks: readonly (readonly [string, () => Promise<Finding[]>])[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, check] of checks) {
    const found = await check().catch((error: unknown): Finding[] => [
      { name, status: 'fail', ...problemOf(error) },
    ]);
    findings.push(...found);
  }
  return findings;
}

/** An error as the end of a finding: what is wrong, and what to do. */
export function problemOf(error: unknown): { detail: string; fix?: string } {
  const hint = error instanceof StillpointError ? error.hint : undefined;
  return { detail: reasonOf(error), ...(hint === undefined ? {} : { fix: hint }) };
}

async function checkChannels(replica: Server): Promise<Finding[]> {
  const channels = await channelsOf(replica);
  if (channels.length === 0) {
    const detail = `the ${replica.who} replicates nothing`;
    return [{ name: 'replication', status: 'fail', detail }];
  }
  return channels.map((channel) => {
    const name = channel.name === '' ? 'replication' : `channel ${channel.name}`;
    const from = `from ${channel.sourceHost}:${channel.sourcePort}`;
    if (!channel.applierRunning) {
      const why = channel.applierError === '' ? '' : `: ${channel.applierError}`;
      const fix = `${replica.dialect.startApplier(channel.name)};`;
      return { name, status: 'fail', detail: `${from}: the SQL thread is stopped${why}`, fix };
    }
    if (channel.receiver !== 'running') {
      const why = channel.receiverError === '' ? '' : `: ${channel.receiverError}`;
      return {
        name,
        status: 'fail',
        detail: `${from}: the I/O thread is ${channel.receiver}${why}`,
      };
    }
    if (channel.filters.length > 0) {
      const detail = `${from} with filters (${channel.filters.join(', ')}): it lacks data that the source has`;
      return { name, status: 'fail', detail, fix: 'Take backups from a replica without filters.' };
    }
    const by = channel.usesGtid ? 'by GTID' : 'by file and position';
    return { name, status: 'ok', detail: `${from} ${by}, ${channel.lagSeconds ?? '?'} s behind` };
  });
}

async function checkAccount(replica: Server, closes: boolean): Promise<Finding[]> {
  const { account, missing } = await checkGrants(replica, closes);
  const finding = (status: 'warn' | 'fail', optional: boolean): Finding[] => {
    const needs = missing.filter((need) => (need.optional === true) === optional);
    if (needs.length === 0) return [];
    const names = needs.map((need) => need.anyOf[0] ?? '').join(', ');
    const why = needs.map((need) => need.why).join('; ');
    const detail = `${account} lacks ${names}: ${why}`;
    const fix = `Run on the source: GRANT ${names} ON *.* TO ${account};`;
    return [{ name: 'grants', status, detail, fix }];
  };
  const found = [...finding('fail', false), ...finding('warn', true)];
  return found.length > 0
    ? found
    : [{ name: 'grants', status: 'ok', detail: `${account} has what a backup needs` }];
}

async function checkAttaching(source: Server): Promise<Finding> {
  const { account, privileges } = await globalGrants(source);
  if (hasAny(privileges, ['REPLICATION SLAVE', 'REPLICATION REPLICA'])) {
    return {
      name: 'attaching',
      status: 'ok',
      detail: `a restored server can follow as ${account}`,
    };
  }
  return {
    name: 'attaching',
    status: 'warn',
    detail: `${account} lacks REPLICATION SLAVE: restore --attach is refused`,
    fix: `Run on the source: GRANT REPLICATION SLAVE ON *.* TO ${account}; or name another account under replication.`,
  };
}

async function checkWrites(replica: Server): Promise<Finding> {
  if (!(await takesWrites(replica))) {
    return { name: 'writes', status: 'ok', detail: 'the replica is read-only' };
  }
  const setting = replica.dialect.superReadOnly ? 'super_read_only' : 'read_only';
  return {
    name: 'writes',
    status: 'warn',
    detail: `accounts or events may write to the ${replica.who}: a backup takes a global read lock`,
    fix: `SET GLOBAL ${setting} = ON; and the same in its option file.`,
  };
}

async function checkBinlog(source: Server): Promise<Finding[]> {
  const values = await variablesOf(source, [
    'log_bin',
    'binlog_format',
    'expire_logs_days',
    'binlog_expire_logs_seconds',
  ]);
  const name = 'binary log';
  if (values.get('log_bin') !== 'ON') {
    const detail = `the ${source.who} writes none: nothing can be attached to it`;
    return [{ name, status: 'fail', detail, fix: 'Set log_bin in its option file.' }];
  }
  const format = values.get('binlog_format') ?? 'ROW';
  const findings: Finding[] = [];
  if (format !== 'ROW') {
    findings.push({
      name,
      status: 'warn',
      detail: `its format is ${format}: replicas may drift, and temporary tables keep a backup waiting`,
      fix: 'SET GLOBAL binlog_format = ROW; and the same in its option file.',
    });
  }
  const kept =
    Number(values.get('binlog_expire_logs_seconds') ?? 0) ||
    Number(values.get('expire_logs_days') ?? 0) * 86_400;
  if (kept > 0 && kept < fewDays * 86_400) {
    findings.push({
      name,
      status: 'warn',
      detail: `kept for ${secondsSpan(kept)}: an older backup cannot be attached`,
      fix: `SET GLOBAL binlog_expire_logs_seconds = ${7 * 86_400};`,
    });
  }
  if (findings.length > 0) return findings;
  const span = kept > 0 ? `kept for ${secondsSpan(kept)}` : 'kept until purged';
  return [{ name, status: 'ok', detail: `on, by row, ${span}` }];
}

async function checkGtid(source: Server): Promise<Finding> {
  const { written } = await gtidStateOf(source);
  if (written !== null) return { name: 'GTID', status: 'ok', detail: 'on' };
  return {
    name: 'GTID',
    status: 'warn',
    detail: 'off: coordinates are a file and a position of this one source',
    fix: 'gtid_mode=ON and enforce_gtid_consistency=ON in the option files of source and replica.',
  };
}
