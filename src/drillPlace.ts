import type { Manifest } from './catalog/records.js';
import { targetOf } from './config/choose.js';
import type { Config } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import { identifier } from './dialect/quote.js';
import { withSandbox } from './drill/sandbox.js';
import type { ServerNeeds } from './drill/serverArgs.js';
import type { Timeline } from './drill/timeline.js';
import { findClient, type Tool } from './dump/tools.js';
import type { OpenBackup } from './openBackup.js';
import { openServer, type Server } from './pair/server.js';
import { memberIds } from './pairOfBackup.js';
import { checkTarget } from './restore/target.js';
import { withOptionFile } from './pair/optionFile.js';

/** The server that a drill restores into. */
export interface DrillPlace {
  server: Server;
  /** The client program that loads it, and the option file that it connects with. */
  client: string;
  optionFile: string;
  /** Fires when the server ends before its time. */
  died: AbortSignal;
}

/** Starts a sandbox for `body`. */
export async function inSandbox<T>(
  program: Tool,
  needs: ServerNeeds,
  with_: { opened: OpenBackup; timeline: Timeline; signal: AbortSignal },
  body: (place: DrillPlace) => Promise<T>,
): Promise<T> {
  const { opened, timeline, signal } = with_;
  const client = await findClient('mysql', needs.flavour, opened.pair.tools.mysql);
  const started = await timeline.begin('sandbox');
  return await withSandbox(program, needs, signal, async ({ server, died }) => {
    started();
    return await withOptionFile(server, async (optionFile) =>
      body({ server, client: client.path, optionFile, died }),
    );
  });
}

/**
 * Uses a target of the configuration in place of a sandbox. It must hold none of the databases, and
 * loses those that were restored afterwards.
 */
export async function inTarget<T>(
  config: Config,
  name: string,
  opened: OpenBackup,
  manifest: Manifest,
  body: (place: DrillPlace) => Promise<T>,
): Promise<T> {
  const target = targetOf(config, name);
  const server = await openServer(await resolveServer(target), `target ${name}`);
  try {
    const databases = manifest.databases.map((database) => database.name);
    await checkTarget(server, opened.record, {
      databases,
      table: null,
      replace: [],
      goesOn: false,
      leftover: null,
      intoPairMember: false,
      pairMembers: await memberIds(opened),
    });
    const { flavour } = server.dialect.version;
    const tool = target.tools.mysql ?? opened.pair.tools.mysql;
    const client = await findClient('mysql', flavour, tool);
    try {
      const died = new AbortController().signal;
      return await withOptionFile(server, async (optionFile) =>
        body({ server, client: client.path, optionFile, died }),
      );
    } finally {
      for (const database of databases) {
        await server.query(`DROP DATABASE IF EXISTS ${identifier(database)}`, Infinity);
      }
    }
  } finally {
    server.close();
  }
}
