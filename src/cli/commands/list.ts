import type { Command } from 'commander';
import { pairNames, resolvePair } from '../../config/choose.js';
import { configOf, type Context } from '../context.js';
import type { Listed } from '../output/list.js';

export function registerList(program: Command, context: Context): void {
  program
    .command('list')
    .argument('[pair]', 'the pair; all pairs when it is left out')
    .description('list the backups in the store, newest last')
    .action(async (pair: string | undefined, _flags: unknown, command: Command) => {
      const { listBackups } = await import('../../catalog/listing.js');
      const { listDigests } = await import('../../catalog/drills.js');
      const { holdingPin, listPins } = await import('../../catalog/pins.js');
      const { proofOf, verdictsOf } = await import('../../catalog/proofs.js');
      const { withIndex } = await import('../../catalog/indexedCache.js');
      const { openCatalogCache } = await import('../../catalogCache.js');
      const { openStore } = await import('../../store/open.js');
      const { listText } = await import('../output/list.js');
      const config = await configOf(command);
      const records: Listed[] = [];
      const damaged: string[] = [];
      for (const name of pairNames(config, pair)) {
        const chosen = resolvePair(config, name);
        const store = await openStore(chosen.store);
        try {
          const note = (line: string) => damaged.push(line);
          const read = await openCatalogCache(config, chosen);
          const cache = await withIndex(read, store, chosen.name);
          const [backups, drills, pins] = await Promise.all([
            listBackups(store, chosen.name, note, cache?.backups),
            listDigests(store, chosen.name, note, cache?.drills),
            listPins(store, chosen.name, note),
          ]);
          const verdicts = verdictsOf(drills);
          const now = new Date();
          for (const backup of backups) {
            const { id } = backup;
            const proven = proofOf(verdicts, id);
            records.push({ ...backup, proven, pinned: holdingPin(pins, id, now) });
          }
        } finally {
          await store.close();
        }
      }
      records.sort((a, b) => (a.id < b.id ? -1 : 1));
      if (context.terminal.json) context.terminal.document(records);
      else context.terminal.result(records.length === 0 ? 'no backups yet' : listText(records));
      for (const line of damaged) context.terminal.error(`warning: ${line}`);
    });
}
