import { mkdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResolvedServer } from '../config/secret.js';
import type { Tool } from '../dump/tools.js';
import { reasonOf, StillpointError } from '../errors.js';
import { openServer, type Server } from '../pair/server.js';
import { start, type Child, type Command } from '../util/command.js';
import { waitFor } from '../util/wait.js';
import { outOfRoom } from './room.js';
import { installScript } from './serverProgram.js';
import { foreverArgs, placesIn, serverArgs, type ServerNeeds } from './serverArgs.js';

/** A throwaway server with nothing in it. */
export interface Sandbox {
  server: Server;
  /** Fires when the server ends while it is still needed. */
  died: AbortSignal;
}

/** Seconds until a server must answer. */
const patience = 120;
/** How long a server that answers no more may take to end. */
const dyingMs = 10_000;
/** What the kernel takes for the path of a Unix socket. */
const longestSocketPath = 107;

/**
 * Starts a server with an empty data directory in the folder, for `body`; it is killed afterwards, as
 * nothing of it is kept. Throws `failed` with the last error of its log when it does not start.
 */
export async function withSandbox<T>(
  program: Tool,
  needs: ServerNeeds,
  signal: AbortSignal,
  body: (sandbox: Sandbox) => Promise<T>,
): Promise<T> {
  const places = placesIn(needs.folder);
  if (Buffer.byteLength(places.socket) > longestSocketPath) throw tooDeep(places.socket);
  await mkdir(places.temporary, { recursive: true });
  const bare = await initialize(program, needs, signal);
  const running = start({ file: program.path, args: [...bare, ...serverArgs(needs)] });
  running.stdout.resume();
  const died = new AbortController();
  let wanted = true;
  const gone = running.ended
    .catch(() => undefined)
    .then(async () => {
      if (!wanted) return;
      const full = await outOfRoom(needs.folder).catch(() => null);
      died.abort(full ?? endedEarly(await lastError(places.log)));
    });
  const settings: ResolvedServer = {
    host: 'localhost',
    port: 0,
    socketPath: places.socket,
    user: 'root',
    connectTimeout: 10,
  };
  try {
    const server = await reach(settings, AbortSignal.any([signal, died.signal]));
    try {
      if (program.version.flavour === 'mysql') await withoutRedo(server);
      return await body({ server, died: died.signal });
    } catch (error) {
      // Its exit may be a moment behind the broken connections.
      const answers = await server.query('SELECT 1').catch(() => null);
      if (answers === null) await Promise.race([gone, sleep(dyingMs)]);
      throw error;
    } finally {
      server.close();
    }
  } catch (error) {
    // What broke because the server is gone is told as that.
    died.signal.throwIfAborted();
    throw error;
  } finally {
    wanted = false;
    running.kill();
    await gone;
  }
}

/**
 * Makes the data directory. Returns what has to come first on the command line: `--no-defaults`, so
 * that the option files of this host's own server stay out, unless `program` is a wrapper that says it
 * itself.
 */
async function initialize(
  program: Tool,
  needs: ServerNeeds,
  signal: AbortSignal,
): Promise<string[]> {
  const { data, temporary } = placesIn(needs.folder);
  // Not shared: a server that starts removes every temporary table that it finds in its own.
  const common = [...foreverArgs(needs), `--datadir=${data}`, `--tmpdir=${temporary}`];
  if (program.version.flavour === 'mariadb') {
    const args = ['--no-defaults', ...common, '--auth-root-authentication-method=normal'];
    await run({ file: installScript(program.path), args: [...args, '--skip-test-db'] }, signal);
    return ['--no-defaults'];
  }
  // Told at once here, but by --initialize only once all is made. 5.7 has no such option, and no wrapper.
  const probe = start({
    file: program.path,
    args: ['--no-defaults', '--validate-config', ...common],
  });
  probe.stdout.resume();
  const { stderr } = await probe.ended;
  const bare = stderr.includes("unknown option '--no-defaults'") ? [] : ['--no-defaults'];
  await run({ file: program.path, args: [...bare, ...common, '--initialize-insecure'] }, signal);
  return bare;
}

async function run(command: Command, signal: AbortSignal): Promise<true> {
  signal.throwIfAborted();
  const child: Child = start(command);
  child.stdout.resume();
  const kill = () => child.kill();
  signal.addEventListener('abort', kill, { once: true });
  try {
    const { status, stderr } = await child.ended;
    signal.throwIfAborted();
    if (status === 0) return true;
    throw new StillpointError(
      'failed',
      `${child.name} cannot make a data directory: ${firstError(stderr)}`,
      {
        hint: 'Is drill.directory writable, with room? tools.mysqld names another server program.',
      },
    );
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

async function reach(settings: ResolvedServer, signal: AbortSignal): Promise<Server> {
  let reason = '';
  const server = await waitFor(
    async () =>
      await openServer(settings, 'sandbox').catch((error: unknown) => {
        reason = reasonOf(error);
        return null;
      }),
    { within: patience, every: 50, signal },
  );
  if (server) return server;
  throw new StillpointError('failed', `the sandbox does not answer: ${reason}`);
}

/** MySQL 8.0.21 and newer can load without a redo log; an older one refuses the statement. */
async function withoutRedo(server: Server): Promise<void> {
  await server.query('ALTER INSTANCE DISABLE INNODB REDO_LOG').catch(() => undefined);
}

/** The last error of a server's log. */
async function lastError(log: string): Promise<string> {
  const lines = errorsIn(await readFile(log, 'utf8').catch(() => ''));
  return lines.at(-1) ?? 'its log holds no error';
}

function firstError(stderr: string): string {
  return errorsIn(stderr)[0] ?? stderr.split('\n').at(-1) ?? '';
}

function errorsIn(text: string): string[] {
  return text.split('\n').filter((line) => /\bERROR\b|No space left|signal \d+/.test(line));
}

function endedEarly(why: string): StillpointError {
  return new StillpointError('failed', `the server of the sandbox died: ${why}`, {
    hint: 'The backup is neither proven nor disproven; run the drill again. Has the machine room and memory?',
  });
}

function tooDeep(path: string): StillpointError {
  return new StillpointError('refused', `the path ${path} is too long for a socket`, {
    hint: 'Name a shorter folder: drill.directory in the configuration.',
  });
}
