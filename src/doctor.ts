import { resolvePair, withReplica, type ChosenPair } from './config/choose.js';
import { replicasOf } from './config/replicas.js';
import type { Config, ServerConfig } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import type { Flavour } from './dialect/version.js';
import { refuseBrokenViews } from './dump/brokenViews.js';
import { takeInventory, type TableInfo } from './dump/inventory.js';
import { findClient, findProgram } from './dump/tools.js';
import { journalAt } from './freeze/journal.js';
import { checkNotify } from './notify/check.js';
import {
  checkReplica,
  checkSource,
  checkTwoWriters,
  each,
  problemOf,
  type Finding,
} from './pair/checks.js';
import { isLocked } from './pair/lock.js';
import { openServer, type Server } from './pair/server.js';
import { openStore } from './store/open.js';

export type { Finding } from './pair/checks.js';

/** Tables that a message names before it only counts. */
const fewNames = 5;

export interface DoctorOptions {
  /** Of a pair with several replicas the one to look at. Default: all. */
  replica?: string;
}

/**
 * Looks at everything a backup of the pair needs and changes nothing, but for the store, where it
 * writes and removes a few objects of its own. Never throws for what it looks at. What concerns one of
 * several replicas begins with its name.
 */
export async function doctor(
  config: Config,
  name: string,
  { replica }: DoctorOptions = {},
): Promise<Finding[]> {
  const chosen = resolvePair(config, name);
  const { pair } = chosen;
  const names = replicasOf(pair).map((one) => one.name);
  const wanted = replica === undefined ? names : [withReplica(chosen, replica).replicaName];
  const findings: Finding[] = [];
  const source = await reach(pair.source, 'source', name, findings);
  let flavour = source?.dialect.version.flavour;
  try {
    for (const one of wanted) {
      const at = one === null ? chosen : withReplica(chosen, one);
      const found = await examineReplica(config, at, source);
      flavour = found.flavour ?? flavour;
      const title = (finding: string) => (one === null ? finding : `${one}: ${finding}`);
      findings.push(...found.findings.map((two) => ({ ...two, name: title(two.name) })));
    }
    if (source) findings.push(...(await checkSource(source, pair.replication?.user)));
    if (flavour) findings.push(...(await checkTools(chosen, flavour)));
  } finally {
    source?.close();
  }
  findings.push(...(await checkStore(chosen)));
  findings.push(...(await checkNotify(config, name)));
  return findings;
}

async function examineReplica(
  config: Config,
  chosen: ChosenPair,
  source: Server | null,
): Promise<{ findings: Finding[]; flavour: Flavour | undefined }> {
  const findings: Finding[] = [];
  const replica = await reach(chosen.pair.replica, 'replica', chosen.name, findings);
  try {
    const bothWrite = chosen.pair.topology === 'source-source';
    if (source && replica) findings.push(checkMatch(source, replica));
    if (source && replica && bothWrite) findings.push(...(await checkTwoWriters(source, replica)));
    if (replica) {
      findings.push(...(await checkJournal(config, chosen, replica)));
      findings.push(...(await checkReplica(replica, bothWrite)));
      findings.push(...(await checkContents(replica, chosen)));
    }
    return { findings, flavour: replica?.dialect.version.flavour };
  } finally {
    replica?.close();
  }
}

async function checkJournal(
  { stateDir }: Config,
  { name, replicaName }: ChosenPair,
  replica: Server,
): Promise<Finding[]> {
  return await each([
    [
      'last run',
      async () => {
        const journal = await journalAt(stateDir, name, { name: replicaName, uuid: replica.uuid });
        const entry = await journal.read();
        if (!entry) return [{ name: 'last run', status: 'ok', detail: 'it left nothing behind' }];
        if (await isLocked(replica)) {
          const detail = `a run is going on since ${entry.since}`;
          return [{ name: 'last run', status: 'ok', detail }];
        }
        const detail = `the run of ${entry.since} died; what it stored is still there`;
        return [{ name: 'last run', status: 'warn', detail, fix: `stillpoint resume ${name}` }];
      },
    ],
  ]);
}

