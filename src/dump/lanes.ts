import type { Dialect } from '../dialect/dialect.js';
import { manyTables, type DatabaseInfo } from './inventory.js';
import { folded, isOneLine, namesBeside } from './passedOver.js';
import { argumentBytes, smallBytes, type PartPlan } from './plan.js';

/** One mysqldump process: the parts that its text is cut into, in the order in which they come. */
export interface Lane {
  parts: [PartPlan, ...PartPlan[]];
  /** Names that mysqldump, given whole databases, passes over, as `database.table`; null: it is given names of tables. */
  ignored: string[] | null;
  estimatedBytes: number;
}

/** As many a mysqldump is given at once. */
const mostDatabases = 200;
/** Programs, views and tables that one mysqldump of programs or views asks the server for. */
const mostObjects = 1000;

/**
 * One process for each large part, and one for many small parts of several databases: a thousand databases
 * of a few rows do not take a thousand processes. The largest come first, so that no long one starts last.
 */
export function lanesOf(
  parts: readonly PartPlan[],
  databases: readonly DatabaseInfo[],
  { namesAreSlow }: Pick<Dialect, 'namesAreSlow'>,
): Lane[] {
  const lanes = merged(parts, databases, smallBytes).sort(bySize);
  return namesAreSlow ? lanes.map((lane) => unnamed(lane, databases)) : lanes;
}

/**
 * Many tables of one database as those that are left out, where mysqldump, which then takes them in the order of
 * the listing, comes to one part after the other.
 */
function unnamed(lane: Lane, databases: readonly DatabaseInfo[]): Lane {
  const [part] = lane.parts;
  const database = databases.find(({ name }) => name === part.database);
  const isWhole = (one: PartPlan) => one.database === part.database && one.where === null;
  if (lane.ignored !== null || !database || !lane.parts.every(isWhole)) return lane;
  const place = new Map(database.tables.map(({ name }, i) => [name, i]));
  const placeOf = (name = '') => place.get(name) ?? -1;
  const parts: Lane['parts'] = [...lane.parts];
  parts.sort((a, b) => placeOf(a.tables[0]) - placeOf(b.tables[0]));
  const tables = parts.flatMap((one) => one.tables);
  if (tables.length < manyTables || !tables.every(isOneLine)) return lane;
  const inOrder = tables.every((name, i) => i === 0 || placeOf(tables[i - 1]) < placeOf(name));
  if (parts.length > 1 && !inOrder) return lane;
  return { ...lane, parts, ignored: namesBeside(part.database, tables, database, argumentBytes) };
}

/**
 * About `count` processes of about the same size, all of which run at once. All parts are
 * of rows; one belongs to the process of its database that has the least to do so far.
 */
export function balancedLanes(
  parts: readonly PartPlan[],
  databases: readonly DatabaseInfo[],
  count: number,
  { namesAreSlow }: Pick<Dialect, 'namesAreSlow'>,
): Lane[] {
  const total = parts.reduce((sum, part) => sum + part.estimatedBytes, 0);
  const share = Math.max(total / count, smallBytes);
  const lanes = merged(parts, databases, share);
  const alike = new Map<string, Lane[]>();
  for (const [i, lane] of lanes.filter((one) => one.parts.length === 1).entries()) {
    const [{ database, plain, mvcc, where, tables }] = lane.parts;
    const key =
      where === null && tables.every(isOneLine) ? `${plain} ${mvcc} ${database}` : `alone ${i}`;
    alike.set(key, [...(alike.get(key) ?? []), lane]);
  }
  const packs = [...alike.values()].flatMap((own) => packed(own, share));
  const all = [...packs, ...lanes.filter((one) => one.parts.length > 1)].sort(bySize);
  return namesAreSlow ? all.map((lane) => unnamed(lane, databases)) : all;
}

