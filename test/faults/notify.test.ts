import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { BackupRecord } from '../../src/catalog/records.js';
import type { Outcome } from '../../src/notify/outcome.js';
import { pair } from '../rig/shared.js';
import { onlySmall, setUp, smallShop } from '../support/cli.js';
import { listen, type Heard } from '../support/listener.js';

beforeAll(smallShop);

const pathOf = ({ path }: Heard) => path.replace(/\?.*/, '');

test('endpoints that hang: the backup is good, and nothing was under way in the pause', async () => {
  const hanging = await listen(() => 'hang');
  const notify = {
    heartbeat: `${hanging.url}/beat-secret-0123456789`,
    webhook: `${hanging.url}/hook-secret-0123456789`,
    timeout: '500ms',
  };
  const setup = await setUp({ pair: onlySmall, top: { notify } });
  const ended = await setup.ok('backup', '--json');
  const record = ended.json as BackupRecord;
  expect(record.status).toBe('committed');
  expect(ended.stderr.split('\n').toSorted()).toEqual([
    'warning: could not tell the heartbeat that the run begins: it took longer than 0.5 s',
    'warning: could not tell the heartbeat: it took longer than 0.5 s',
    'warning: could not tell the webhook: it took longer than 0.5 s',
  ]);
  expect(hanging.heard.map(pathOf).toSorted()).toEqual([
    '/beat-secret-0123456789',
    '/beat-secret-0123456789/start',
    '/hook-secret-0123456789',
  ]);
  const [paused, resumed] = [Date.parse(record.pausedAt), Date.parse(record.resumedAt)];
  for (const { at, endedAt } of hanging.heard)
    expect(at > resumed || (endedAt ?? Infinity) < paused, `${at} ${endedAt ?? ''}`).toBe(true);
});

test('a good run and one that is ended by SIGTERM are told, and metrics keep the good one', async () => {
  const heard = await listen();
  const setup = await setUp({ pair: onlySmall });
  const metricsFile = join(setup.folder, 'stillpoint.prom');
  const notify = { heartbeat: `${heard.url}/beat`, webhook: `${heard.url}/hook`, metricsFile };
  const told = await setUp({
    pair: onlySmall,
    storeOptions: { path: setup.storePath },
    top: { notify },
  });
  const good = (await told.ok('backup', '--json')).json;
  const [start, ...ends] = heard.heard.splice(0);
  expect([pathOf(start!), ...ends.map(pathOf).toSorted()]).toEqual([
    '/beat/start',
    '/beat',
    '/hook',
  ]);
  const document = JSON.parse(ends.find(({ body }) => body !== '')!.body) as Outcome;
  expect(document.record).toEqual(good);

  const ended = await told.runUntil('dump', 'SIGTERM', 'backup');
  expect(ended.status).toBe(143);
  expect(await pair.applierRunning()).toBe(true);
  const fail = heard.heard.find((one) => pathOf(one) === '/beat/fail');
  expect(fail?.body).toMatch(/ replication is paused\n(.*\n)*.* replication goes on after /);
  expect(fail?.body).toMatch(/ terminated: ended by SIGTERM\n$/);
  const hook = JSON.parse(heard.heard.find((one) => pathOf(one) === '/hook')!.body) as Outcome;
  expect(hook).toMatchObject({ event: 'backup.failed', exit: 143, error: { code: 'terminated' } });

  const metrics = await readFile(metricsFile, 'utf8');
  expect(metrics).toContain('stillpoint_last_run_exit_status{pair="shop",action="backup"} 143\n');
  const { pausedAt } = good as BackupRecord;
  expect(metrics).toContain(
    `stillpoint_backup_timestamp_seconds{pair="shop"} ${Date.parse(pausedAt) / 1000}\n`,
  );
});

test('a drill tells its proof', async () => {
  const heard = await listen();
  const notify = { heartbeat: { drill: `${heard.url}/drill` }, webhook: heard.url };
  const setup = await setUp({ pair: onlySmall, top: { notify } });
  await setup.ok('backup');
  heard.heard.splice(0);
  const proof = (await setup.ok('drill', '--json')).json;
  expect(heard.heard.map(pathOf).toSorted()).toEqual(['/', '/drill', '/drill/start']);
  const document = JSON.parse(heard.heard.find((one) => one.body !== '')!.body) as Outcome;
  expect(document).toMatchObject({ event: 'drill.succeeded', pair: 'shop' });
  expect(document.record).toEqual(proof);
});
