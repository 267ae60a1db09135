import { beforeAll, expect, test } from 'vitest';
import type { DrillRecord } from '../../src/catalog/drillRecord.js';
import { loadHostile } from '../rig/hostile/index.js';
import { pair } from '../rig/shared.js';
import { setUp } from '../support/cli.js';

beforeAll(async () => {
  await loadHostile(pair.source);
  await pair.waitForCatchUp();
});

test('the hostile database passes every check', async () => {
  const setup = await setUp();
  await setup.ok('backup');
  const ended = await setup.run('drill', '--json');
  console.log(ended.stderr, ended.stdout);
  const record = ended.json as DrillRecord;
  expect(record.checks.filter(({ status }) => status !== 'passed')).toEqual([]);
  expect(ended.status).toBe(0);
});
