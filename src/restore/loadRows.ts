import { number } from '../dialect/rows.js';
import { reasonOf } from '../errors.js';
import { isBroken, type Session } from '../pair/session.js';
import type { Lent } from '../util/lent.js';
import { bytesText } from '../util/text.js';
import { asLatin1, fromLatin1 } from '../util/latin1.js';
import { refusedSql, runLoad, type LoadFlow } from './load.js';
import { inPackets } from './inPackets.js';
import { rowStatements, type LongRest } from './rowStatements.js';
import { statementsOf } from './statements.js';

/** A longer statement is sent in several packets. */
const packetBytes = (1 << 24) - 1;

/** Bytes that a statement may have more in its packet. */
const around = 8;

/** A part on its way into a server. */
export interface PartFlow extends LoadFlow {
  /** One for loading (`loadingSession`). */
  session: Session;
  /** Run first. */
  setup: readonly string[];
  /** Told why a statement was not taken; the next ones come all the same. Left out, the load ends with it. */
  onRefused?: ((why: string) => void) | undefined;
}

/** What a client finds, and no part leaves behind; a dump need not say it (--skip-tz-utc). */
const atFirst = [
  'UNLOCK TABLES',
  'SET NAMES utf8mb4, autocommit = DEFAULT, time_zone = DEFAULT, sql_mode = DEFAULT',
];

/** Whoever comes next, the client or another session, takes the same locks, also the one that tells a later run of it. */
const letGo = 'COMMIT; UNLOCK TABLES; DO RELEASE_ALL_LOCKS()';

/**
 * Runs the statements of a part of rows over a session of ours: a client takes them apart character by
 * character, which takes a tenth of both cores' time. Where one is longer than `longest`, the client does the rest.
 */
export async function loadRows(flow: PartFlow, longest?: number): Promise<void> {
  await load(flow, rowStatements(flow.sql, longest));
}

/** Runs the statements of any other part over a session of ours: a client takes longer to start. */
export async function loadText(flow: PartFlow): Promise<void> {
  await load(flow, statementsOf(flow.sql));
}

/** One packet is read while the one before it runs. */
async function load(flow: PartFlow, statements: AsyncIterable<string | LongRest>): Promise<void> {
  flow.signal.throwIfAborted();
  const most = await longestTaken(flow);
  const run = async (sql: string) => await send(flow, sql, most);
  const settings: string[] = [];
  const all = async function* (): AsyncGenerator<string | LongRest> {
    for (const one of [...atFirst, ...flow.setup]) yield asLatin1(one);
    for await (const one of statements) {
      if (typeof one === 'string' && !isInsert(one)) settings.push(one);
      yield one;
    }
  };
  let running = Promise.resolve();
  try {
    for await (const next of inPackets(all(), most)) {
      await running;
      if (typeof next !== 'string') {
        await run(letGo);
        await runLoad({ ...flow, sql: continued(settings, next.rest) });
        return;
      }
      running = run(next);
      running.catch(() => undefined);
    }
    await running;
    await run(letGo);
  } finally {
    // Nothing runs on when this has failed; on a session that was cut nothing is waited for.
    await running.catch(() => undefined);
  }
}

async function send(
  { title, session, onRefused }: PartFlow,
  sql: string,
  most: number,
): Promise<void> {
  // A server that gets more ends the connection without a word.
  if (sql.length > most) throw refusedSql(title, tooLong(sql.length, most + around));
  try {
    await session.query(sendable(sql), Infinity);
  } catch (error) {
    if (!onRefused || isBroken(error)) throw refusedSql(title, whyOf(error));
    onRefused(whyOf(error));
  }
}

function whyOf(error: unknown): string {
  return fromLatin1(reasonOf(error));
}

const askedMost = new WeakMap<Session, Promise<number>>();

/** Bytes of SQL; of a session it stays as it is. */
async function longestTaken({ title, session }: PartFlow): Promise<number> {
  const asked = askedMost.get(session) ?? maxAllowedPacket(session);
  askedMost.set(session, asked);
  try {
    return (await asked) - around;
  } catch (error) {
    throw refusedSql(title, whyOf(error));
  }
}

async function maxAllowedPacket(session: Session): Promise<number> {
  const [row] = await session.query('SELECT @@max_allowed_packet AS most');
  return number(row ?? {}, 'most') ?? Infinity;
}

/**
 * A statement that does not end within three bytes of the end of a packet: mysql2 (3.24) sends an empty one then, which
 * the server takes for a command. In front of it there is one byte, or three from a server that knows attributes.
 */
function sendable(statement: string): string {
  const left = packetBytes - 1 - (statement.length % packetBytes);
  return left <= 5 ? statement + ' '.repeat(left) : statement;
}

function tooLong(bytes: number, most: number): string {
  return `a statement has ${bytesText(bytes)}, the server's max_allowed_packet is ${bytesText(most)}`;
}

function isInsert(statement: string): boolean {
  return /^(?:INSERT|REPLACE) /.test(statement);
}

/** Begins as the text did, without the rows that are there. */
async function* continued(settings: readonly string[], rest: Lent): AsyncGenerator<Buffer> {
  yield Buffer.from(settings.map((one) => `${one};\n`).join(''), 'latin1');
  yield* rest;
}
