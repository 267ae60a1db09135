import type { DrillRecord } from '../../src/catalog/drillRecord.js';

/** The record of a drill that passed, with these fields. */
export function exampleDrill(fields: Partial<DrillRecord> = {}): DrillRecord {
  return {
    format: 1,
    id: '20260101T000000Z-drill-000001',
    pair: 'shop',
    backup: '20260101T000000Z-nightly-000000',
    backupAt: '2026-01-01T00:00:00.000Z',
    status: 'passed',
    reason: null,
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:01:00.000Z',
    checks: [],
    seconds: { download: 1, restore: 1, checks: 1, catchUp: null, total: 4 },
    bytes: { plain: 1000, stored: 100 },
    phases: [],
    parts: [],
    tables: [],
    catchUp: null,
    into: 'sandbox',
    version: '10.11.19-MariaDB',
    host: 'backup1',
    tool: 'stillpoint 0.1.0',
    ...fields,
  };
}
