import { setTimeout as sleep } from 'node:timers/promises';
import type { RigServer } from '../rig/index.js';

/** Something that writes to a source for as long as a test wants. */
export interface Writer {
  /** Transactions committed so far. */
  written(): number;
  stop(): Promise<void>;
}

/** Writes rows, updates and now and then a new table, one transaction after another, in a database of that name. */
export async function startWriter(source: RigServer, database = 'written'): Promise<Writer> {
  await source.query(`
    CREATE DATABASE IF NOT EXISTS ${database};
    CREATE TABLE IF NOT EXISTS ${database}.ledger (id INT PRIMARY KEY AUTO_INCREMENT, amount INT, note VARCHAR(40));
    CREATE TABLE IF NOT EXISTS ${database}.balance (id INT PRIMARY KEY, total BIGINT);
    INSERT IGNORE INTO ${database}.balance VALUES (1, 0);
  `);
  let committed = 0;
  const state = { stopped: false };
  const work = (async () => {
    while (!state.stopped) {
      const amount = committed % 97;
      await source.query(
        `BEGIN; INSERT INTO ${database}.ledger (amount, note) VALUES (${amount}, UUID()); UPDATE ${database}.balance SET total = total + ${amount}; COMMIT`,
      );
      committed += 1;
      // Busy, but so that a replica on a slow machine can follow.
      await sleep(5);
      if (committed % 100 === 0) {
        await source.query(
          `CREATE TABLE ${database}.t${Date.now()} (id INT PRIMARY KEY) COMMENT 'made meanwhile'`,
        );
      }
    }
  })();
  return {
    written: () => committed,
    async stop() {
      state.stopped = true;
      await work;
    },
  };
}
