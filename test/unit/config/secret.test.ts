import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerConfig } from '../../../src/config/schema.js';
import { readPassword, resolveServer } from '../../../src/config/secret.js';
import { redact } from '../../../src/util/redact.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stillpoint-secret-'));
});

afterEach(() => rm(directory, { recursive: true }));

async function file(text: string, mode = 0o600): Promise<string> {
  const path = join(directory, 'pw');
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

const server = (keys: Partial<ServerConfig>): ServerConfig => ({ connectTimeout: 10, ...keys });
const node = (script: string) => [process.execPath, '-e', script];

describe('a server', () => {
  test('has defaults', async () => {
    expect(await resolveServer(server({ user: 'u' }))).toEqual({
      host: '127.0.0.1',
      port: 3306,
      user: 'u',
      connectTimeout: 10,
    });
  });

  test('keeps what the configuration says', async () => {
    const given = { host: 'h', port: 1, user: 'u', password: 'pass', tls: { verify: false } };
    expect(await resolveServer(server(given))).toEqual({ ...given, connectTimeout: 10 });
    expect(await resolveServer(server({ user: 'u', socketPath: '/s', tls: false }))).toMatchObject({
      socketPath: '/s',
      tls: false,
    });
  });
});

describe('a password', () => {
  test('from a file, without the last line end', async () => {
    expect(await readPassword({ passwordFile: await file(' two words \n') })).toBe(' two words ');
    expect(await readPassword({ passwordFile: await file('dos\r\n') })).toBe('dos');
    expect(await readPassword({ passwordFile: await file('first\nsecond\n\n') })).toBe(
      'first\nsecond\n',
    );
    expect(await readPassword({ passwordFile: await file('group', 0o640) })).toBe('group');
  });

  test('from a file that everybody can read is refused', async () => {
    const passwordFile = await file('open to all', 0o644);
    await expect(readPassword({ passwordFile })).rejects.toMatchObject({
      code: 'config',
      message: `${passwordFile} holds a password and everybody can read it`,
      hint: expect.stringContaining(`chmod 600 ${passwordFile}`) as string,
    });
  });

  test('from a file that is empty or not there is refused', async () => {
    await expect(readPassword({ passwordFile: await file('\n') })).rejects.toThrow('is empty');
    await expect(readPassword({ passwordFile: `${directory}/gone` })).rejects.toThrow(
      `cannot read ${directory}/gone`,
    );
  });

  test('from the environment', async () => {
    expect(await readPassword({ passwordEnv: 'PW' }, { PW: 'from env' })).toBe('from env');
    for (const env of [{}, { PW: '' }])
      await expect(readPassword({ passwordEnv: 'PW' }, env)).rejects.toMatchObject({
        code: 'config',
        message: 'the environment variable PW is not set',
      });
  });

  test('from a command, whose arguments no shell sees', async () => {
    const passwordCommand = [...node('console.log(process.argv[1])'), '$HOME; "x"'];
    expect(await readPassword({ passwordCommand })).toBe('$HOME; "x"');
  });

  test.each([
    ["console.error('hush-hush'); process.exit(3)", 'ended with status 3'],
    ['', 'printed nothing'],
    ["process.kill(process.pid, 'SIGKILL')", 'could not be run (SIGKILL)'],
  ])('from a command that fails is refused without its output: %s', async (script, why) => {
    const error: unknown = await readPassword({ passwordCommand: node(script) }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({
      code: 'config',
      message: `the password command ${process.execPath} ${why}`,
    });
    expect(String(error)).not.toContain('hush');
  });

  test('from a command that is not there is refused', async () => {
    const passwordCommand = [join(directory, 'no-such-program')];
    await expect(readPassword({ passwordCommand })).rejects.toThrow('could not be run (ENOENT)');
  });

  test('is redacted, wherever it came from', async () => {
    await readPassword({ password: 'redact-me-plain' });
    await readPassword({ passwordFile: await file('redact-me-file') });
    await readPassword({ passwordEnv: 'PW' }, { PW: 'redact-me-env' });
    await readPassword({ passwordCommand: node("console.log('redact-me-command')") });
    const line = 'redact-me-plain redact-me-file redact-me-env redact-me-command';
    expect(redact(line)).toBe('*** *** *** ***');
  });
});
