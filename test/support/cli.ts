import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/schema.js';
import { backupPassword, roomyFolder } from '../rig/index.js';
import { engine, pair, s3, target, tools } from '../rig/shared.js';

export const root = new URL('../../', import.meta.url).pathname;

/** How a command ended. `json` is stdout parsed, when it was asked for. */
export interface Ran {
  status: number;
  stdout: string;
  stderr: string;
  json: unknown;
}

/** A configuration on disk with a store and a state directory of its own. */
export interface Setup {
  file: string;
  folder: string;
  /** Folder of the file store. */
  storePath: string;
  config: Config;
  /** Runs the command line as a user would. */
  run(...args: string[]): Promise<Ran>;
  /** The same; fails the test with what it said when it does not end with 0. */
  ok(...args: string[]): Promise<Ran>;
  /** The same, but sends itself `signal` when it comes to `step`. */
  runUntil(step: string, signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT', ...args: string[]): Promise<Ran>;
}

export interface SetupOptions {
  /** Merged over the pair's configuration. */
  pair?: Record<string, unknown>;
  /** `s3`: the rig's service, or this endpoint in front of it. Default: a folder. */
  store?: 's3' | { endpoint: string };
  /** Merged over the store's configuration. */
  storeOptions?: Record<string, unknown>;
  /** More pairs, by the ports of their servers; else like the first. */
  others?: Record<string, { source: number; replica: number }>;
  /** Settings of the drill. */
  drill?: Record<string, unknown>;
  /** The command that runs a command where the coordinator is. Default: here. */
  through?: (command: readonly string[]) => readonly string[];
  /** Merged over the whole. */
  top?: Record<string, unknown>;
}

/** Writes a configuration for the shared pair; it is removed when the test has ended. */
export async function setUp(options: SetupOptions = {}): Promise<Setup> {
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-test-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  const storePath = join(folder, 'store');
  const server = (port: number) => ({
    host: '127.0.0.1',
    port,
    user: 'stillpoint',
    passwordFile: join(folder, 'password'),
  });
  const s3Store = {
    type: 's3',
    bucket: s3.bucket,
    prefix: folder.slice(-6),
    region: s3.region,
    endpoint: typeof options.store === 'object' ? options.store.endpoint : s3.endpoint,
    forcePathStyle: true,
  };
  const pairAt = ({ source, replica }: { source: number; replica: number }) => ({
    source: server(source),
    replica: server(replica),
    tools: { mysqldump: tools.mysqldump, mysql: tools.mysql, mysqld: tools.server },
    ...options.pair,
  });
  const ports = {
    shop: { source: pair.source.port, replica: pair.replica.port },
    ...options.others,
  };
  const document = {
    pairs: Object.fromEntries(Object.entries(ports).map(([name, at]) => [name, pairAt(at)])),
    stores: {
      main: {
        ...(options.store === undefined ? { type: 'file', path: storePath } : s3Store),
        ...options.storeOptions,
      },
    },
    targets: {
      third: { socketPath: target.socketPath, user: 'root', tools: { mysql: tools.mysql } },
    },
    drill: { directory: await roomyFolder(), ...options.drill },
    stateDir: join(folder, 'state'),
    ...options.top,
  };
  const file = join(folder, 'stillpoint.yaml');
  await writeFile(join(folder, 'password'), `${backupPassword}\n`, { mode: 0o600 });
  await writeFile(file, stringify(document));
  const { config } = await loadConfig({ file, env: {} });

  const run = async (script: string[], args: string[]): Promise<Ran> => {
    const { through = (command: string[]) => command } = options;
    const [program, ...rest] = through([process.execPath, ...script, '-c', file, ...args]);
    const ended = await execa(program!, rest, {
      reject: false,
      stdin: 'ignore',
      env: s3Environment(),
    });
    expect(ended.stderr).not.toContain('left open: a fault of stillpoint');
    const json: unknown =
      args.includes('--json') && ended.stdout !== '' ? JSON.parse(ended.stdout) : null;
    const bySignal = ended.signal === 'SIGKILL' ? 137 : -1;
    return { status: ended.exitCode ?? bySignal, stdout: ended.stdout, stderr: ended.stderr, json };
  };
  const setup: Setup = {
    file,
    folder,
    storePath,
    config,
    async ok(...args) {
      const ended = await setup.run(...args);
      expect(ended.status, ended.stderr).toBe(0);
      return ended;
    },
    run: async (...args) => await run([join(root, 'bin/stillpoint.js')], args),
    runUntil: async (step, signal, ...args) =>
      await run([join(root, 'test/support/signalAt.js'), step, signal], args),
  };
  return setup;
}

/** What the S3 client of a run under test signs with. */
export function s3Environment(): Record<string, string> {
  return { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey };
}

/** Makes one small database on the source, and waits until the replica has it. */
export async function smallShop(): Promise<void> {
  await pair.source.query(`
    DROP DATABASE IF EXISTS small;
    CREATE DATABASE small;
    CREATE TABLE small.item (id INT PRIMARY KEY, name VARCHAR(50));
    CREATE TABLE small.empty_one (id INT PRIMARY KEY);
    INSERT INTO small.item VALUES (1, 'one'), (2, 'two'), (3, 'three');
    CREATE VIEW small.names AS SELECT name FROM small.item;
    CREATE PROCEDURE small.hello() SELECT 'hello';
    CREATE TRIGGER small.upper_name BEFORE INSERT ON small.item FOR EACH ROW SET NEW.name = UPPER(NEW.name);
  `);
  await pair.waitForCatchUp();
}

/** Only the small database, so that a run is short. */
export const onlySmall = { databases: { include: ['small'] } };

/** `START REPLICA SQL_THREAD` in the engine's words; both take it. */
export const startSql = 'START REPLICA SQL_THREAD';
export const stopSql = 'STOP REPLICA SQL_THREAD';

export { engine };
