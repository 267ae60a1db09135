import { Gauge, Registry } from 'prom-client';
import type { LastRun, LastSuccess } from './figures.js';

/**
 * The metrics in the text format of Prometheus. Of a pair's backups and snapshots, and of its drills, the
 * newest good one is shown. Times are seconds since 1970, so that a rule can ask how old they are.
 */
export async function metricsText(
  runs: readonly LastRun[],
  successes: readonly LastSuccess[],
): Promise<string> {
  const registry = new Registry();
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({
      name: `stillpoint_${name}`,
      help,
      labelNames: ['pair', ...labelNames],
      registers: [registry],
    });

  const ended = gauge('last_run_timestamp_seconds', 'When the last run ended.', ['action']);
  const exit = gauge('last_run_exit_status', 'Exit status of the last run; 0: it went well.', [
    'action',
  ]);
  const took = gauge('last_run_duration_seconds', 'How long the last run took.', ['action']);
  for (const { pair, action, at, exit: status, seconds } of runs) {
    ended.set({ pair, action }, at);
    exit.set({ pair, action }, status);
    took.set({ pair, action }, seconds);
  }

  const good = gauge('last_success_timestamp_seconds', 'When the last good run ended.', ['action']);
  for (const { pair, action, at } of successes) good.set({ pair, action }, at);

  const data = gauge(
    'backup_timestamp_seconds',
    'When the data of the last good backup stood still.',
  );
  const backupTook = gauge('backup_duration_seconds', 'How long the last good backup took.');
  const pause = gauge('backup_pause_seconds', 'How long the replica was paused for it.');
  const bytes = gauge('backup_bytes', 'Its size: as SQL (plain), and as stored.', ['form']);
  const parts = gauge('backup_parts', 'How many parts it has.');
  const lag = gauge('backup_lag_seconds', 'How far the replica was behind before the pause.');
  for (const { pair, backup } of newest(successes, 'backup')) {
    data.set({ pair }, backup.at);
    backupTook.set({ pair }, backup.seconds);
    pause.set({ pair }, backup.pauseSeconds);
    bytes.set({ pair, form: 'plain' }, backup.plain);
    bytes.set({ pair, form: 'stored' }, backup.stored);
    parts.set({ pair }, backup.parts);
    if (backup.lag !== null) lag.set({ pair }, backup.lag);
  }

  const proof = gauge('proof_timestamp_seconds', 'When the last drill that passed ended.');
  const proven = gauge('proof_data_timestamp_seconds', 'When the data stood still that it proved.');
  const proofTook = gauge('proof_duration_seconds', 'How long that drill took.');
  const restore = gauge('proof_restore_seconds', 'How long its restore took, from empty to whole.');
  for (const { pair, proof: passed } of newest(successes, 'proof')) {
    proof.set({ pair }, passed.at);
    proven.set({ pair }, passed.dataAt);
    proofTook.set({ pair }, passed.seconds);
    restore.set({ pair }, passed.restoreSeconds);
  }
  return await registry.metrics();
}

type Having<K extends 'backup' | 'proof'> = LastSuccess & Record<K, NonNullable<LastSuccess[K]>>;

function newest<K extends 'backup' | 'proof'>(
  successes: readonly LastSuccess[],
  key: K,
): Having<K>[] {
  const byPair = new Map<string, Having<K>>();
  for (const success of successes.filter((one): one is Having<K> => one[key] !== null)) {
    const other = byPair.get(success.pair);
    if (!other || other[key].at < success[key].at) byPair.set(success.pair, success);
  }
  return [...byPair.values()];
}
