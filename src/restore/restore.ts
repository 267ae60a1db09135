import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import type { Manifest, ManifestPart } from '../catalog/records.js';
import { identifier } from '../dialect/quote.js';
import type { StillpointError } from '../errors.js';
import type { Server } from '../pair/server.js';
import { cleanHalves } from './clean.js';
import { tablesWithLateKeys, type Late } from './lateKeys.js';
import { inGroups, loadGroup, type Pass } from './loadGroup.js';
import { initCommand, nameIn, type LoadOptions } from './loadPart.js';
import { refusedSql } from './load.js';
import { sections, sectionsOf } from './section.js';
import type { RestoreSelection } from './selection.js';
import { makesSequences } from './sequences.js';
import { databasesOf } from './target.js';

export interface RestoreOptions extends LoadOptions {
  manifest: Manifest;
  selection: RestoreSelection;
  /** Connections at once. */
  parallel: number;
  /** Databases of the target to drop first. */
  replace: readonly string[];
}

/**
 * Loads a selection into the target: databases, tables, rows, then triggers and stored programs, views,
 * accounts. What may run side by side does. With a ledger of an earlier run it passes over what is
 * there, and first takes away what may be half there.
 */
export async function restoreParts(asked: Omit<RestoreOptions, 'late'>): Promise<void> {
  const { manifest, target, selection, parallel, ledger } = asked;
  const late: Late = {
    wanted: tablesWithLateKeys(manifest),
    waiting: ledger?.entry.lateKeys ?? [],
    rows: new Set(),
  };
  const options = { ...asked, late };
  await dropDatabases(target, options.replace);
  await ledger?.start();
  const init = await initCommand(options);
  await createDatabases(options, init);
  await cleanHalves(options, init);
  const loaded = new Set(ledger?.entry.loaded);
  const left = selection.parts.filter(({ key }) => !loaded.has(key));
  const kinds = (wanted: ManifestPart['kind']) => left.filter(({ kind }) => kind === wanted);
  for (const part of kinds('data')) late.rows.add(part);
  await loadSchemas(kinds('schema'), options, init);
  await loadAll(kinds('data'), parallel, options, init);
  await loadAll(kinds('objects'), parallel, options, init);
  await loadViews(kinds('views'), options, init);
  await loadAll(kinds('accounts'), 1, options, init);
}

async function dropDatabases(target: Server, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const session = await target.session();
  try {
    // Foreign keys of other databases may refer to them.
    await session.query('SET SESSION foreign_key_checks = 0');
    for (const name of names) {
      await session.query(`DROP DATABASE IF EXISTS ${identifier(name)}`, Infinity);
    }
  } finally {
    session.destroy();
  }
}

async function createDatabases(options: RestoreOptions, init: string): Promise<void> {
  const { target, manifest, selection, changes } = options;
  const present = new Set(await databasesOf(target));
  const session = await target.session();
  try {
    await session.query(init);
    for (const { name, create } of manifest.databases) {
      const to = nameIn(changes, name);
      if (!selection.databases.includes(name) || present.has(to)) continue;
      // The name comes first in what SHOW CREATE DATABASE prints.
      await session.query(
        create.replace(identifier(name), () => identifier(to)),
        60,
      );
    }
  } finally {
    session.destroy();
  }
}

/** Sequences come before all tables. A table that is restored alone comes without. */
async function loadSchemas(
  parts: readonly ManifestPart[],
  options: RestoreOptions,
  init: string,
): Promise<void> {
  const { parallel, selection, manifest } = options;
  const first = parts.filter((part) => makesSequences(part, manifest));
  if (first.length === 0 || selection.table !== null) {
    await loadAll(parts, parallel, options, init);
    return;
  }
  const only = () => sections(({ holds }) => holds === 'sequence');
  const others = () => sections(({ holds }) => holds !== 'sequence');
  await loadAll(first, parallel, options, init, { choose: only, ends: false });
  await loadAll(parts, parallel, options, init, { choose: others, ends: true });
}

/** The first failure ends all of them and is what it throws. */
async function loadAll(
  parts: readonly ManifestPart[],
  parallel: number,
  options: RestoreOptions,
  init: string,
  pass?: Pass,
): Promise<void> {
  const { table } = options.selection;
  const whole = () => (table === null ? undefined : sectionsOf(table));
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  // Every part that is read ahead listens to it.
  setMaxListeners(0, signal);
  const limit = pLimit(parallel);
  await Promise.allSettled(
    inGroups(parts, parallel).map((group) =>
      limit(async () => {
        await loadGroup(
          group,
          { ...options, signal },
          init,
          pass ?? { choose: whole, ends: true },
        ).catch((error: unknown) => failed.abort(error));
      }),
    ),
  );
  signal.throwIfAborted();
}

/**
 * A view may use views of other databases, and one WITH CHECK OPTION is not even made on the placeholder that
 * mysqldump makes of those. So the placeholders stay out, a view that is refused is passed over, and parts with such
 * are loaded again, until none is left or as many as the time before. One after the other: no view is away, to be
 * made anew, while another is made.
 */
async function loadViews(
  parts: readonly ManifestPart[],
  options: RestoreOptions,
  init: string,
): Promise<void> {
  let left = parts;
  for (let before = Infinity; left.length > 0;) {
    const refused: { part: ManifestPart; why: string }[] = [];
    await loadAll(left, 1, options, init, {
      choose: () => sections(({ holds }) => holds === 'view'),
      ends: false,
      onRefused: (part, why) => refused.push({ part, why }),
    });
    if (refused.length >= before) throw stillRefused(refused);
    before = refused.length;
    left = left.filter((part) => refused.some((one) => one.part === part));
  }
  // Not before all are there: a view of one part may need one of another, and a view is made anew.
  const keys = parts.map(({ key }) => key);
  await options.ledger?.end(keys);
  for (const key of keys) await options.observe({ type: 'part', key });
}

function stillRefused(refused: readonly { part: ManifestPart; why: string }[]): StillpointError {
  const key = refused[0]?.part.key ?? '';
  const reasons = refused.filter(({ part }) => part.key === key).map(({ why }) => why);
  return refusedSql(key, reasons.slice(0, 3).join('; '));
}
