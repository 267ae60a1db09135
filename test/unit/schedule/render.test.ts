import { execaSync } from 'execa';
import fc from 'fast-check';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { parseConfig } from '../../../src/config/parse.js';
import { loadSchedules, timedSchedules } from '../../../src/schedule/load.js';
import { begin, crontabBlock, end, withBlock } from '../../../src/schedule/render/crontab.js';
import { unitsChange, unitsRemoval } from '../../../src/schedule/render/install.js';
import { kubernetesManifests } from '../../../src/schedule/render/kubernetes.js';
import type { Place } from '../../../src/schedule/render/place.js';
import { systemdUnits } from '../../../src/schedule/render/systemd.js';
import { mayRun } from '../../support/programs.js';
import { watchReads } from '../../support/watchReads.js';
import { ownFolder } from '../util/folder.js';

// After a change of what is rendered: UPDATE_GOLDEN=1 npx vitest run test/unit/schedule/render.test.ts
const golden = fileURLToPath(new URL('../../golden/schedule/', import.meta.url));
const cluster = { image: 'registry.example.com/stillpoint:0.1.0', namespace: 'backups' };
const configText = `
pairs:
  shop:
    source: { host: db1, user: stillpoint, passwordFile: pw }
    replica: { host: db2, port: 3307, user: stillpoint, passwordFile: pw }
    store: main
  Order_Books:
    source: { host: db3, user: stillpoint, passwordFile: books-pw }
    replica: { host: db4, user: stillpoint, passwordFile: books-pw }
    store: far
stores:
  main: { type: file, path: /srv/backups }
  far: { type: s3, bucket: b, endpoint: 'https://s3.example.com:9000' }
drill: { identityFile: drill.key, directory: /srv/sandbox }
stateDir: /var/lib/stillpoint
`;
const own = {
  'berlin.yaml':
    'cron: 30 2 * * *\nzone: Europe/Berlin\naction: backup\npair: shop\ndescription: 100% in Berlin\n',
  'either-day.yaml':
    'cron: 0 4 1,15 * 7\naction: report\noptions: { output: "/srv/www/{pair}.html" }\n',
};

async function place(): Promise<Place> {
  const schedulesDir = await ownFolder();
  for (const [name, text] of Object.entries(own)) await writeFile(join(schedulesDir, name), text);
  const parsed = parseConfig(configText, { shown: 'c', directory: '/etc/stillpoint' });
  const config = { ...parsed, stateDir: '/var/lib/stillpoint', schedulesDir };
  return {
    config,
    configFile: '/etc/stillpoint/config.yaml',
    program: ['/usr/bin/node', '/usr/lib/node_modules/stillpoint/bin/stillpoint.js'],
    schedules: timedSchedules(await loadSchedules(config), []),
    now: new Date('2026-11-24T12:00:00Z'),
  };
}

async function same(name: string, text: string): Promise<void> {
  if (process.env['UPDATE_GOLDEN'] !== undefined) {
    await mkdir(golden, { recursive: true });
    await writeFile(join(golden, name), text);
  }
  expect(text).toBe(await readFile(join(golden, name), 'utf8'));
}

describe('as it was looked at', () => {
  test('a crontab where cron runs in UTC', async () => {
    await same('crontab.utc', crontabBlock(await place(), 'Etc/UTC'));
  });
  test('a crontab where cron runs in the zone of a schedule', async () => {
    await same('crontab.berlin', crontabBlock(await place(), 'Europe/Berlin'));
  });
  test('the units of systemd', async () => {
    for (const { name, text } of systemdUnits(await place(), 'stillpoint')) await same(name, text);
  });
  test('the manifests of Kubernetes', async () => {
    await same('kubernetes.yaml', kubernetesManifests(await place(), cluster));
  });
});

test.runIf(mayRun('systemd-analyze'))('systemd finds nothing wrong in the units', async () => {
  const folder = await ownFolder();
  const units = systemdUnits({ ...(await place()), program: [process.execPath] }, 'root');
  for (const { name, text } of units) await writeFile(join(folder, name), text);
  const files = units.map(({ name }) => join(folder, name));
  const { stderr, stdout } = execaSync('systemd-analyze', ['verify', '--man=no', ...files], {
    reject: false,
  });
  const ours = `${stdout}\n${stderr}`.split('\n').filter((line) => line.includes('stillpoint-'));
  expect(ours).toEqual([]);
});

