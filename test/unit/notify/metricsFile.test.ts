import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeMetrics } from '../../../src/notify/metricsFile.js';
import { writeAtomic } from '../../../src/util/atomicFile.js';
import { failedBackup, goodBackup, goodDrill, sampleRecord } from '../../support/outcomes.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-metrics-'));
  file = join(folder, 'stillpoint.prom');
});
afterEach(async () => await rm(folder, { recursive: true }));

/** The values of the file, by name and labels. */
async function values(): Promise<Record<string, number>> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    samples.map((line): [string, number] => {
      const at = line.lastIndexOf(' ');
      return [line.slice('stillpoint_'.length, at), Number(line.slice(at + 1))];
    }),
  );
}

test('a good backup and a good drill', async () => {
  await writeMetrics(file, goodBackup());
  await writeMetrics(file, goodDrill());
  const text = await readFile(file, 'utf8');
  expect(text).toContain('# TYPE stillpoint_backup_timestamp_seconds gauge\n');
  expect(await values()).toMatchObject({
    'last_run_exit_status{pair="shop",action="backup"}': 0,
    'last_run_duration_seconds{pair="shop",action="backup"}': 121,
    'last_run_timestamp_seconds{pair="shop",action="drill"}':
      Date.parse('2026-11-22T02:32:01Z') / 1000,
    'last_success_timestamp_seconds{pair="shop",action="backup"}':
      Date.parse('2026-11-22T02:32:01Z') / 1000,
    'backup_timestamp_seconds{pair="shop"}': Date.parse(sampleRecord.pausedAt) / 1000,
    'backup_pause_seconds{pair="shop"}': sampleRecord.pauseSeconds,
    'backup_bytes{pair="shop",form="plain"}': sampleRecord.bytes.plain,
    'backup_bytes{pair="shop",form="stored"}': sampleRecord.bytes.stored,
    'backup_lag_seconds{pair="shop"}': sampleRecord.lag![0]!.seconds,
    'proof_data_timestamp_seconds{pair="shop"}': Date.parse(sampleRecord.pausedAt) / 1000,
  });
  // The exporter runs as somebody else; a strict umask would keep it out, as it should.
  const beside = join(folder, 'plain');
  await writeFile(beside, '');
  expect((await stat(file)).mode).toBe((await stat(beside)).mode);
  await rm(beside);
  expect(await readdir(folder)).toEqual(['stillpoint.prom', 'stillpoint.prom.d']);
});

test('a failure keeps what the last good run brought', async () => {
  await writeMetrics(file, goodBackup());
  const before = await values();
  await writeMetrics(file, failedBackup({ finishedAt: '2026-11-23T02:30:05.000Z', seconds: 5 }));
  const changed = {
    'last_run_exit_status{pair="shop",action="backup"}': 10,
    'last_run_duration_seconds{pair="shop",action="backup"}': 5,
    'last_run_timestamp_seconds{pair="shop",action="backup"}':
      Date.parse('2026-11-23T02:30:05Z') / 1000,
  };
  expect(await values()).toEqual({ ...before, ...changed });
});

test('a snapshot counts as a backup, a failed first run as none', async () => {
  await writeMetrics(file, failedBackup());
  expect(Object.keys(await values()).join()).not.toMatch(/backup_timestamp|success/);
  await writeMetrics(file, goodBackup({ action: 'snapshot' }));
  expect(await values()).toHaveProperty(['backup_timestamp_seconds{pair="shop"}']);
});

test('of runs that end together none loses the values of another', async () => {
  const pairs = Array.from({ length: 12 }, (_, i) => `pair${i}`);
  const ending = pairs.flatMap((pair) => [
    goodBackup({ pair }),
    goodDrill({ pair }),
    failedBackup({ pair, action: 'prune' }),
  ]);
  await Promise.all(ending.map(async (outcome) => await writeMetrics(file, outcome)));
  const found = Object.keys(await values());
  for (const pair of pairs) {
    for (const action of ['backup', 'drill', 'prune'])
      expect(found).toContain(`last_run_exit_status{pair="${pair}",action="${action}"}`);
    expect(found).toContain(`backup_timestamp_seconds{pair="${pair}"}`);
    expect(found).toContain(`proof_timestamp_seconds{pair="${pair}"}`);
  }
});

test('a run that ends between the reading and the replacing of another is not lost', async () => {
  let others = 0;
  await writeMetrics(file, goodBackup(), async (...args) => {
    others += 1;
    if (others <= 2) await writeMetrics(file, goodBackup({ pair: `other${others}` }));
    await writeAtomic(...args);
  });
  const found = await values();
  for (const pair of ['shop', 'other1', 'other2'])
    expect(found).toHaveProperty([`backup_timestamp_seconds{pair="${pair}"}`]);
});

test('a folder that is not there is not made', async () => {
  const lost = join(folder, 'typo', 'stillpoint.prom');
  await expect(writeMetrics(lost, goodBackup())).rejects.toThrow('ENOENT');
  expect(await readdir(folder)).toEqual([]);
});

test('a damaged file of another run is passed over', async () => {
  await writeMetrics(file, goodBackup({ pair: 'web' }));
  await writeFile(join(`${file}.d`, 'web.backup.run.json'), '{"pair":');
  await writeMetrics(file, goodBackup());
  const found = await values();
  expect(found).toHaveProperty(['last_run_exit_status{pair="shop",action="backup"}']);
  expect(found).not.toHaveProperty(['last_run_exit_status{pair="web",action="backup"}']);
});
