import { createHash } from 'node:crypto';
import type { ManifestPart } from '../catalog/records.js';
import { identifier, literal } from '../dialect/quote.js';
import { text } from '../dialect/rows.js';
import type { Server } from '../pair/server.js';
import { asUsual, type Session, type SessionOptions } from '../pair/session.js';
import type { Store } from '../store/store.js';
import type { Command } from '../util/command.js';
import type { Lent, Step } from '../util/lent.js';
import type { Observe } from '../util/observe.js';
import type { Ledger } from './ledger.js';
import { addKeys, keysAfter, type Late, type LateKeys } from './lateKeys.js';
import { decoded } from './decode.js';
import { loadRows, loadText, type PartFlow } from './loadRows.js';
import { rewriteOf, type Changes } from './rewrite.js';

/** What makes SQL of stored parts. */
export interface Decoding {
  zstd: string;
  /** The age program and the file with the identity; null for a backup that is not encrypted. */
  decrypt: { age: string; identityFile: string } | null;
}

/** How parts get into a server. */
export interface LoadOptions extends Decoding {
  store: Pick<Store, 'get'>;
  target: Server;
  /** The client program, and the option file that it connects with. */
  client: string;
  optionFile: string;
  /** Keep the load out of the target's binary log: it is going to take its log from the source. */
  unlogged: boolean;
  /** Left out: everything as it was. */
  changes?: Changes | undefined;
  /** Where it is written down what is in the target; left out, an interruption begins anew. */
  ledger?: Ledger | undefined;
  /** Keys that are added after the rows; left out, they come with their tables. */
  late?: Late | undefined;
  signal: AbortSignal;
  observe: Observe;
}

/** A part other than whole and as it is. */
export interface Variant {
  /** Lets only some of the SQL through. */
  choose?: Step | undefined;
  /** As {@link loadingSession}; left out, the part gets one of its own. */
  session?: Session | undefined;
  onRefused?: PartFlow['onRefused'];
}

/** What statements of a part are sent over. */
export const loadingSession: SessionOptions = { bytes: true, multipleStatements: true };

/** Gives the work a session of its own, which is cut when the load is to end. */
export async function inSession<T>(
  { target, signal }: { target: Pick<Server, 'session'>; signal: AbortSignal },
  how: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const session = await target.session(how);
  const cut = () => session.destroy();
  signal.addEventListener('abort', cut, { once: true });
  try {
    signal.throwIfAborted();
    return await work(session);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', cut);
    session.destroy();
  }
}

/** Loads one part. */
export async function loadPart(
  part: ManifestPart,
  options: LoadOptions,
  init: string,
  { choose, session, onRefused }: Variant = {},
): Promise<void> {
  const { signal, observe, ledger, late, changes = unchanged } = options;
  signal.throwIfAborted();
  await observe({ type: 'load', key: part.key, phase: 'begin' });
  const body = await options.store.get(part.key, { signal });
  // Whoever had it before, in this run, may not have let go of it yet.
  const lock = ledger ? `, @stillpoint = GET_LOCK(${literal(clientLock(part, ledger))}, 10)` : '';
  const held = init + lock;
  let sql: Lent = decoded({
    ...part,
    title: part.key,
    body,
    filters: decoders(part, options),
    onBytes: (bytes) => void observe({ type: 'read', bytes }),
  });
  for (const step of [choose, rewriteOf(part, changes, late)]) if (step) sql = step(sql);
  const client = clientCommand(part, options, held);
  const flow = { title: part.key, sql, client, signal, onRefused };
  const use = part.database === '' ? [] : [`USE ${identifier(nameIn(changes, part.database))}`];
  const send = async (session: Session) => {
    const sent = { ...flow, session, setup: [...use, held] };
    await (part.kind === 'data' ? loadRows(sent) : loadText(sent));
  };
  const loading = session ? send(session) : inSession(options, loadingSession, send);
  // It may have failed before it read any of it.
  await loading.finally(() => body.destroy());
  const keys = late ? keysAfter(part, late) : [];
  if (keys.length > 0) {
    await observe({ type: 'load', key: part.key, phase: 'keys' });
    await addAll(keys, options, held);
  }
  await observe({ type: 'load', key: part.key, phase: 'end' });
}

async function addAll(
  keys: readonly LateKeys[],
  options: LoadOptions,
  init: string,
): Promise<void> {
  await inSession(options, {}, async (session) => {
    await session.query(init);
    for (const of of keys) await addKeys(session, nameIn(options.changes, of.database), of);
  });
}

const unchanged: Changes = { renames: new Map(), definer: 'keep', onMention: () => undefined };

/** The name that a database of the backup has in the target. */
export function nameIn(changes: Pick<Changes, 'renames'> | undefined, database: string): string {
  return changes?.renames.get(database) ?? database;
}

/**
 * The lock that whoever loads a part holds while it is connected, so that the next run can find one that a
 * dead run left.
 */
export function clientLock(
  part: Pick<ManifestPart, 'key'>,
  ledger: { entry: Pick<Ledger['entry'], 'target'> },
): string {
  const { target } = ledger.entry;
  const sum = createHash('sha256').update(`${target} ${part.key}`).digest('hex').slice(0, 32);
  return `stillpoint load ${sum}`;
}

/** What each loading session sets before the part's own settings. */
export async function initCommand({
  target,
  unlogged,
}: Pick<LoadOptions, 'target' | 'unlogged'>): Promise<string> {
  const rows = await target.query(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('sql_require_primary_key')",
  );
  const values = new Map(rows.map((row) => [text(row, 'Variable_name'), text(row, 'Value')]));
  const settings = ['unique_checks = 0', 'foreign_key_checks = 0', asUsual];
  if (values.get('sql_require_primary_key') === 'ON') settings.push('sql_require_primary_key = 0');
  if (unlogged) settings.push('sql_log_bin = 0');
  return `SET SESSION ${settings.join(', ')}`;
}

/** The programs that make SQL of a stored part. */
export function decoders(part: Pick<ManifestPart, 'key'>, options: Decoding): Command[] {
  const zstd = { file: options.zstd, args: ['-q', '-d', '-c'] };
  if (!part.key.endsWith('.age') || options.decrypt === null) return [zstd];
  const { age, identityFile } = options.decrypt;
  return [{ file: age, args: ['--decrypt', '-i', identityFile] }, zstd];
}

/** `--binary-mode` also switches off every command of the client but DELIMITER, e.g. `system`. */
function clientCommand(part: ManifestPart, options: LoadOptions, init: string): Command {
  const database = nameIn(options.changes, part.database);
  return {
    file: options.client,
    args: [
      `--defaults-file=${options.optionFile}`,
      '--binary-mode',
      // The comments in stored programs; MariaDB's client drops them.
      '--comments',
      '--max-allowed-packet=1G',
      '--default-character-set=utf8mb4',
      `--init-command=${init}`,
      ...(database === '' ? [] : [`--database=${database}`]),
    ],
  };
}