async function reach(
  server: ServerConfig,
  role: 'source' | 'replica',
  pair: string,
  findings: Finding[],
): Promise<Server | null> {
  try {
    const opened = await openServer(await resolveServer(server), `${role} of ${pair}`);
    const { flavour, text } = opened.dialect.version;
    const title = flavour === 'mariadb' ? 'MariaDB' : 'MySQL';
    findings.push({ name: role, status: 'ok', detail: `${title} ${text}` });
    return opened;
  } catch (error) {
    findings.push({ name: role, status: 'fail', ...problemOf(error) });
    return null;
  }
}

function checkMatch(source: Server, replica: Server): Finding {
  const name = 'pair';
  if (source.uuid === replica.uuid) {
    const detail = 'source and replica are one server: a backup would pause nothing';
    return { name, status: 'fail', detail, fix: 'Name another host under replica.' };
  }
  const [a, b] = [source.dialect.version, replica.dialect.version];
  if (a.flavour !== b.flavour) {
    const detail = `${a.text} and ${b.text}: a backup of the replica may not restore to a source`;
    return { name, status: 'warn', detail };
  }
  return { name, status: 'ok', detail: 'two servers of one kind' };
}

async function checkContents(replica: Server, { pair }: ChosenPair): Promise<Finding[]> {
  return await each([
    [
      'databases',
      async () => {
        const databases = await takeInventory(replica, pair.databases);
        const tables = databases.flatMap((database) =>
          database.tables.map((table) => ({ ...table, name: `${database.name}.${table.name}` })),
        );
        await refuseBrokenViews(replica, databases);
        const detail = `${count(databases.length, 'database')}, ${count(tables.length, 'table')}`;
        return [{ name: 'databases', status: 'ok', detail }, ...checkEngines(tables)];
      },
    ],
  ]);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function checkEngines(tables: readonly TableInfo[]): Finding[] {
  const loose = tables.filter(
    ({ engine, kind }) => kind === 'table' && !['InnoDB', 'MEMORY', 'ROCKSDB'].includes(engine),
  );
  const memory = tables.filter(({ engine }) => engine === 'MEMORY');
  const named = (list: readonly TableInfo[]) => {
    const names = list.slice(0, fewNames).map((table) => table.name);
    return names.join(', ') + (list.length > fewNames ? ` and ${list.length - fewNames} more` : '');
  };
  const findings: Finding[] = [];
  if (loose.length > 0) {
    findings.push({
      name: 'tables',
      status: 'warn',
      detail: `not transactional: ${named(loose)}. They stand still only while the replica is paused`,
      fix: 'ALTER TABLE … ENGINE = InnoDB; where it can be.',
    });
  }
  if (memory.length > 0) {
    const detail = `in memory: ${named(memory)}. Their rows are not backed up`;
    findings.push({ name: 'tables', status: 'warn', detail });
  }
  if (findings.length > 0) return findings;
  return [{ name: 'tables', status: 'ok', detail: 'all transactional' }];
}

async function checkTools({ pair }: ChosenPair, flavour: Flavour): Promise<Finding[]> {
  const client = (which: 'mysqldump' | 'mysql') =>
    [
      which,
      async (): Promise<Finding[]> => {
        const { path, version } = await findClient(which, flavour, pair.tools[which]);
        return [{ name: which, status: 'ok', detail: `${path} ${version.text}` }];
      },
    ] as const;
  const program = (name: 'zstd' | 'age') =>
    [
      name,
      async (): Promise<Finding[]> => {
        const path = await findProgram(name, pair.tools[name]);
        return [{ name, status: 'ok', detail: path }];
      },
    ] as const;
  return await each([
    client('mysqldump'),
    client('mysql'),
    program('zstd'),
    ...(pair.encryption ? [program('age')] : []),
  ]);
}

async function checkStore({ store, storeName }: ChosenPair): Promise<Finding[]> {
  const title = `store ${storeName}`;
  return await each([
    [
      title,
      async () => {
        const opened = await openStore(store);
        try {
          const results = await opened.probe();
          return results.map((result) => ({ ...result, name: `${title}: ${result.name}` }));
        } finally {
          await opened.close();
        }
      },
    ],
  ]);
}
