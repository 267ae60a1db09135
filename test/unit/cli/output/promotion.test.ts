import { expect, test } from 'vitest';
import { promotionSchema } from '../../../../src/catalog/promotions.js';
import { promotedText } from '../../../../src/cli/output/promotion.js';

const at = (port: number) => ({ host: 'db', port, uuid: null });
const record = {
  ...{ format: 1, id: 'id', pair: 'shop', kind: 'failover', status: 'promoted' },
  ...{ oldSource: at(1), newSource: at(2), startedAt: '2026-11-28T12:00:00.000Z' },
  ...{ finishedAt: '2026-11-28T12:00:01.000Z', writesPausedSeconds: null, opensAt: null },
  received: {
    ...{ gtid: '0-1-2', position: { file: 'binlog.000001', position: 4 } },
    ...{ partialBytes: 0, lastContact: null },
  },
  ...{ events: ['shop.tick'], warnings: [], by: 'me@here', tool: 'stillpoint' },
};

function said(more: Record<string, unknown>): string {
  const promotion = promotionSchema.parse({ ...record, ...more });
  const names = { pair: 'shop', oldSource: 'db:1', newSource: 'db:2' };
  return promotedText(
    { ...names, status: 'promoted', otherReplicas: [], others: [], promotion },
    'mine.yaml',
  );
}

test('a failover says what it did to the scheduler of events', () => {
  const text = said({ eventScheduler: true, engine: 'mariadb' });
  expect(text).toContain('see whether the old source ran events');
  expect(text).toContain('option file: event_scheduler = ON');
  expect(text).not.toContain('super_read_only');
});

test('the lines name the file, the replica, and only what the server knows', () => {
  const text = said({ kind: 'switchover', replica: 'east', engine: 'mysql' });
  expect(text).toMatch(/mine\.yaml +swap source and replica east of shop/);
  expect(text).toMatch(/db:1 +option file: super_read_only = ON$/m);
  expect(text).not.toContain('event_scheduler');
});
