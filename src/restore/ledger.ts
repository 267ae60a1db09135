import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { reasonOf, StillpointError } from '../errors.js';
import { syncFolder, writeAtomic } from '../util/atomicFile.js';
import { definers } from './definers.js';
import { lateKeysSchema } from './lateKeys.js';
import type { Mention } from './mention.js';

/** What was asked for; only the same again may go on where it stopped. */
const asked = z.object({
  only: z.string().nullable(),
  rename: z.record(z.string(), z.string()),
  definer: z.enum(definers),
  accounts: z.boolean(),
  attach: z.boolean(),
});
export type Asked = z.infer<typeof asked>;

const shape = z.object({
  backup: z.string(),
  /** Identity of the server. */
  target: z.string(),
  asked,
  since: z.iso.datetime(),
  /** Keys of parts that a client was given and that may be half there. */
  begun: z.array(z.string()),
  loaded: z.array(z.string()),
  /** Stored programs that name a renamed database. */
  mentions: z.array(z.object({ object: z.string(), database: z.string() })),
  /** Keys of tables that are made, which wait for the rows. */
  lateKeys: z.array(lateKeysSchema).default([]),
});

/** What of a backup is in a target, while a restore is going on or after it was interrupted. */
export type LedgerEntry = z.infer<typeof shape>;

/** The ledger of a restore in the state directory. */
export interface Ledger {
  readonly entry: Readonly<LedgerEntry>;
  /** Writes it down, before anything is made that a next run would have to know as ours. */
  start(): Promise<void>;
  /** On disk before parts are given to a server, so that a half-loaded one is known as such. */
  begin(keys: readonly string[]): Promise<void>;
  /** These parts are whole in the target. */
  end(keys: readonly string[]): Promise<void>;
  /** These parts are going to be taken out of the target. */
  again(keys: readonly string[]): Promise<void>;
  mention: (mention: Mention) => void;
  /** The restore has succeeded. */
  close(): Promise<void>;
}

/** The file of a restore of this backup into this server. */
export function ledgerPath(stateDir: string, backup: string, target: string): string {
  return join(stateDir, `${backup}.${encodeURIComponent(target)}.restore.json`);
}

/** What an interrupted restore left, or null. */
export async function readLedger(path: string): Promise<LedgerEntry | null> {
  try {
    return shape.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new StillpointError('failed', `cannot read ${path}: ${reasonOf(error)}`, {
      hint: 'It tells how far an interrupted restore came: remove it, and begin anew with --replace.',
      cause: error,
    });
  }
}

/** Every interrupted restore into this server. */
export async function ledgersOf(stateDir: string, target: string): Promise<LedgerEntry[]> {
  const end = ledgerPath('', '', target);
  const files = await readdir(stateDir).catch((error: unknown): string[] => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  const found = files.filter((file) => file.endsWith(end));
  const entries = await Promise.all(found.map(async (file) => readLedger(join(stateDir, file))));
  return entries.filter((entry) => entry !== null);
}

/** Forgets an interrupted restore. */
export async function removeLedger(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path)).catch(() => undefined);
}

/** A new ledger, or one that was read and goes on. */
export function openLedger(path: string, begun: LedgerEntry): Ledger {
  const entry = structuredClone(begun);
  let writing = Promise.resolve();
  // One after another: parts are loaded side by side, and the file has one name.
  const write = async () => {
    writing = writing
      .catch(() => undefined)
      .then(async () => await writeAtomic(path, `${JSON.stringify(entry)}\n`));
    await writing.catch((error: unknown) => {
      throw new StillpointError('failed', `cannot write ${path}: ${reasonOf(error)}`, {
        hint: 'Set stateDir in the configuration to a folder that this user may write.',
        cause: error,
      });
    });
  };
  return {
    entry,
    start: write,
    async begin(keys) {
      const others = keys.filter((key) => !entry.begun.includes(key));
      if (others.length === 0) return;
      entry.begun.push(...others);
      await write();
    },
    async end(keys) {
      if (keys.length === 0) return;
      entry.begun = entry.begun.filter((key) => !keys.includes(key));
      entry.loaded.push(...keys);
      await write();
    },
    async again(keys) {
      if (keys.length === 0) return;
      entry.loaded = entry.loaded.filter((key) => !keys.includes(key));
      await write();
    },
    mention(mention) {
      const { object, database } = mention;
      const isSame = (other: Mention) => other.object === object && other.database === database;
      if (!entry.mentions.some(isSame)) entry.mentions.push(mention);
    },
    close: async () => await removeLedger(path),
  };
}

/** Whether two restores ask for the same. */
export function sameRequest(a: Asked, b: Asked): boolean {
  const normal = ({ rename, ...rest }: Asked) =>
    JSON.stringify([asked.parse({ ...rest, rename: {} }), Object.entries(rename).sort()]);
  return normal(a) === normal(b);
}
