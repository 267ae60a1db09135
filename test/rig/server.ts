import { execa } from 'execa';
import { appendFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, statfs } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql, { type Connection } from 'mysql2/promise';
import { waitFor } from '../../src/util/wait.js';
import type { Engine, EngineTools } from './tools.js';

/** Where a server is, as data: a test's process is another than the one that runs the servers. */
export interface ServerPlace {
  engine: Engine;
  /** On loopback, unless the server is somewhere else. */
  host: string;
  port: number;
  /** `root` comes in here without a password. */
  socketPath: string;
  dataDir: string;
}

/** A real server, reached as root. */
export interface RigServer extends ServerPlace {
  /** Runs one or several statements; the rows of the last one. */
  query<T = Record<string, unknown>>(sql: string): Promise<T[]>;
  /** A connection that stays open, for locks and transactions. */
  connect(): Promise<Connection>;
  /** Shuts it down; its supervisor starts it again. Waits until it answers. */
  restart(): Promise<void>;
  /** The same by SIGKILL. */
  crash(): Promise<void>;
}

/** A server that this process runs. */
export interface OwnServer extends RigServer {
  stop: () => Promise<void>;
  /** SIGKILL, and nobody starts it again before what this answers is called. */
  down: () => Promise<() => Promise<void>>;
}

export interface ServerOptions {
  id: number;
  /** Added to the server's command line. */
  args?: string[];
  /** Where it runs. Default: here, on loopback. */
  at?: Where;
}

/** Another place than this one, e.g. in a network of its own. */
export interface Where {
  host: string;
  /** The command that runs a command there. */
  enter: (command: readonly string[]) => string[];
}

const here: Where = { host: '127.0.0.1', enter: (command) => [...command] };

/** A server by its place. */
export function serverAt(place: ServerPlace): RigServer {
  const connect = async () =>
    await mysql.createConnection({
      socketPath: place.socketPath,
      user: 'root',
      multipleStatements: true,
      charset: 'utf8mb4',
      dateStrings: true,
      supportBigNumbers: true,
    });
  let open: Promise<Connection> | undefined;
  const connection = async (): Promise<Connection> => {
    open ??= connect().then((made) => {
      const forget = () => (open = undefined);
      made.on('error', forget);
      made.on('end', forget);
      return made;
    });
    return await open.catch((error: unknown) => {
      open = undefined;
      throw error;
    });
  };
  const query = async <T>(sql: string): Promise<T[]> => {
    const [rows] = await (await connection()).query(sql);
    if (!Array.isArray(rows)) return [];
    // Of several statements, each has its rows, or a header where it has none.
    const last: unknown = rows.at(-1);
    if (Array.isArray(last)) return last as T[];
    return last?.constructor.name === 'ResultSetHeader' ? [] : (rows as T[]);
  };
  const pid = async () => Number(await readFile(join(place.dataDir, 'server.pid'), 'utf8'));
  const again = async (end: () => Promise<unknown>): Promise<void> => {
    const before = await pid();
    await end().catch(() => undefined);
    open = undefined;
    const isBack = async () => {
      if ((await pid().catch(() => before)) === before) return null;
      return await query('SELECT 1').catch(() => null);
    };
    if (!(await waitFor(isBack, { within: 60 }))) throw new Error('the server has not come back');
  };
  return {
    ...place,
    query,
    connect,
    restart: async () => await again(async () => await query('SHUTDOWN')),
    crash: async () =>
      await again(async () => Promise.resolve(process.kill(await pid(), 'SIGKILL'))),
  };
}

/** The file that says how a server has ended which was not told to. */
export function deathsOf({ dataDir }: Pick<ServerPlace, 'dataDir'>): string {
  return `${dataDir}.died`;
}

