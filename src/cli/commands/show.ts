import type { Command } from 'commander';
import { resolvePair } from '../../config/choose.js';
import { configOf, type Context } from '../context.js';

export function registerShow(program: Command, context: Context): void {
  program
    .command('show')
    .argument('<backup>', 'its id, a label, or latest')
    .description('show one backup: coordinates, sizes, tables')
    .option('--pair <pair>', 'the pair it is of')
    .action(async (which: string, flags: { pair?: string }, command: Command) => {
      const { readManifest } = await import('../../catalog/catalog.js');
      const { listDigests } = await import('../../catalog/drills.js');
      const { pinHolds, readPin } = await import('../../catalog/pins.js');
      const { proofOf, verdictsOf } = await import('../../catalog/proofs.js');
      const { openCatalogCache } = await import('../../catalogCache.js');
      const { openBackup } = await import('../../openBackup.js');
      const { recordText, tablesText } = await import('../output/record.js');
      const config = await configOf(command);
      const { store, record, name } = await openBackup(config, which, flags.pair);
      try {
        const manifest = await readManifest(store, record);
        const cache = await openCatalogCache(config, resolvePair(config, name));
        const drills = await listDigests(store, name, () => undefined, cache?.drills);
        const proven = proofOf(verdictsOf(drills), record.id);
        const pin = await readPin(store, { pair: record.pair, id: record.id });
        const pinned = pin && pinHolds(pin, new Date()) ? pin : null;
        context.terminal.document({ ...record, proven, pinned, contents: manifest });
        const tables = tablesText(manifest.tables);
        const text = recordText(record, proven, pinned);
        context.terminal.result(`backup ${record.id}\n${text}\n\n${tables}`);
      } finally {
        await store.close();
      }
    });
}
