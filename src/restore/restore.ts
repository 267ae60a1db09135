import pLimit from 'p-limit';
import type { Transform } from 'node:stream';
import type { Manifest, ManifestPart } from '../catalog/records.js';
import type { Server } from '../pair/server.js';
import { identifier } from '../dialect/quote.js';
import { text } from '../dialect/rows.js';
import type { Store } from '../store/store.js';
import type { Command } from '../util/command.js';
import type { Observe } from '../util/observe.js';
import { refusedSql, runLoad } from './load.js';
import { sections, sectionsOf } from './section.js';
import type { RestoreSelection } from './selection.js';

/** What makes SQL of stored parts. */
export interface Decoding {
  zstd: string;
  /** The age program and the file with the identity; null for a backup that is not encrypted. */
  decrypt: { age: string; identityFile: string } | null;
}

export interface RestoreOptions extends Decoding {
  store: Pick<Store, 'get'>;
  manifest: Manifest;
  selection: RestoreSelection;
  target: Server;
  /** The client program, and the option file that it connects with. */
  client: string;
  optionFile: string;
  /** Clients at once. */
  parallel: number;
  /** Databases to drop first. */
  replace: readonly string[];
  /** Keep the load out of the target's binary log: it is going to take its log from the source. */
  unlogged: boolean;
  signal: AbortSignal;
  observe: Observe;
}

/**
 * Loads a selection into the target: databases, tables, rows, then triggers and stored programs, views,
 * accounts. What may run side by side does.
 */
export async function restoreParts(options: RestoreOptions): Promise<void> {
  const { target, manifest, selection, parallel } = options;
  const kinds = (...wanted: ManifestPart['kind'][]) =>
    selection.parts.filter((part) => wanted.includes(part.kind));
  for (const name of options.replace) {
    await target.query(`DROP DATABASE IF EXISTS ${identifier(name)}`, Infinity);
  }
  await createDatabases(target, manifest, selection);
  const init = await initCommand(options);
  await loadAll(kinds('schema'), parallel, options, init);
  await loadAll(kinds('data'), parallel, options, init);
  await loadAll(kinds('objects'), parallel, options, init);
  await loadViews(kinds('views'), options, init);
  await loadAll(kinds('accounts'), 1, options, init);
}

async function createDatabases(
  target: Server,
  manifest: Manifest,
  selection: RestoreSelection,
): Promise<void> {
  const rows = await target.query('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA');
  const present = new Set(rows.map((row) => text(row, 'name')));
  for (const { name, create } of manifest.databases) {
    if (selection.databases.includes(name) && !present.has(name)) await target.query(create);
  }
}

/** The first failure ends all of them and is what it throws. */
async function loadAll(
  parts: readonly ManifestPart[],
  parallel: number,
  options: RestoreOptions,
  init: string,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const limit = pLimit(parallel);
  await Promise.allSettled(
    parts.map((part) =>
      limit(async () => {
        try {
          await loadOne(part, { ...options, signal }, init);
          await options.observe({ type: 'part', key: part.key });
        } catch (error) {
          failed.abort(error);
        }
      }),
    ),
  );
  signal.throwIfAborted();
}

/**
 * A view may use views of other databases, and one WITH CHECK OPTION is not even made on the
 * placeholder that mysqldump makes of those. So the placeholders stay out, the client goes on after an
 * error, and all is loaded again until no error is left or as many as the time before.
 */
async function loadViews(
  parts: readonly ManifestPart[],
  options: RestoreOptions,
  init: string,
): Promise<void> {
  const variant: Variant = {
    choose: () => sections(({ holds }) => holds === 'view'),
    clientArgs: ['--force'],
  };
  let before = Infinity;
  for (;;) {
    const refused: { part: ManifestPart; errors: string[] }[] = [];
    for (const part of parts) {
      const said = await loadOne(part, options, init, variant);
      const errors = said.split('\n').filter((line) => line.startsWith('ERROR'));
      if (errors.length > 0) refused.push({ part, errors });
    }
    const [first] = refused;
    if (!first) break;
    const count = refused.reduce((sum, { errors }) => sum + errors.length, 0);
    if (count >= before) throw refusedSql(first.part.key, first.errors.slice(0, 3).join('; '));
    before = count;
  }
  for (const { key } of parts) await options.observe({ type: 'part', key });
}

interface Variant {
  choose: () => Transform | undefined;
  clientArgs: readonly string[];
}

/** Returns what the client said. */
async function loadOne(
  part: ManifestPart,
  options: RestoreOptions,
  init: string,
  variant?: Variant,
): Promise<string> {
  options.signal.throwIfAborted();
  const { table } = options.selection;
  const body = await options.store.get(part.key, { signal: options.signal });
  const client = clientCommand(part, options, init);
  await options.observe({ type: 'load', key: part.key, phase: 'begin' });
  const said = await runLoad({
    title: part.key,
    body,
    bytes: part.bytes,
    sha256: part.sha256,
    filters: decoders(part, options),
    choose: variant ? variant.choose() : table === null ? undefined : sectionsOf(table),
    client: { ...client, args: [...client.args, ...(variant?.clientArgs ?? [])] },
    signal: options.signal,
    onBytes: (bytes) => void options.observe({ type: 'read', bytes }),
  });
  await options.observe({ type: 'load', key: part.key, phase: 'end' });
  return said;
}

/** The programs that make SQL of a stored part. */
export function decoders(part: Pick<ManifestPart, 'key'>, options: Decoding): Command[] {
  const zstd = { file: options.zstd, args: ['-q', '-d', '-c'] };
  if (!part.key.endsWith('.age') || options.decrypt === null) return [zstd];
  const { age, identityFile } = options.decrypt;
  return [{ file: age, args: ['--decrypt', '-i', identityFile] }, zstd];
}

/** `--binary-mode` also switches off every command of the client but DELIMITER, e.g. `system`. */
function clientCommand(part: ManifestPart, options: RestoreOptions, init: string): Command {
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
      ...(part.database === '' ? [] : [`--database=${part.database}`]),
    ],
  };
}

/** What each loading session sets before the part's own settings. */
async function initCommand({ target, unlogged }: RestoreOptions): Promise<string> {
  const rows = await target.query(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('sql_require_primary_key')",
  );
  const values = new Map(rows.map((row) => [text(row, 'Variable_name'), text(row, 'Value')]));
  const settings = ['unique_checks = 0', 'foreign_key_checks = 0'];
  if (values.get('sql_require_primary_key') === 'ON') settings.push('sql_require_primary_key = 0');
  if (unlogged) settings.push('sql_log_bin = 0');
  return `SET SESSION ${settings.join(', ')}`;
}
