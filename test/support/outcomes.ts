import type { Outcome } from '../../src/notify/outcome.js';
import { sampleBackup } from './history.js';
import { sampleDrill } from './sampleDrill.js';

const base = {
  format: 1,
  run: '6f1d1c0e-3b55-4a0e-9a53-0d7a3f1c8a11',
  pair: 'shop',
  startedAt: '2026-11-22T02:30:00.000Z',
  finishedAt: '2026-11-22T02:32:01.000Z',
  seconds: 121,
  host: 'backup1',
  tool: 'stillpoint 0.1.0',
  log: ['02:30:00 step preflight', '02:30:01 step gate'],
} as const;

export const sampleRecord = sampleBackup(new Date('2026-11-22T02:30:00Z'));
export const sampleProof = sampleDrill(sampleRecord);

/** Outcomes of each kind, merged over with what a test is about. */
export function goodBackup(over: Partial<Outcome> = {}): Outcome {
  const log = [...base.log];
  return {
    ...base,
    log,
    event: 'backup.succeeded',
    action: 'backup',
    status: 'succeeded',
    exit: 0,
    error: null,
    record: sampleRecord,
    ...over,
  };
}

export function failedBackup(over: Partial<Outcome> = {}): Outcome {
  const error = {
    code: 'refused',
    message: 'the replica of shop lags 95 s',
    hint: 'Try again later, or raise freeze.maxLag.',
  } as const;
  return goodBackup({
    event: 'backup.failed',
    status: 'failed',
    exit: 10,
    error,
    record: null,
    ...over,
  });
}

export function goodDrill(over: Partial<Outcome> = {}): Outcome {
  return goodBackup({ event: 'drill.succeeded', action: 'drill', record: sampleProof, ...over });
}
