import { z } from 'zod';
import { drillRecordSchema } from '../catalog/drillRecord.js';
import { backupRecordSchema } from '../catalog/records.js';
import type { Outcome } from './outcome.js';

// What metrics are made of. Each run writes two files at most, whole, and reads none: how it ended, and,
// when it went well, what it brought. So no run can lose what another one wrote.

/** How the last run of an action ended. Times are seconds since 1970. */
export const lastRunSchema = z.object({
  pair: z.string(),
  action: z.string(),
  at: z.number(),
  exit: z.number(),
  seconds: z.number(),
});
export type LastRun = z.infer<typeof lastRunSchema>;

const backupFigures = z.object({
  /** When its data stood still. */
  at: z.number(),
  seconds: z.number(),
  pauseSeconds: z.number(),
  plain: z.number(),
  stored: z.number(),
  parts: z.number(),
  /** Of the replica before the pause; null where the server did not tell. */
  lag: z.number().nullable(),
});

const proofFigures = z.object({
  /** When the drill ended. */
  at: z.number(),
  /** When the data stood still that it proved. */
  dataAt: z.number(),
  seconds: z.number(),
  restoreSeconds: z.number(),
});

/** The last run of an action that went well. */
export const lastSuccessSchema = z.object({
  pair: z.string(),
  action: z.string(),
  at: z.number(),
  backup: backupFigures.nullable(),
  proof: proofFigures.nullable(),
});
export type LastSuccess = z.infer<typeof lastSuccessSchema>;

const secondsOf = (iso: string) => Date.parse(iso) / 1000;

/** How the run ended; null for one that is no news about a pair. */
export function lastRunOf(outcome: Outcome): LastRun | null {
  const { pair, action, status, exit, seconds } = outcome;
  if (pair === null || status === 'skipped') return null;
  return { pair, action, at: secondsOf(outcome.finishedAt), exit, seconds };
}

/** What it brought; null when it did not succeed. */
export function lastSuccessOf(outcome: Outcome): LastSuccess | null {
  const { pair, action, status, record } = outcome;
  if (pair === null || status !== 'succeeded') return null;
  const { data: backup } = backupRecordSchema.safeParse(record);
  const { data: drill } = drillRecordSchema.safeParse(record);
  return {
    pair,
    action,
    at: secondsOf(outcome.finishedAt),
    backup: backup
      ? {
          at: secondsOf(backup.pausedAt),
          seconds: backup.seconds,
          pauseSeconds: backup.pauseSeconds,
          plain: backup.bytes.plain,
          stored: backup.bytes.stored,
          parts: backup.parts,
          lag: backup.lag?.find(({ at }) => at <= 0)?.seconds ?? null,
        }
      : null,
    proof: drill
      ? {
          at: secondsOf(drill.finishedAt),
          dataAt: secondsOf(drill.backupAt),
          seconds: drill.seconds.total,
          restoreSeconds: drill.seconds.restore,
        }
      : null,
  };
}
