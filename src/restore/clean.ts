import type { Manifest, ManifestPart } from '../catalog/records.js';
import { identifier, literal } from '../dialect/quote.js';
import { text } from '../dialect/rows.js';
import { StillpointError } from '../errors.js';
import { kill } from '../pair/server.js';
import type { Session } from '../pair/session.js';
import { waitFor } from '../util/wait.js';
import { asLatin1 } from '../util/latin1.js';
import { headOf } from './head.js';
import { clientLock, loadPart, nameIn, type LoadOptions } from './loadPart.js';
import { rewritten } from './statements.js';
import { isWord } from './tokens.js';

/** Seconds that the client of a dead run may take to end: its last statement is rolled back. */
const endPatience = 3600;

/** What cleaning needs to know of a restore. */
export interface CleanOptions extends LoadOptions {
  manifest: Manifest;
  selection: { parts: readonly ManifestPart[]; table: string | null };
}

/**
 * Takes away what an interrupted run may have loaded in part, so that no row is there twice: tables are
 * made anew from the backup, empty; triggers and stored programs are dropped. Views and accounts can be
 * loaded over themselves. What was loaded whole of such a table goes too, and its parts are to load again.
 */
export async function cleanHalves(options: CleanOptions, init: string): Promise<void> {
  const begun = options.ledger?.entry.begun ?? [];
  const halves = options.selection.parts.filter(({ key }) => begun.includes(key));
  if (halves.length === 0) return;
  const session = await options.target.session();
  try {
    await session.query(init);
    for (const part of halves) await endClient(part, session, options);
    await options.ledger?.again(besides(halves, options).map(({ key }) => key));
    for (const part of halves) {
      options.signal.throwIfAborted();
      if (part.kind === 'schema' || part.kind === 'data') await dropTables(part, session, options);
      if (part.kind === 'data') await makeTables(part, options, init);
      if (part.kind === 'objects') await dropObjects(part, session, options);
    }
  } finally {
    session.destroy();
  }
}

/** The other parts of the tables that are made anew. */
function besides(
  halves: readonly ManifestPart[],
  { selection }: Pick<CleanOptions, 'selection'>,
): ManifestPart[] {
  return selection.parts.filter(
    (part) =>
      part.kind === 'data' &&
      halves.some(
        (half) =>
          half.kind === 'data' &&
          half !== part &&
          half.database === part.database &&
          part.tables.some((name) => half.tables.includes(name)),
      ),
  );
}

/** A client of the dead run may still run a statement that it was given, and the next one. */
async function endClient(
  part: ManifestPart,
  session: Session,
  { ledger, signal, target }: CleanOptions,
): Promise<void> {
  if (!ledger) return;
  const lock = literal(clientLock(part, ledger));
  const isGone = async () => {
    const [row] = await session.query(`SELECT IS_USED_LOCK(${lock}) AS holder`);
    const holder = text(row ?? {}, 'holder');
    if (holder === '') return true;
    await kill(session, Number(holder));
    return null;
  };
  if (await waitFor(isGone, { within: endPatience, signal })) return;
  throw new StillpointError('failed', `a client of the earlier run does not end on ${target.who}`, {
    hint: 'SHOW PROCESSLIST there tells what it does; run the same command again once it is gone.',
  });
}

/** The tables of a part that this restore is to make. */
function tablesOf(part: ManifestPart, { selection: { table } }: CleanOptions): string[] {
  return table === null ? part.tables : part.tables.filter((name) => name === table);
}

async function dropTables(
  part: ManifestPart,
  session: Session,
  options: CleanOptions,
): Promise<void> {
  const database = identifier(nameIn(options.changes, part.database));
  for (const name of tablesOf(part, options)) {
    await session.query(`DROP TABLE IF EXISTS ${database}.${identifier(name)}`, Infinity);
  }
}

/**
 * Not TRUNCATE: it sets AUTO_INCREMENT back, and not every engine takes it. The definitions are those of
 * the schema parts.
 */
async function makeTables(part: ManifestPart, options: CleanOptions, init: string): Promise<void> {
  const wanted = new Set(tablesOf(part, options).map(asLatin1));
  const schemas = options.selection.parts.filter(
    ({ kind, database, tables }) =>
      kind === 'schema' &&
      database === part.database &&
      tables.some((t) => wanted.has(asLatin1(t))),
  );
  const onlyWanted = () =>
    rewritten((statement, quoting) => {
      if (/^(?:CREATE SEQUENCE|DO SETVAL)/i.test(statement)) return '';
      const head = headOf(statement, quoting);
      if (head?.makes !== 'TABLE') return statement;
      const at = isWord(head.tokens[head.next], 'IF') ? head.next + 3 : head.next;
      return wanted.has(head.tokens[at]?.text ?? '') ? statement : '';
    });
  const silent = { ...options, ledger: undefined, observe: () => undefined };
  for (const schema of schemas) await loadPart(schema, silent, init, { choose: onlyWanted() });
}

async function dropObjects(
  part: ManifestPart,
  session: Session,
  { manifest, changes }: CleanOptions,
): Promise<void> {
  const of = manifest.databases.find(({ name }) => name === part.database);
  if (!of) return;
  const database = identifier(nameIn(changes, part.database));
  const kinds: [string, readonly string[]][] = [
    ['TRIGGER', of.triggers],
    ['PROCEDURE', of.procedures],
    ['FUNCTION', of.functions],
    ['PACKAGE', of.packages],
    ['EVENT', of.events],
  ];
  for (const [kind, names] of kinds) {
    for (const name of names) {
      await session.query(`DROP ${kind} IF EXISTS ${database}.${identifier(name)}`);
    }
  }
}
