import { z } from 'zod';
import type { Manifest, ManifestPart } from '../catalog/records.js';
import { identifier } from '../dialect/quote.js';
import { StillpointError, reasonOf } from '../errors.js';
import type { Session } from '../pair/session.js';
import { asLatin1, fromLatin1 } from '../util/latin1.js';
import { headOf } from './head.js';
import type { Rewrite } from './statements.js';
import { isWord, replaced, type Token } from './tokens.js';

/** Bytes of SQL from which on sorting a key once is faster than keeping it while rows come. */
const worthwhile = 16 << 20;

/** In a ledger. */
export const lateKeysSchema = z.object({
  /** By their names in the backup. */
  database: z.string(),
  table: z.string(),
  /** As they stand in CREATE TABLE. */
  keys: z.array(z.string()),
});
/** The keys of a table that are added when its rows are there. */
export type LateKeys = z.infer<typeof lateKeysSchema>;

/** What of a restore's keys waits. */
export interface Late {
  wanted: ReturnType<typeof tablesWithLateKeys>;
  /** Filled as tables are made. */
  waiting: LateKeys[];
  /** Parts of rows that are not loaded yet. */
  rows: Set<ManifestPart>;
}

/** The tables whose keys wait, by the backup's names: large ones of InnoDB. By database. */
export function tablesWithLateKeys({
  parts,
  tables,
}: Pick<Manifest, 'parts' | 'tables'>): ReadonlyMap<string, ReadonlySet<string>> {
  const bytes = new Map<string, number>();
  const wanted = new Map<string, Set<string>>();
  const full = (database: string, name: string) => JSON.stringify([database, name]);
  const ofInnodb = new Set(
    tables
      .filter(({ engine }) => engine === 'InnoDB')
      .map(({ database, name }) => full(database, name)),
  );
  for (const part of parts) {
    const [table, second] = part.tables;
    if (part.kind !== 'data' || table === undefined || second !== undefined) continue;
    const key = full(part.database, table);
    // It may have several parts.
    const sum = (bytes.get(key) ?? 0) + part.plainBytes;
    bytes.set(key, sum);
    if (sum < worthwhile || !ofInnodb.has(key)) continue;
    wanted.set(part.database, (wanted.get(part.database) ?? new Set<string>()).add(table));
  }
  return wanted;
}

/** Takes the keys that may wait out of the CREATE TABLE statements of a database; null: nothing waits. */
export function lateKeyRewrite(
  database: string,
  { wanted, waiting }: Pick<Late, 'wanted' | 'waiting'>,
): Rewrite | null {
  const names = new Set([...(wanted.get(database) ?? [])].map(asLatin1));
  if (names.size === 0) return null;
  return (statement, quoting) => {
    const head = headOf(statement, quoting);
    if (head?.makes !== 'TABLE') return statement;
    const name = head.tokens[head.next]?.text ?? '';
    if (!names.has(name)) return statement;
    const late = lateItems(head.tokens.slice(head.next + 1));
    const keys = late.map(({ after, end }) => fromLatin1(statement.slice(after + 1, end).trim()));
    const table = fromLatin1(name);
    const known = waiting.findIndex((one) => one.database === database && one.table === table);
    // A table whose restore was interrupted is made anew.
    if (known !== -1) waiting.splice(known, 1);
    waiting.push({ database, table, keys });
    return replaced(
      statement,
      late.map(({ after, end }) => ({ at: after, end, by: '' })),
    );
  };
}

/** A column, a key or a constraint of CREATE TABLE. */
interface Item {
  tokens: Token[];
  /** Where the comma or parenthesis before it stands, and the one behind it. */
  after: number;
  end: number;
}

function itemsOf(tokens: readonly Token[]): Item[] {
  const items: Item[] = [];
  let item: Item | null = null;
  let depth = 0;
  for (const token of tokens) {
    const mark = token.kind === 'mark' ? token.text : '';
    if (mark === ')') depth -= 1;
    const separates = (mark === ',' && depth === 1) || (mark === ')' && depth === 0);
    if (item && separates) items.push({ ...item, end: token.at });
    if (mark === ')' && depth === 0) break;
    if (mark === '(') depth += 1;
    if (separates || (mark === '(' && depth === 1)) item = { tokens: [], after: token.at, end: 0 };
    else item?.tokens.push(token);
  }
  return items;
}

/**
 * The plain keys at the end of a table's definition, so that the order of all keys stays as it was.
 * None of a table with foreign keys, which need them (the server would make others), and none of one
 * with history, which ALTER TABLE refuses to change (MariaDB: error 4119).
 */
function lateItems(definition: readonly Token[]): Item[] {
  if (definition.some((token) => isWord(token, 'FOREIGN', 'VERSIONING'))) return [];
  const items = itemsOf(definition);
  const counter = items.find(({ tokens }) => tokens.some((one) => isWord(one, 'AUTO_INCREMENT')));
  const counted = counter?.tokens[0]?.text;
  const keys = items.filter(({ tokens: [first] }) => !isWord(first, 'CONSTRAINT', 'CHECK'));
  const last = keys.findLastIndex((item) => !isPlainKey(item, counted));
  return keys.slice(last + 1);
}

/** `KEY name (column, …)`: no expressions, and not what AUTO_INCREMENT counts by. */
function isPlainKey({ tokens }: Item, counted: string | undefined): boolean {
  const [key, name, paren, column] = tokens;
  if (!isWord(key, 'KEY') || name?.kind !== 'name' || paren?.text !== '(') return false;
  if (column?.text === counted) return false;
  let depth = 0;
  return tokens.slice(2).every((token, i, rest) => {
    const begins = depth === 1 && ['(', ','].includes(rest[i - 1]?.text ?? '');
    if (token.kind === 'mark' && token.text === '(') depth += 1;
    if (token.kind === 'mark' && token.text === ')') depth -= 1;
    return !begins || token.kind === 'name';
  });
}

/**
 * Adds the keys of a table. When the server cannot sort them (no room in its temporary directory), it
 * makes the table anew, row by row, which needs none.
 */
export async function addKeys(
  session: Session,
  database: string,
  { table, keys }: Pick<LateKeys, 'table' | 'keys'>,
): Promise<void> {
  const add = keys.map((key) => `ADD ${key}`).join(', ');
  const alter = `ALTER TABLE ${identifier(database)}.${identifier(table)} ${add}`;
  try {
    await session.query(alter, Infinity);
  } catch (error) {
    await session.query(`${alter}, ALGORITHM=COPY`, Infinity).catch(() => {
      throw new StillpointError(
        'failed',
        `cannot add the keys of ${database}.${table}: ${reasonOf(error)}`,
        {
          hint: 'All its rows are there. Mend the cause and run the same command again.',
          cause: error,
        },
      );
    });
  }
}

/** A part of rows is loaded: answers the keys that waited for it as the last. */
export function keysAfter(part: ManifestPart, { waiting, rows }: Late): LateKeys[] {
  if (!rows.delete(part)) return [];
  const left = [...rows].filter(({ database }) => database === part.database);
  return waiting.filter(
    ({ database, table, keys }) =>
      database === part.database &&
      part.tables.includes(table) &&
      keys.length > 0 &&
      !left.some(({ tables }) => tables.includes(table)),
  );
}
