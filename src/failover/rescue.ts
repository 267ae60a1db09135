import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Rescue } from '../catalog/rescues.js';
import { text } from '../dialect/rows.js';
import { storeText, type CountedText } from '../dump/pipeline.js';
import type { SpoolSpace } from '../dump/spool.js';
import { isPast } from '../pair/barrier.js';
import type { Server } from '../pair/server.js';
import { rescuePrefix } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { run, type Command } from '../util/command.js';
import { beginOf } from './begins.js';
import { binlogText, fileText } from './binlogText.js';
import type { Extra } from './extra.js';

export interface RescueOptions {
  pair: string;
  id: string;
  store: Store;
  /** mysqlbinlog of the server's flavour, and an option file that it connects with. */
  mysqlbinlog: string;
  optionFile: string;
  /** zstd, and age where backups are encrypted. */
  filters: readonly Command[];
  encrypted: boolean;
  spool: SpoolSpace;
  signal: AbortSignal;
}

/**
 * Saves what a server has and its new source has not: as SQL, and the binary logs themselves that hold it.
 * Changes nothing on the server.
 */
export async function rescue(
  server: Server,
  extra: Extra,
  options: RescueOptions,
): Promise<Rescue['files']> {
  const isMysql = server.dialect.version.flavour === 'mysql';
  const begins =
    extra.from || isMysql
      ? { from: extra.from, serverId: null }
      : await beginOf(server, extra.says);
  const { from, serverId } = begins;
  const logs = await logsFrom(server, from?.file ?? null);
  const remote = [`--defaults-file=${options.optionFile}`, '--read-from-remote-server'];
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-rescue-'));
  try {
    const sql = {
      file: options.mysqlbinlog,
      args: [
        ...remote,
        '--verbose',
        ...(extra.gtids === null ? [] : [`--include-gtids=${extra.gtids}`]),
        // With several workers that position is only where they had all been.
        ...(from?.file === logs[0] ? [`--start-position=${from?.position}`] : []),
        // One that has followed its new source for a while has logged what came from there, too.
        ...(serverId === null ? [] : [`--server-id=${serverId}`]),
        // Own rows between those of a source are not in order. A program that has no such option passes over it.
        ...(isMysql ? [] : ['--loose-gtid-strict-mode=0']),
        ...logs,
      ],
    };
    const files = [await save('transactions.sql', binlogText('what is on it alone', sql), options)];
    for (const log of logs) {
      const args = [...remote, '--raw', `--result-file=${folder}/`, log];
      await run({ file: options.mysqlbinlog, args }, options.signal);
      files.push(await save(log, fileText(join(folder, log)), options));
      await rm(join(folder, log));
    }
    return files;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function save(
  name: string,
  body: CountedText & Readable,
  { pair, id, store, filters, encrypted, spool, signal }: RescueOptions,
): Promise<Rescue['files'][number]> {
  const key = `${rescuePrefix(pair, id)}${name}${encrypted ? '.zst.age' : '.zst'}`;
  try {
    const stored = await storeText(body, {
      title: name,
      filters,
      spool,
      sink: async (bytes) => await store.put(key, bytes, { signal }),
      signal,
    });
    return { key, bytes: stored.storedBytes, sha256: stored.sha256 };
  } finally {
    body.destroy();
  }
}

/** The names of a server's binary logs, oldest first, from one of them on. */
async function logsFrom(server: Server, first: string | null): Promise<string[]> {
  const names = (await server.query('SHOW BINARY LOGS')).map((row) => text(row, 'Log_name'));
  if (first === null) return names;
  return names.filter((file) => isPast({ file, position: 0 }, { file: first, position: 0 }));
}
