import { execa } from 'execa';
import type { Readable, Writable } from 'node:stream';
import { StillpointError } from '../errors.js';

/** A program to run: never a shell line. */
export interface Command {
  file: string;
  args: readonly string[];
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
  readonly stdout: Readable;
  /** Settles when it has ended and its output is read; throws `failed` when it could not start. */
  readonly ended: Promise<Ended>;
  kill(): void;
}

/** Only these reach our children: a password in our environment is no business of theirs. */
const passedOn = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'LD_LIBRARY_PATH', 'SystemRoot'];

function cleanEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { MYSQL_TEST_LOGIN_FILE: '/nonexistent' };
  for (const name of passedOn) if (process.env[name] !== undefined) env[name] = process.env[name];
  return env;
}

const stderrLimit = 32 * 1024;

/** Starts a program with a bare environment. Streams are bytes; nothing is collected but stderr. */
export function start(command: Command): Child {
  const child = execa(command.file, command.args, {
    buffer: false,
    reject: false,
    extendEnv: false,
    env: cleanEnvironment(),
  });
  const name = command.file.replace(/^.*\//, '');
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (stderr.length > stderrLimit) {
      stderr = `${stderr.slice(0, stderrLimit / 4)}\n…\n${stderr.slice(-stderrLimit / 4)}`;
    }
  });
  // A broken pipe shows in how the reader ended; unheard it would end this process.
  child.stdin.on('error', () => undefined);
  const ended = child.then((result): Ended => {
    if (result.exitCode === undefined && result.signal === undefined) {
      throw new StillpointError(
        'failed',
        `cannot run ${command.file}: ${result.shortMessage ?? 'it does not start'}`,
        {
          hint: 'Install it, or name its path under tools in the configuration; `stillpoint doctor` lists them.',
          cause: result,
        },
      );
    }
    return {
      status: result.exitCode ?? null,
      signal: result.signal ?? null,
      stderr: stderr.trim(),
    };
  });
  ended.catch(() => undefined);
  return {
    name,
    stdin: child.stdin,
    stdout: child.stdout,
    ended,
    kill: () => child.kill('SIGKILL'),
  };
}

/** Runs a short program to its end and returns what it printed. Throws when it fails. */
export async function output(command: Command): Promise<string> {
  const result = await execa(command.file, command.args, {
    reject: false,
    extendEnv: false,
    env: cleanEnvironment(),
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

/** How a program ended badly, as a clause; null when it ended with 0. */
export function failureOf(name: string, ended: Ended): string | null {
  if (ended.signal !== null) return `${name} was killed by ${ended.signal}${tail(ended.stderr)}`;
  if (ended.status !== 0) return `${name} ended with ${ended.status ?? '?'}${tail(ended.stderr)}`;
  return null;
}

function tail(stderr: string): string {
  return stderr === '' ? '' : `: ${stderr.split('\n').slice(-3).join('; ')}`;
}