/** Lanes of one database as few of them, each of up to about `share` bytes and of names that fit a command line. */
function packed(lanes: readonly Lane[], share: number): Lane[] {
  const total = lanes.reduce((sum, one) => sum + one.estimatedBytes, 0);
  const most = Math.max(1, Math.round(total / share));
  const packs: Lane[] = [];
  for (const lane of [...lanes].sort(bySize)) {
    const roomy = packs.filter((pack) => namesOf([pack, lane]) <= argumentBytes * 2).sort(bySize);
    const least = roomy.at(-1);
    if (!least || packs.length < most) packs.push({ ...lane });
    else {
      least.parts = [...least.parts, ...lane.parts];
      least.estimatedBytes += lane.estimatedBytes;
    }
  }
  return packs;
}

/** Bytes of the names of all tables in these lanes. */
function namesOf(lanes: readonly Lane[]): number {
  const names = lanes.flatMap(({ parts }) => parts.flatMap(({ tables }) => tables));
  return Buffer.byteLength(names.join(' '));
}

/** A part by itself. */
export function laneOf(part: PartPlan): Lane {
  return { parts: [part], ignored: null, estimatedBytes: part.estimatedBytes };
}

/** A lane that more may come to. */
interface OpenLane {
  lane: Lane & { ignored: string[] };
  /** Names of its databases, folded. */
  databases: Set<string>;
  ignoredBytes: number;
  objects: number;
}

/** Small parts of different databases that one mysqldump can dump, put together. */
function merged(
  parts: readonly PartPlan[],
  databases: readonly DatabaseInfo[],
  most: number,
): Lane[] {
  const lanes: Lane[] = [];
  const known = new Map(databases.map((database) => [database.name, database]));
  const open = new Map<string, OpenLane>();
  for (const part of parts) {
    const database = known.get(part.database);
    const tables = lookedAt(part, database);
    const ignored = isMergeable(part)
      ? namesBeside(part.database, tables, database, argumentBytes / 4)
      : null;
    if (ignored === null) {
      lanes.push(laneOf(part));
      continue;
    }
    const key = `${part.kind} ${part.plain} ${part.mvcc}`;
    const last = open.get(key);
    const more = {
      name: folded(part.database),
      ignoredBytes: ignored.reduce((sum, one) => sum + one.length + 20, 0),
      objects: isTakenApart(part) ? part.expected.length + tables.length : 0,
    };
    if (last && fits(last, part, more, most)) {
      last.lane.parts.push(part);
      last.lane.ignored.push(...ignored);
      last.lane.estimatedBytes += part.estimatedBytes;
      last.databases.add(more.name);
      last.ignoredBytes += more.ignoredBytes;
      last.objects += more.objects;
    } else {
      const lane = { ...laneOf(part), ignored };
      const { name, ignoredBytes, objects } = more;
      open.set(key, { lane, databases: new Set([name]), ignoredBytes, objects });
      lanes.push(lane);
    }
  }
  // Alone, a part is dumped by the names of its tables.
  return lanes.map((lane) => (lane.parts.length === 1 ? { ...lane, ignored: null } : lane));
}

/** Whether the text of several such parts is taken apart once all of it has come; else it is cut as it comes. */
export function isTakenApart({ kind }: PartPlan): boolean {
  return kind === 'objects' || kind === 'views';
}

/** Tables and views that mysqldump must not pass over: triggers are dumped with their tables. */
function lookedAt(
  { kind, tables }: PartPlan,
  database: DatabaseInfo | undefined,
): readonly string[] {
  return kind === 'objects' ? (database?.triggered ?? []) : tables;
}

/** Whether mysqldump may be given the part's whole database, and its text be cut where the next begins. */
function isMergeable({ database, where, tables, estimatedBytes }: PartPlan): boolean {
  return where === null && estimatedBytes < smallBytes && [database, ...tables].every(isOneLine);
}

function fits(
  { lane, databases, ignoredBytes, objects }: OpenLane,
  part: PartPlan,
  more: { name: string; ignoredBytes: number; objects: number },
  most: number,
): boolean {
  return (
    !databases.has(more.name) &&
    lane.parts.length < mostDatabases &&
    lane.estimatedBytes + part.estimatedBytes <= most &&
    ignoredBytes + more.ignoredBytes <= argumentBytes &&
    objects + more.objects <= mostObjects
  );
}

function bySize(a: Lane, b: Lane): number {
  return b.estimatedBytes - a.estimatedBytes;
}
