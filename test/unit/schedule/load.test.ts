import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, test } from 'vitest';
import { StillpointError } from '../../../src/errors.js';
import { configSchema } from '../../../src/config/schema.js';
import { loadSchedules, scheduleOf, timedSchedules } from '../../../src/schedule/load.js';
import { argvOf, pairsOf } from '../../../src/schedule/schedule.js';
import { scheduleJsonSchema } from '../../../src/schedule/schema.js';
import { ownFolder } from '../util/folder.js';

const { pairs } = configSchema.parse({
  pairs: Object.fromEntries(
    ['shop', 'books'].map((name) => [name, { source: { user: 'u' }, replica: { user: 'u' } }]),
  ),
  stores: { main: { type: 'file', path: '/b' } },
});

/** Loads the shipped schedules and these. */
async function load(own: Record<string, string> = {}) {
  const schedulesDir = await ownFolder();
  for (const [name, text] of Object.entries(own)) await writeFile(join(schedulesDir, name), text);
  return await loadSchedules({ pairs, schedulesDir });
}

async function wrong(own: Record<string, string>): Promise<string> {
  const error: unknown = await load(own).catch((thrown: unknown) => thrown);
  if (!(error instanceof StillpointError)) throw error;
  expect(error.code).toBe('config');
  return error.message.replaceAll(/\/\S*\//g, '');
}

const argvs = async (name: string, text: string) =>
  argvOf(scheduleOf(await load({ [`${name}.yaml`]: text }), name), 'shop').join(' ');

describe('the shipped schedules', () => {
  test.each([
    ['nightly', 'backup shop --label nightly'],
    ['pre-migration', 'snapshot pre-migration --pair shop --keep 14d --wait 10m'],
    ['weekly-drill', 'drill latest --pair shop'],
    ['daily-prune', 'prune shop --yes'],
  ])('%s is: %s', async (name, line) => {
    const found = scheduleOf(await load(), name);
    expect(argvOf(found, 'shop').join(' ')).toBe(line);
    expect(found.shipped).toBe(true);
    expect(pairsOf(found, ['shop', 'books'])).toEqual(['shop', 'books']);
  });

  test('the user wins with a file of the same name', async () => {
    const all = await load({ 'nightly.yaml': 'action: backup\npair: shop\nenabled: false\n' });
    const nightly = scheduleOf(all, 'nightly');
    expect(nightly).toMatchObject({ pair: 'shop', shipped: false });
    expect(pairsOf(nightly, ['shop', 'books'])).toEqual(['shop']);
    expect(timedSchedules(all, []).map(({ name }) => name)).toEqual([
      'daily-prune',
      'weekly-drill',
    ]);
  });

  test('one that is run by hand has no time', async () => {
    const all = await load();
    expect(() => timedSchedules(all, ['pre-migration'])).toThrow('has no cron');
    expect(() => scheduleOf(all, 'nightli')).toThrow('did you mean "nightly"');
  });
});

describe('the command line of a schedule', () => {
  test.each([
    ['{ action: backup }', 'backup shop --label mine'],
    ['{ action: backup, options: { label: x } }', 'backup shop --label x'],
    ['{ action: snapshot }', 'snapshot mine --pair shop'],
    [
      '{ action: drill, options: { backup: nightly, catchUp: true, target: t, parallel: 2, report: "/r/{pair}.html" } }',
      'drill nightly --pair shop --catch-up --to t --parallel 2 --report /r/shop.html',
    ],
    ['{ action: drill, options: { catchUp: false } }', 'drill latest --pair shop --no-catch-up'],
    ['{ action: report, options: { output: /r/h.html } }', 'report shop --output /r/h.html'],
  ])('%s', async (text, line) => {
    expect(await argvs('mine', text)).toBe(line);
  });

  test('a path is seen from the file of the schedule', async () => {
    const line = await argvs('mine', '{ action: report, options: { output: h.html } }');
    expect(line).toMatch(/^report shop --output \/.*\/h\.html$/);
  });
});

describe('a mistake is told with file, line, column and the nearest key', () => {
  test.each([
    [
      'action: bakup',
      'x.yaml:1:9: action: expected backup, snapshot, drill, prune or report, got "bakup" (did you mean "backup"?)',
    ],
    ['action: backup\ncrn: 1', 'x.yaml:2:1: unknown key "crn" (did you mean "cron"?)'],
    ['action: backup\ncron: "1 2 3"', 'x.yaml:2:7: cron: expected five fields'],
    ['action: backup\nzone: Europe/Berln', 'x.yaml:2:7: zone: expected a time zone'],
    [
      'action: backup\npair: shp',
      'x.yaml:2:7: pair: no pair "shp" in the configuration (did you mean "shop"?)',
    ],
    [
      'action: backup\noptions: { labl: x }',
      'x.yaml:2:12: unknown key "labl" in options (did you mean "label"?)',
    ],
    [
      'action: snapshot\noptions: { keep: 14 days }',
      'x.yaml:2:18: options.keep: expected a duration',
    ],
    ['action: report', 'missing key "options"'],
    ['cron: "0 0 * * *"', 'missing key "action"'],
  ])('%s', async (text, message) => {
    expect(await wrong({ 'x.yaml': text })).toContain(message);
  });

  test.each(['Nightly.yaml', '-x.yaml', 'x.yml', 'a.b.yaml', `${'x'.repeat(32)}.yaml`])(
    'a file called %s',
    async (name) => {
      expect(await wrong({ [name]: 'action: backup' })).toContain('this is no name of a schedule');
    },
  );
});

// After a change of the schema: UPDATE_GOLDEN=1 npx vitest run test/unit/schedule/load.test.ts
test('docs/schedule.schema.json is the schema', async () => {
  const file = fileURLToPath(new URL('../../../docs/schedule.schema.json', import.meta.url));
  const text = JSON.stringify(scheduleJsonSchema());
  const now = await format(text, { ...(await resolveConfig(file)), filepath: file });
  if (process.env['UPDATE_GOLDEN'] !== undefined) await writeFile(file, now);
  expect(await readFile(file, 'utf8')).toBe(now);
});
