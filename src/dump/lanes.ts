import type { DatabaseInfo } from './inventory.js';
import { argumentBytes, smallBytes, type PartPlan } from './plan.js';

/** One mysqldump process: the parts that its text is cut into, in the order in which they come. */
export interface Lane {
  parts: [PartPlan, ...PartPlan[]];
  /** Names that mysqldump passes over, as `database.table`; only where it is given whole databases. */
  ignored: string[];
  estimatedBytes: number;
}

/** As many a mysqldump is given at once. */
const mostDatabases = 200;

/**
 * One process for each large part, and one for many small parts of several databases: a thousand databases
 * of a few rows do not take a thousand processes. The largest come first, so that no long one starts last.
 */
export function lanesOf(parts: readonly PartPlan[], databases: readonly DatabaseInfo[]): Lane[] {
  return merged(parts, databases, smallBytes).sort(bySize);
}

/**
 * About `count` processes of about the same size, all of which run at once. All parts are
 * of rows; one belongs to the process of its database that has the least to do so far.
 */
export function balancedLanes(
  parts: readonly PartPlan[],
  databases: readonly DatabaseInfo[],
  count: number,
): Lane[] {
  const total = parts.reduce((sum, part) => sum + part.estimatedBytes, 0);
  const share = Math.max(total / count, smallBytes);
  const lanes = merged(parts, databases, share);
  const alike = new Map<string, Lane[]>();
  for (const [i, lane] of lanes.filter((one) => one.parts.length === 1).entries()) {
    const [{ database, plain, mvcc, tables }] = lane.parts;
    const key = tables.every(isOneLine) ? `${plain} ${mvcc} ${database}` : `alone ${i}`;
    alike.set(key, [...(alike.get(key) ?? []), lane]);
  }
  const packs = [...alike.values()].flatMap((own) => packed(own, share));
  return [...packs, ...lanes.filter((one) => one.parts.length > 1)].sort(bySize);
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

/** Small parts of different databases that one mysqldump can dump, put together. */
function merged(
  parts: readonly PartPlan[],
  databases: readonly DatabaseInfo[],
  most: number,
): Lane[] {
  const lanes: Lane[] = [];
  const open = new Map<string, Lane>();
  for (const part of parts) {
    const ignored = isMergeable(part) ? namesBeside(part, databases) : null;
    const own: Lane = { parts: [part], ignored: [], estimatedBytes: part.estimatedBytes };
    if (ignored === null) {
      lanes.push(own);
      continue;
    }
    const key = `${part.kind} ${part.plain} ${part.mvcc}`;
    const into = open.get(key);
    if (into && fits(into, part, ignored, most)) {
      into.parts.push(part);
      into.ignored.push(...ignored);
      into.estimatedBytes += part.estimatedBytes;
    } else {
      const lane = { ...own, ignored };
      open.set(key, lane);
      lanes.push(lane);
    }
  }
  // Alone, a part is dumped by the names of its tables.
  return lanes.map((lane) => (lane.parts.length === 1 ? { ...lane, ignored: [] } : lane));
}

/**
 * Whether mysqldump may be given the part's whole database, and its text be cut where the next begins. Not
 * programs: a line in one may look like the beginning of anything.
 */
function isMergeable({ kind, tables, estimatedBytes }: PartPlan): boolean {
  return (
    ['schema', 'data'].includes(kind) && estimatedBytes < smallBytes && tables.every(isOneLine)
  );
}

/** A name that holds a line break is not whole in the comment that begins its table. */
function isOneLine(name: string): boolean {
  return !/[\r\n]/.test(name);
}

function fits(lane: Lane, part: PartPlan, ignored: readonly string[], most: number): boolean {
  const passedOver = [...lane.ignored, ...ignored];
  const bytes = passedOver.reduce((sum, name) => sum + name.length + 20, 0);
  return (
    !hidesAny([...lane.parts, part], passedOver) &&
    lane.parts.every(({ database }) => database !== part.database) &&
    lane.parts.length < mostDatabases &&
    lane.estimatedBytes + part.estimatedBytes <= most &&
    bytes <= argumentBytes
  );
}

/** Everything of the database that is not in the part; null when it is too much to name. */
function namesBeside(part: PartPlan, databases: readonly DatabaseInfo[]): string[] | null {
  const database = databases.find(({ name }) => name === part.database);
  // `a.b.c` would not say where the database's name ends.
  if (!database || part.database.includes('.')) return null;
  const own = new Set(part.tables);
  const names = [
    ...database.tables.map(({ name }) => name),
    ...database.views,
    ...database.excluded,
  ];
  const beside = names.filter((name) => !own.has(name)).map((name) => `${part.database}.${name}`);
  if (Buffer.byteLength(beside.join(' ')) > argumentBytes / 4) return null;
  return hidesAny([part], beside) ? null : beside;
}

/** Whether mysqldump, told to pass over some names, would pass over a table of these parts: `T` hides `t`. */
function hidesAny(parts: readonly PartPlan[], ignored: readonly string[]): boolean {
  const hidden = new Set(ignored.map(folded));
  return parts.some(({ database, tables }) =>
    tables.some((name) => hidden.has(folded(`${database}.${name}`))),
  );
}

/** Alike for names that mysqldump may take for one: it compares by a collation without case and accents. */
function folded(name: string): string {
  return name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

function bySize(a: Lane, b: Lane): number {
  return b.estimatedBytes - a.estimatedBytes;
}
