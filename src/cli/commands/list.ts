import type { Command } from 'commander';
import { listBackups } from '../../catalog/listing.js';
import { listDrills } from '../../catalog/drills.js';
import { holdingPin, listPins, type Pin } from '../../catalog/pins.js';
import { proofOf, verdictsOf, type Proof } from '../../catalog/proofs.js';
import type { BackupRecord } from '../../catalog/records.js';
import { backupCache } from '../../catalogCache.js';
import { resolvePair } from '../../config/choose.js';
import { openStore } from '../../store/open.js';
import { configOf, type Context } from '../context.js';
import { beFrugal } from '../frugal.js';
import { tableText } from '../output/table.js';
import { ageText, bytesText, secondsText, timeText } from '../output/text.js';

/** A backup, what shows that it restores, and what keeps it from being pruned. */
type Listed = BackupRecord & { proven: Proof | null; pinned: Pin | null };

export function registerList(program: Command, context: Context): void {
  program
    .command('list')
    .argument('[pair]', 'the pair; all pairs when it is left out')
    .description('list the backups in the store, newest last')
    .action(async (pair: string | undefined, _flags: unknown, command: Command) => {
      beFrugal();
      const config = await configOf(command);
      const records: Listed[] = [];
      const damaged: string[] = [];
      for (const name of pair === undefined ? Object.keys(config.pairs) : [pair]) {
        const chosen = resolvePair(config, name);
        const store = await openStore(chosen.store);
        try {
          const note = (line: string) => damaged.push(line);
          const cache = await backupCache(config, chosen);
          const [backups, drills, pins] = await Promise.all([
            listBackups(store, chosen.name, note, cache),
            listDrills(store, chosen.name, note),
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
      context.terminal.document(records);
      context.terminal.result(records.length === 0 ? 'no backups yet' : listText(records));
      for (const line of damaged) context.terminal.error(`warning: ${line}`);
    });
}

function listText(records: readonly Listed[]): string {
  // Most stores have no pin, and the line is long.
  const hasPins = records.some(({ pinned }) => pinned !== null);
  const head = ['id', 'pair', 'taken', 'paused', 'took', 'data', 'stored', 'proven'];
  const rows = records.map((record) => [
    record.id,
    record.pair,
    timeText(record.pausedAt),
    secondsText(record.pauseSeconds),
    secondsText(record.seconds),
    bytesText(record.bytes.plain),
    bytesText(record.bytes.stored),
    record.proven === null ? '-' : provenText(record.proven),
    ...(hasPins ? [pinnedText(record.pinned)] : []),
  ]);
  return tableText(hasPins ? [...head, 'pinned'] : head, rows, [
    'paused',
    'took',
    'data',
    'stored',
  ]);
}

/** `2 days ago in 4 min 10 s`. */
function provenText({ at, seconds }: Proof): string {
  return `${ageText(at, new Date())} in ${secondsText(seconds)}`;
}

/** `until 2026-12-01`. */
function pinnedText(pinned: Pin | null): string {
  if (pinned === null) return '-';
  return pinned.until === null ? 'yes' : `until ${timeText(pinned.until).slice(0, 10)}`;
}
