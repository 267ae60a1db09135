import { number } from '../dialect/rows.js';
import { reasonOf } from '../errors.js';
import type { Server } from '../pair/server.js';
import type { Lent } from '../util/lent.js';
import { bytesText } from '../util/text.js';
import { asLatin1, fromLatin1 } from '../util/latin1.js';
import { refusedSql, runLoad, type LoadFlow } from './load.js';
import { rowStatements } from './rowStatements.js';

/** A longer statement is sent in several packets. */
const packetBytes = (1 << 24) - 1;

/** Bytes that a statement may have more in its packet. */
const around = 8;

/** Rows on their way into a server. */
export interface RowFlow extends LoadFlow {
  target: Pick<Server, 'session'>;
  /** Run first. */
  setup: readonly string[];
  /** Of the text that one statement may have, to be sent by us. */
  longest?: number;
}

/**
 * Runs the statements of a part of rows over a session of ours: a client takes them apart character by
 * character, which takes a tenth of both cores' time. One is read while the one before it runs. Where one is
 * too long for us, the client does the rest.
 */
export async function loadRows(flow: RowFlow): Promise<string> {
  const { title, sql, target, setup, signal } = flow;
  signal.throwIfAborted();
  const session = await target.session({ bytes: true });
  const cut = () => session.destroy();
  signal.addEventListener('abort', cut, { once: true });
  let most = Infinity;
  const run = async (statement: string) => {
    // A server that gets more ends the connection without a word.
    if (statement.length + around > most) throw refusedSql(title, tooLong(statement.length, most));
    await session.query(sendable(statement), Infinity).catch((error: unknown) => {
      throw refusedSql(title, fromLatin1(reasonOf(error)));
    });
  };
  const settings: string[] = [];
  let running = Promise.resolve();
  try {
    signal.throwIfAborted();
    // As a client finds them: a dump need not say them (--skip-tz-utc).
    await run('SET SESSION time_zone = DEFAULT, sql_mode = DEFAULT');
    for (const statement of setup) await run(asLatin1(statement));
    const [row] = await session.query('SELECT @@max_allowed_packet AS most');
    most = number(row ?? {}, 'most') ?? Infinity;
    for await (const next of rowStatements(sql, flow.longest)) {
      await running;
      if (typeof next !== 'string') {
        // The client takes the same locks, also the one that tells a later run of it.
        for (const one of ['COMMIT', 'UNLOCK TABLES', 'DO RELEASE_ALL_LOCKS()']) await run(one);
        return await runLoad({ ...flow, sql: continued(settings, next.rest) });
      }
      if (!isInsert(next)) settings.push(next);
      running = run(next);
      running.catch(() => undefined);
    }
    await running;
    await run('COMMIT');
    return '';
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    // Nothing runs on when this has failed; on a session that was cut nothing is waited for.
    await running.catch(() => undefined);
    signal.removeEventListener('abort', cut);
    session.destroy();
  }
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