/** Where data directories go: into memory where there is room, since servers wait for the disk. */
export async function roomyFolder(): Promise<string> {
  const memory = await statfs('/dev/shm').catch(() => null);
  const isRoomy = memory !== null && memory.bavail * memory.bsize > 6e9;
  return isRoomy ? '/dev/shm' : tmpdir();
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Ends with this process, whatever ends it. */
export function tied(command: string[]): [string, string[]] {
  return ['setpriv', ['--pdeathsig', 'KILL', ...command]];
}

const commonArgs = [
  '--user=root',
  '--log-bin=binlog',
  '--relay-log=relay',
  '--sync-binlog=0',
  '--innodb-flush-log-at-trx-commit=0',
  '--skip-name-resolve=1',
  '--max-allowed-packet=256M',
  '--innodb-buffer-pool-size=256M',
  '--character-set-server=utf8mb4',
  '--event-scheduler=ON',
];
const argsOf: Record<Engine, string[]> = {
  mariadb: [
    '--gtid-strict-mode=1',
    '--binlog-format=ROW',
    '--log-slave-updates=1',
    '--slave-net-timeout=10',
    '--innodb-log-file-size=256M',
    '--aria-log-file-size=8M',
  ],
  mysql: [
    '--gtid-mode=ON',
    '--enforce-gtid-consistency=ON',
    '--replica-net-timeout=10',
    '--mysqlx=OFF',
    '--innodb-redo-log-capacity=256M',
    '--log-bin-trust-function-creators=1',
  ],
};

/** Starts servers of one engine below `folder`; each starts again when it ends, until it is stopped. */
export function startServers(engine: Engine, tools: EngineTools, folder: string) {
  let pristine: Promise<string> | undefined;

  async function dataDirectory(): Promise<string> {
    pristine ??= initialize(tools, join(folder, `empty-${engine}`));
    const empty = await pristine;
    const dataDir = await mkdtemp(join(folder, `${engine}-`));
    await cp(empty, dataDir, { recursive: true });
    await rm(join(dataDir, 'auto.cnf'), { force: true });
    return dataDir;
  }

  return async function startServer({
    id,
    args = [],
    at = here,
  }: ServerOptions): Promise<OwnServer> {
    const dataDir = await dataDirectory();
    const tmpDir = `${dataDir}.tmp`;
    await mkdir(tmpDir);
    const place: ServerPlace = {
      engine,
      host: at.host,
      port: await freePort(),
      socketPath: join(dataDir, 's.sock'),
      dataDir,
    };
    const command = [
      tools.server,
      ...(engine === 'mariadb' ? ['--no-defaults'] : []),
      `--datadir=${dataDir}`,
      // Not shared: a server that starts removes every temporary table that it finds there.
      `--tmpdir=${tmpDir}`,
      `--socket=${place.socketPath}`,
      `--bind-address=${place.host}`,
      `--port=${place.port}`,
      `--server-id=${id}`,
      `--pid-file=${join(dataDir, 'server.pid')}`,
      `--log-error=${join(dataDir, 'error.log')}`,
      ...commonArgs,
      ...argsOf[engine],
      ...args,
    ];
    let stopped = false;
    let isDown = false;
    let running: { kill(signal: 'SIGKILL'): boolean } & PromiseLike<{
      shortMessage?: string | undefined;
      failed: boolean;
    }>;
    const run = (): void => {
      running = execa(...tied(at.enter(command)), { reject: false, stdin: 'ignore', cwd: dataDir });
      running.then(
        ({ failed, shortMessage = '' }) => {
          if (stopped || isDown) return;
          if (failed) appendFileSync(deathsOf(place), `${shortMessage}\n`);
          run();
        },
        () => undefined,
      );
    };
    run();
    const server = serverAt(place);
    const answers = async () => await server.query('SELECT 1').catch(() => null);
    const untilAnswers = async (): Promise<void> => {
      if (await waitFor(answers, { within: 60 })) return;
      stopped = true;
      throw new Error(`no ${engine}: ${await readFile(join(dataDir, 'error.log'), 'utf8')}`);
    };
    await untilAnswers();
    return {
      ...server,
      async down() {
        isDown = true;
        running.kill('SIGKILL');
        await running;
        return async () => {
          isDown = false;
          run();
          await untilAnswers();
        };
      },
      async stop() {
        stopped = true;
        running.kill('SIGKILL');
        await running;
        for (const path of [dataDir, tmpDir, deathsOf(place)])
          await rm(path, { recursive: true, force: true });
      },
    };
  };
}

async function initialize(tools: EngineTools, dataDir: string): Promise<string> {
  const tmpDir = `${dataDir}.tmp`;
  await mkdir(tmpDir);
  const common = ['--user=root', `--datadir=${dataDir}`, `--tmpdir=${tmpDir}`];
  if (tools.initialize === null) {
    await execa(tools.server, ['--initialize-insecure', ...common]);
  } else {
    await execa(tools.initialize, [
      '--no-defaults',
      ...common,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ]);
  }
  await rm(tmpDir, { recursive: true });
  return dataDir;
}
