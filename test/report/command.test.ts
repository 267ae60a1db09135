import { execa } from 'execa';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { commit } from '../../src/catalog/catalog.js';
import { putDrill } from '../../src/catalog/drills.js';
import { openFileStore } from '../../src/store/file.js';
import { drillKey } from '../../src/store/keys.js';
import { sampleHistory } from '../support/history.js';
import { ownFolder } from '../unit/util/folder.js';

// The built program, on a store; its servers are not there, and are not asked.
const program = fileURLToPath(new URL('../../bin/stillpoint.js', import.meta.url));
const { backups, drills } = sampleHistory({ days: 20 });
const newest = drills.at(-1)!;

let folder: string;
beforeEach(async () => {
  folder = await ownFolder();
  const store = openFileStore({ path: join(folder, 'store') });
  for (const backup of backups) await commit(store, backup);
  for (const drill of drills) await putDrill(store, drill);
  const server = { host: 'nowhere.invalid', user: 'u', password: 'main' };
  const config = {
    pairs: { shop: { source: server, replica: server } },
    stores: { main: { type: 'file', path: join(folder, 'store') } },
  };
  await writeFile(join(folder, 'stillpoint.yaml'), stringify(config));
});

const report = async (...args: string[]) =>
  await execa(process.execPath, [program, 'report', ...args], {
    cwd: folder,
    reject: false,
    stdin: 'ignore',
  });

describe('stillpoint report', () => {
  test('writes the history into the current folder, and says where', async () => {
    const { stdout, exitCode, stderr } = await report();
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toBe(join(folder, 'stillpoint-shop.html'));
    const html = await readFile(stdout, 'utf8');
    expect(html).toContain('Which backups are proven');
    expect(html).toContain(newest.id);
    expect(html).toContain('var uPlot');
    // Not only for us, as what holds a secret is, but as any file.
    const any = await stat(join(folder, 'stillpoint.yaml'));
    expect((await stat(stdout)).mode).toBe(any.mode);
  });

  test('writes the page of a drill', async () => {
    const { stdout } = await report('shop', '--drill', 'latest');
    expect(stdout).toBe(join(folder, `stillpoint-shop-${newest.id}.html`));
    expect(await readFile(stdout, 'utf8')).toContain('Restore drill');
    const chosen = await report('--drill', drills[0]!.id, '-o', 'sub/page.html', '--json');
    expect(JSON.parse(chosen.stdout)).toEqual({
      pair: 'shop',
      drill: drills[0]!.id,
      file: join(folder, 'sub/page.html'),
      backups: backups.length,
      drills: drills.length,
    });
  });

  test('writes the page to stdout as it is, whatever a password is', async () => {
    const { stdout } = await report('-q', '-o', '-');
    expect(stdout.startsWith('<!doctype html>')).toBe(true);
    expect(stdout.endsWith('</html>')).toBe(true);
    expect(stdout).toContain('<main>');
  });

  test('leaves out a record that cannot be read, and says so', async () => {
    const store = openFileStore({ path: join(folder, 'store') });
    await store.put(drillKey('shop', newest.id), Buffer.from('nothing'));
    const { exitCode, stderr } = await report();
    expect(exitCode).toBe(0);
    expect(stderr).toContain(
      `warning: the drill record shop/drills/${newest.id}.json cannot be read`,
    );
  });

  test.each([
    [['--drill', 'nope'], 12, 'no drill "nope" of pair shop'],
    [['other'], 2, 'no pair "other"'],
    [['-o', '-', '--json'], 2, 'both want stdout'],
  ])('refuses %j', async (args, status, message) => {
    const { exitCode, stderr } = await report(...args);
    expect(exitCode).toBe(status);
    expect(stderr).toContain(message.replaceAll('"', args.includes('--json') ? '\\"' : '"'));
  });
});
