import type { Command } from 'commander';
import { readManifest } from '../../catalog/catalog.js';
import { listDrills } from '../../catalog/drills.js';
import { pinHolds, readPin } from '../../catalog/pins.js';
import { proofOf, verdictsOf } from '../../catalog/proofs.js';
import { openBackup } from '../../openBackup.js';
import { configOf, type Context } from '../context.js';
import { recordText } from '../output/record.js';
import { tableText } from '../output/table.js';
import { nameText } from '../output/text.js';

export function registerShow(program: Command, context: Context): void {
  program
    .command('show')
    .argument('<backup>', 'its id, a label, or latest')
    .description('show one backup: coordinates, sizes, tables')
    .option('--pair <pair>', 'the pair it is of')
    .action(async (which: string, flags: { pair?: string }, command: Command) => {
      const { store, record } = await openBackup(await configOf(command), which, flags.pair);
      try {
        const manifest = await readManifest(store, record);
        const proven = proofOf(verdictsOf(await listDrills(store, record.pair)), record.id);
        const pin = await readPin(store, { pair: record.pair, id: record.id });
        const pinned = pin && pinHolds(pin, new Date()) ? pin : null;
        context.terminal.document({ ...record, proven, pinned, contents: manifest });
        const rows = manifest.tables.map((table) => [
          nameText(table.database),
          nameText(table.name),
          table.engine,
          table.rows === null ? '-' : String(table.rows),
          table.checksum ?? '-',
        ]);
        const tables = tableText(['database', 'table', 'engine', 'rows', 'checksum'], rows, [
          'rows',
          'checksum',
        ]);
        context.terminal.result(
          `backup ${record.id}\n${recordText(record, proven, pinned)}\n\n${tables}`,
        );
      } finally {
        await store.close();
      }
    });
}