/** Holds a manifest against Kubernetes' own schema, of which every key must be known. */
function checkManifest(manifest: { kind: string }): void {
  const modules: Record<string, string> = {
    CronJob: 'batch/v1/CronJob',
    PersistentVolumeClaim: 'v1/PersistentVolumeClaim',
    NetworkPolicy: 'networking.k8s.io/v1/NetworkPolicy',
  };
  const loaded = createRequire(import.meta.url)(
    `kubernetes-models/${modules[manifest.kind]!}`,
  ) as Record<string, { prototype: { validate(): void } }>;
  const { watched, unread } = watchReads(manifest);
  loaded[manifest.kind]!.prototype.validate.call(watched);
  if (unread().length > 0) throw new Error(`there is no ${unread().join(', ')}`);
}

describe('Kubernetes, by its own schemas,', () => {
  interface Manifest {
    kind: string;
    metadata: { name: string };
  }
  const manifests = async () =>
    parseAllDocuments(kubernetesManifests(await place(), cluster)).map(
      (document) => document.toJS() as Manifest,
    );

  test('knows every key of every manifest', async () => {
    const kinds: string[] = [];
    for (const manifest of await manifests()) {
      const { name } = manifest.metadata;
      expect(() => checkManifest(manifest), name).not.toThrow();
      expect(name).toMatch(/^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$/);
      kinds.push(`${manifest.kind} ${name}`);
    }
    expect(new Set(kinds).size).toBe(kinds.length);
    // A job for each pair and schedule (the one of Berlin is of one pair), and one that resumes.
    expect(kinds.filter((kind) => kind.startsWith('CronJob'))).toHaveLength(9 + 2);
  });

  test.each([
    ['metadata:', 'metadat:', '/metadat'],
    ['concurrencyPolicy:', 'concurencyPolicy:', '/spec/concurencyPolicy'],
    [
      'readOnly:',
      'readonly:',
      '/spec/jobTemplate/spec/template/spec/containers/0/volumeMounts/0/readonly',
    ],
  ])('would refuse %s as %s', async (right, wrong, told) => {
    const manifest = (await manifests()).find(({ kind }) => kind === 'CronJob');
    const text = stringify(manifest).replace(right, wrong);
    expect(() => checkManifest(parse(text) as Manifest)).toThrow(told);
  });
});

describe("someone else's crontab stays byte for byte", () => {
  const block = `${begin}\n0 0 * * * ours\n${end}\n`;
  const others = fc
    .array(fc.oneof(fc.string(), fc.constantFrom('# a', '*/5 * * * * x', '', 'MAILTO=a', '\t')))
    .map((lines) => lines.join('\n'))
    .filter((text) => !text.includes('stillpoint'));

  test('put in, put in again, changed and taken out', () => {
    fc.assert(
      fc.property(others, others, (before, after) => {
        const whole = before === '' || before.endsWith('\n') ? before : `${before}\n`;
        const once = withBlock(before, block);
        expect(once).toBe(whole + block);
        expect(withBlock(once, block)).toBe(once);
        expect(withBlock(once, null)).toBe(whole);
        // Others write below ours, too.
        const between = once + after;
        const changed = withBlock(between, block.replace('ours', 'new'));
        expect(changed).toBe(whole + block.replace('ours', 'new') + after);
        expect(withBlock(changed, null)).toBe(whole + after);
      }),
    );
  });

  test('without ours there is nothing to take out', () => {
    expect(withBlock('a\n', null)).toBe('a\n');
  });
});

describe('units', () => {
  test('one that is not ours is not touched, and ours are known again', async () => {
    const folder = await ownFolder();
    const units = systemdUnits(await place(), 'stillpoint');
    for (const { name, text } of units) await writeFile(join(folder, name), text);
    await writeFile(join(folder, 'stillpoint-mine.service'), '[Unit]\n');
    await writeFile(join(folder, 'other.timer'), units[0]!.text);
    expect((await unitsChange(units, folder)).lines).toEqual([]);
    const removal = await unitsRemoval([], folder);
    expect(removal.lines).toHaveLength(units.length);
    expect(removal.lines.join()).not.toContain('mine');
    expect((await unitsRemoval(['nightly'], folder)).lines).toHaveLength(2);
    await writeFile(join(folder, units[0]!.name), '[Unit]\n');
    await expect(unitsChange(units, folder)).rejects.toThrow('is not ours');
  });
});
