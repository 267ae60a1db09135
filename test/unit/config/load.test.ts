import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';

let home: string;
let cwd: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'stillpoint-load-'));
  cwd = join(home, 'work');
  await mkdir(cwd);
});

afterEach(() => rm(home, { recursive: true }));

/** Writes a configuration whose only store has the file's own name as its path. */
async function write(file: string, more = ''): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  const stores = `stores: { main: { type: file, path: ${JSON.stringify(file)} } }`;
  const pairs = 'pairs: { shop: { source: { user: u }, replica: { user: u } } }';
  await writeFile(file, `${pairs}\n${stores}\n${more}`);
  return file;
}

async function found(options: { file?: string; env?: NodeJS.ProcessEnv }): Promise<string> {
  const { config, file } = await loadConfig({ cwd, env: {}, ...options });
  expect(config.stores['main']).toMatchObject({ path: file });
  return file;
}

test('the named file wins, then the environment, then ./stillpoint.yaml, then XDG', async () => {
  const xdg = await write(join(home, 'xdg', 'stillpoint', 'config.yaml'));
  const env: NodeJS.ProcessEnv = { XDG_CONFIG_HOME: join(home, 'xdg') };
  expect(await found({ env })).toBe(xdg);

  const here = await write(join(cwd, 'stillpoint.yaml'));
  expect(await found({ env })).toBe(here);

  const other = await write(join(home, 'other.yaml'));
  env['STILLPOINT_CONFIG'] = other;
  expect(await found({ env })).toBe(other);

  const named = await write(join(cwd, 'named.yaml'));
  expect(await found({ env, file: 'named.yaml' })).toBe(named);
});

test('without XDG_CONFIG_HOME it is ~/.config', async () => {
  const file = await write(join(home, '.config', 'stillpoint', 'config.yaml'));
  expect(await found({ env: { HOME: home, STILLPOINT_CONFIG: '' } })).toBe(file);
});

test('a named file that is not there is an error, whatever else there is', async () => {
  await write(join(cwd, 'stillpoint.yaml'));
  await expect(loadConfig({ cwd, env: {}, file: 'gone.yaml' })).rejects.toMatchObject({
    code: 'config',
    message: expect.stringContaining(`cannot read ${join(cwd, 'gone.yaml')}`) as string,
  });
});

test('a file that cannot be read is an error, not a reason to look elsewhere', async () => {
  await mkdir(join(cwd, 'stillpoint.yaml'));
  await write(join(home, '.config', 'stillpoint', 'config.yaml'));
  await expect(loadConfig({ cwd, env: { HOME: home } })).rejects.toThrow('cannot read');
});

test('where nothing is found, it says where it looked', async () => {
  const promise = loadConfig({ cwd, env: { HOME: home } });
  await expect(promise).rejects.toMatchObject({
    code: 'config',
    exitStatus: 2,
    message: `no configuration file: looked for ${cwd}/stillpoint.yaml, ${home}/.config/stillpoint/config.yaml, /etc/stillpoint/config.yaml`,
    hint: expect.stringContaining('$STILLPOINT_CONFIG') as string,
  });
});

test('errors name the file as seen from here', async () => {
  await write(join(cwd, 'stillpoint.yaml'), 'nope: 1\n');
  await expect(loadConfig({ cwd, env: {} })).rejects.toThrow(/^stillpoint\.yaml:3:1: unknown key/);
  const outside = await write(join(home, 'out.yaml'), 'nope: 1\n');
  await expect(loadConfig({ cwd, env: {}, file: '../out.yaml' })).rejects.toThrow(
    `${outside}:3:1: `,
  );
});

test('paths are seen from the file, not from here', async () => {
  const file = await write(join(home, 'etc', 'c.yaml'), 'drill: { identityFile: drill.key }\n');
  const { config } = await loadConfig({ cwd, env: {}, file });
  expect(config.drill.identityFile).toBe(join(home, 'etc', 'drill.key'));
});

test('the state directory: environment, file, default', async () => {
  const file = await write(join(home, 'c.yaml'), 'stateDir: state\n');
  const stateDir = async (name: string, env: NodeJS.ProcessEnv) =>
    (await loadConfig({ cwd, env, file: name })).config.stateDir;
  expect(await stateDir(file, { STILLPOINT_STATE_DIR: '/elsewhere' })).toBe('/elsewhere');
  expect(await stateDir(file, { STILLPOINT_STATE_DIR: '' })).toBe(join(home, 'state'));

  const plain = await write(join(home, 'd.yaml'));
  const root = process.getuid?.() === 0;
  expect(await stateDir(plain, { HOME: home })).toBe(
    root ? '/var/lib/stillpoint' : join(home, '.local', 'state', 'stillpoint'),
  );
});
