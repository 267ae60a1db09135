import { execa } from 'execa';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { Readable, type Writable } from 'node:stream';
import { StillpointError } from '../errors.js';
import { openInlet, type Lent } from './lent.js';

/** A program to run: never a shell line. */
export interface Command {
  file: string;
  args: readonly string[];
  /** What it is called in messages. Default: that of the file. */
  name?: string;
  /** The whole of its environment. Default: a bare one, without our secrets. */
  env?: NodeJS.ProcessEnv;
}

/** How a program ended. */
export interface Ended {
  /** Null when a signal ended it. */
  status: number | null;
  signal: string | null;
  /** What it wrote to stderr; the first and the last few kilobytes where it wrote more. */
  stderr: string;
}

/** A program that runs, with its ends in hand. */
export interface Child {
  readonly name: string;
  readonly stdin: Writable;
  /** Empty when the program writes into another one. */
  readonly stdout: Readable;
  /** Settles when it has exited and its stderr is read; throws `failed` when it could not start. */
  readonly ended: Promise<Ended>;
  kill(): void;
}

/** A program whose output is lent. */
export interface LentChild extends Omit<Child, 'stdout'> {
  readonly output: Lent;
}

/**
 * MySQL's programs read ~/.mylogin.cnf even with --defaults-file, and after it: its [client] would send
 * a dump to another server. (Seen with mysqldump 9.7; manual: "Options That Affect Option-File
 * Handling".)
 */
export const clientEnv = { MYSQL_TEST_LOGIN_FILE: '/dev/null' } as const;

/** Only these reach our children: a password in our environment is no business of theirs. */
const passedOn = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'LD_LIBRARY_PATH', 'SystemRoot'];

function cleanEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...clientEnv };
  for (const name of passedOn) if (process.env[name] !== undefined) env[name] = process.env[name];
  return env;
}

const stderrLimit = 32 * 1024;

/**
 * Starts a program with a bare environment. Streams are bytes; nothing is collected but stderr.
 *
 * Start to read `stdout` before you await anything: when a program exits, Node lets go of output that
 * nobody reads yet (flushStdio in its child_process), and a small dump exits at once.
 *
 * With `into` it writes straight into the stdin of that program, so that its bytes do not pass through
 * this process. We hold that end too: the reader sees no end of its input before we end `into.stdin`.
 */
export function start(command: Command, into?: Pick<Child, 'stdin'>): Child {
  return launch(command, into?.stdin ?? 'pipe');
}

/** Like `start`, for much output: it is read into memory that is used again. To be read once. */
export async function startLent(command: Command): Promise<LentChild> {
  const inlet = await openInlet();
  try {
    const child = launch(command, inlet.theirs);
    const kill = () => {
      child.kill();
      inlet.close();
    };
    return { ...child, output: inlet.output, kill };
  } catch (error) {
    inlet.close();
    throw error;
  } finally {
    inlet.theirs.destroy();
  }
}

function launch(command: Command, stdout: 'pipe' | Writable): Child {
  const child = spawn(command.file, command.args, {
    env: command.env ?? cleanEnvironment(),
    stdio: ['pipe', stdout, 'pipe'],
    // A process group of its own, so that kill() reaches what a wrapper script has started.
    detached: true,
  }) as ChildProcessByStdio<Writable, Readable | null, Readable | null>;
  const { stderr: said } = child;
  if (!said) {
    // Node makes no ends when there is no descriptor left, and says so later.
    child.once('error', () => undefined);
    throw cannotRun(command, new Error('too many open files'));
  }
  let stderr = '';
  said.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (stderr.length > stderrLimit) {
      stderr = `${stderr.slice(0, stderrLimit / 4)}\n…\n${stderr.slice(-stderrLimit / 4)}`;
    }
  });
  // A broken pipe shows in how the reader ended; unheard it would end this process.
  child.stdin.on('error', () => undefined);
  const stderrRead = new Promise((resolve) => said.once('close', resolve));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', (cause) => reject(cannotRun(command, cause)));
    child.once('exit', (status, signal) => {
      void stderrRead.then(() => resolve({ status, signal, stderr: stderr.trim() }));
    });
  });
  ended.catch(() => undefined);
  return {
    name: command.name ?? command.file.replace(/^.*\//, ''),
    stdin: child.stdin,
    stdout: child.stdout ?? Readable.from([]),
    ended,
    kill() {
      if (child.exitCode === null && child.pid !== undefined) killGroup(child.pid);
      // Whoever still holds the other ends must not keep us waiting.
      for (const stream of child.stdio) stream?.destroy();
    },
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

function cannotRun(command: Command, cause: Error): StillpointError {
  return new StillpointError('failed', `cannot run ${command.file}: ${cause.message}`, {
    hint: 'Install it, or name its path under tools in the configuration; `stillpoint doctor` lists them.',
    cause,
  });
}

/** Runs a short program to its end and returns what it printed. Throws when it fails. */
export async function output(command: Command): Promise<string> {
  const result = await execa(command.file, command.args, {
    reject: false,
    extendEnv: false,
    env: command.env ?? cleanEnvironment(),
    timeout: 30_000,
    stdin: 'ignore',
  });
  if (result.failed) {
    throw new StillpointError(
      'failed',
      `cannot run ${command.file}: ${result.stderr || result.shortMessage}`,
    );
  }
  return result.stdout;
}

/** Runs a program to its end; what it prints is passed over. Throws when it fails, or the signal's reason. */
export async function run(command: Command, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const child = start(command);
  const kill = () => child.kill();
  signal.addEventListener('abort', kill, { once: true });
  try {
    child.stdout.resume();
    child.stdin.end();
    const failure = failureOf(child.name, await child.ended);
    signal.throwIfAborted();
    if (failure !== null) throw new StillpointError('failed', failure);
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

/** How a program ended badly, as a clause; null when it ended with 0. */
export function failureOf(name: string, ended: Ended): string | null {
  if (ended.signal !== null) return `${name} was killed by ${ended.signal}${tail(ended.stderr)}`;
  if (ended.status !== 0) return `${name} ended with ${ended.status ?? '?'}${tail(ended.stderr)}`;
  return null;
}

function tail(stderr: string): string {
  return stderr === '' ? '' : `: ${stderr.split('\n').slice(-3).join('; ')}`;
}
