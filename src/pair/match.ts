import { number, text } from '../dialect/rows.js';
import { atLeast } from '../dialect/version.js';
import { secondsText } from '../util/text.js';
import { checkBinlogFilters } from './binlogFilters.js';
import type { Finding } from './checks.js';
import type { Server } from './server.js';
import { variablesOf } from './variables.js';

/** Seconds that two clocks may differ. */
const clockSlack = 2;

/** Settings that decide whether one server can follow another. */
const names = [
  'server_id',
  'port',
  'log_bin',
  'log_slave_updates',
  'log_replica_updates',
  'binlog_format',
  'gtid_mode',
  'lower_case_table_names',
];

/** Both servers of a pair to be, and their settings by name. */
interface Two {
  source: Server;
  replica: Server;
  of: { source: Map<string, string>; replica: Map<string, string> };
}

/** Whether one server can follow the other, as far as their connections tell. Changes nothing. */
export async function checkMatch(source: Server, replica: Server): Promise<Finding[]> {
  const of = {
    source: await variablesOf(source, names),
    replica: await variablesOf(replica, names),
  };
  const two = { source, replica, of };
  return [
    checkIdentity(two),
    checkVersions(two),
    checkAddress(two),
    ...checkLogs(two),
    ...(await checkBinlogFilters(source)),
    checkGtidModes(two),
    ...checkNames(two),
    await checkClocks(two),
  ];
}

function checkIdentity({ source, replica, of }: Two): Finding {
  const name = 'identity';
  const id = (which: 'source' | 'replica') => of[which].get('server_id') ?? '0';
  if (source.uuid === replica.uuid) {
    if (id('source') === id('replica') && of.source.get('port') === of.replica.get('port')) {
      const detail = 'source and replica are one server';
      return { name, status: 'fail', detail, fix: 'Name another host under replica.' };
    }
    const detail = `both have the UUID ${source.uuid}: one is a copy of the other's files`;
    const fix = 'Remove auto.cnf from the data directory of the replica and restart it.';
    return { name, status: 'fail', detail, fix };
  }
  if (id('source') === id('replica') || id('replica') === '0' || id('source') === '0') {
    const detail = `the server_id of the source is ${id('source')}, that of the replica ${id('replica')}`;
    const fix = `They must differ and not be 0: set server_id in the option file of one, and SET GLOBAL server_id = ${Number(id('source')) + 1}; on it.`;
    return { name, status: 'fail', detail, fix };
  }
  return { name, status: 'ok', detail: `server_id ${id('source')} and ${id('replica')}` };
}

function checkVersions({ source, replica }: Two): Finding {
  const name = 'version';
  const [a, b] = [source.dialect.version, replica.dialect.version];
  if (a.flavour !== b.flavour) {
    const detail = `${a.text} and ${b.text}: MySQL and MariaDB do not replicate from each other safely`;
    return { name, status: 'fail', detail, fix: 'Use two servers of one kind.' };
  }
  if (!atLeast(b, a.major, a.minor)) {
    const detail = `the replica is ${b.text}, older than its source, ${a.text}`;
    const fix = 'A replica may be newer than its source, never older: upgrade it first.';
    return { name, status: 'fail', detail, fix };
  }
  return { name, status: 'ok', detail: a.text === b.text ? a.text : `${a.text} and ${b.text}` };
}

/** What stands in the configuration is what the replica is told. */
function checkAddress({ source, replica }: Two): Finding {
  const name = 'address';
  const { host, port, socketPath } = source.settings;
  const fix = 'Name host and port of the source as the replica reaches it.';
  if (socketPath !== undefined)
    return { name, status: 'fail', detail: 'the source is named by its socket', fix };
  const isHere = (at: { host: string; socketPath?: string }) =>
    at.socketPath !== undefined || /^(localhost|127\..*|::1)$/.test(at.host);
  if (isHere(source.settings) && !isHere(replica.settings)) {
    const detail = `the source is ${host} here, which is another host for the replica`;
    return { name, status: 'fail', detail, fix };
  }
  return { name, status: 'ok', detail: `the replica will connect to ${host}:${port}` };
}

function checkLogs({ source, replica, of }: Two): Finding[] {
  const name = 'binary log';
  if (of.source.get('log_bin') !== 'ON') {
    const detail = `the ${source.who} writes none: nothing can follow it`;
    return [
      { name, status: 'fail', detail, fix: 'Set log_bin in its option file and restart it.' },
    ];
  }
  const found: Finding[] = [];
  const updates = of.replica.has('log_replica_updates')
    ? 'log_replica_updates'
    : 'log_slave_updates';
  const missing = ['log_bin', updates].find((variable) => of.replica.get(variable) !== 'ON');
  if (missing !== undefined) {
    const detail = `the ${replica.who} has ${missing} off: it cannot take the place of its source`;
    found.push({ name, status: 'warn', detail, fix: `Set ${missing} in its option file.` });
  }
  const format = of.source.get('binlog_format') ?? 'ROW';
  if (format !== 'ROW') {
    const detail = `binlog_format on the ${source.who} is ${format}: a replica may drift`;
    const fix =
      'SET GLOBAL binlog_format = ROW; on it, and binlog_format = ROW in its option file.';
    found.push({ name, status: 'fail', detail, fix });
  }
  return found.length > 0 ? found : [{ name, status: 'ok', detail: 'on, by row' }];
}

function checkGtidModes({ source, of }: Two): Finding {
  const name = 'GTID';
  if (source.dialect.version.flavour === 'mariadb') return { name, status: 'ok', detail: 'on' };
  const mode = { source: of.source.get('gtid_mode'), replica: of.replica.get('gtid_mode') };
  const fix =
    'Set gtid_mode = ON and enforce_gtid_consistency = ON in the option files of both, and restart them.';
  if (mode.source !== mode.replica) {
    const detail = `gtid_mode is ${mode.source ?? '?'} on the source and ${mode.replica ?? '?'} on the replica`;
    return { name, status: 'fail', detail, fix };
  }
  if (mode.source === 'ON') return { name, status: 'ok', detail: 'on' };
  const detail = `gtid_mode is ${mode.source ?? '?'}: the replica goes by file and position`;
  return { name, status: 'warn', detail, fix };
}

function checkNames({ of }: Two): Finding[] {
  const name = 'table names';
  const variable = 'lower_case_table_names';
  const [a = '', b = ''] = [of.source.get(variable), of.replica.get(variable)];
  if (a === b) return [];
  const detail = `${variable} is ${a} on the source and ${b} on the replica: names would not meet`;
  const fix = 'A server takes it when its data directory is made: make that of the replica anew.';
  return [{ name, status: 'fail', detail, fix }];
}

/** Asks both for the time at once, so that what the network takes counts little. */
async function checkClocks({ source, replica }: Two): Promise<Finding> {
  const name = 'clocks';
  const ask = async (server: Server) => {
    const begun = performance.now();
    const [row] = await server.query('SELECT UNIX_TIMESTAMP(NOW(6)) AS now');
    const middle = (begun + performance.now()) / 2000;
    return (number(row ?? {}, 'now') ?? Number(text(row ?? {}, 'now'))) - middle;
  };
  const apart = Math.abs((await ask(source)) - (await ask(replica)));
  if (apart <= clockSlack) return { name, status: 'ok', detail: 'they agree' };
  const detail = `those of the two are ${secondsText(apart)} apart: the lag of the replica will be wrong`;
  return { name, status: 'warn', detail, fix: 'Let both hosts follow the time by NTP.' };
}
