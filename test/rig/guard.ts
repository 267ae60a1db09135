import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { waitFor } from '../../src/util/wait.js';
import { deathsOf } from './server.js';
import { engine, pair } from './shared.js';

const closed =
  engine === 'mysql'
    ? "CONCAT(@@GLOBAL.read_only, ' ', @@GLOBAL.super_read_only)"
    : '@@GLOBAL.read_only';

/** Whether each of the two takes writes, in the words of its engine. */
async function roles(): Promise<string> {
  const servers = [pair.source, pair.replica];
  const rows = await Promise.all(
    servers.map(async (server) => await server.query(`SELECT ${closed} AS closed`)),
  );
  return JSON.stringify(rows.flat());
}

let before = '';
beforeEach(async () => {
  before = await roles();
});

// A test that leaves the replica paused, a GTID of its own on it, or one of the two closed or open for writes as it
// was not before, has failed.
afterEach(async () => {
  let faults: string[] = [];
  const isFine = async () => ((faults = await pair.faults()).length === 0 ? true : null);
  const fine = await waitFor(isFine, { within: 20 });
  if (!fine) await pair.healErrant();
  // One that is started again looks as if nothing had been.
  for (const { dataDir } of [pair.source, pair.replica]) {
    const died = await readFile(deathsOf({ dataDir }), 'utf8').catch(() => '');
    if (died === '') continue;
    await rm(deathsOf({ dataDir }));
    const log = await readFile(join(dataDir, 'error.log'), 'utf8');
    faults.push(`a server has died: ${died}${log.split('\n').slice(-60).join('\n')}`);
  }
  const after = await roles();
  if (after !== before) faults.push(`read-only: ${before} before, ${after} after`);
  if (faults.length > 0) throw new Error(`the test left its pair behind: ${faults.join('; ')}`);
});
