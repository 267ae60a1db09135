import { execaSync } from 'execa';
import fc from 'fast-check';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { optionFileText } from '../../../src/config/option-file.js';
import { readOptions } from '../../../src/config/option-file-read.js';
import { resolveServer, type ResolvedServer } from '../../../src/config/secret.js';
import { redact } from '../../../src/util/redact.js';
import { mayRun } from '../../support/programs.js';

const server = (keys: Partial<ResolvedServer> = {}): ResolvedServer => ({
  host: 'db2',
  port: 3307,
  user: 'u',
  connectTimeout: 10,
  ...keys,
});

describe('the text', () => {
  test('names host, port and protocol, so that no default of the machine steps in', () => {
    expect(optionFileText(server({ password: 'p w' }), 'mysql')).toBe(
      `[client]
protocol="tcp"
host="db2"
port=3307
user="u"
password="p w"
[mysql]
connect-timeout=10
`,
    );
  });

  test('names the socket where there is one, and every group asked for', () => {
    const text = optionFileText(server({ socketPath: '/run/a b.sock' }), 'mariadb', [
      'client',
      'dump',
    ]);
    const section = 'protocol="socket"\nsocket="/run/a b.sock"\nuser="u"\n';
    expect(text).toBe(`[client]\n${section}[dump]\n${section}[mysql]\nconnect-timeout=10\n`);
  });

  test('waits at least a second, since 0 would be for ever', () => {
    expect(optionFileText(server({ connectTimeout: 0.1 }), 'mysql')).toContain(
      'connect-timeout=1\n',
    );
  });

  test('refuses a zero byte', () => {
    expect(() => optionFileText(server({ password: 'a\0b' }), 'mysql')).toThrow('zero byte');
  });
});

describe('tls in the words of each flavour', () => {
  const tlsLines = (tls: ResolvedServer['tls'], flavour: 'mysql' | 'mariadb') =>
    optionFileText(server(tls === undefined ? {} : { tls }), flavour)
      .split('\n')
      .filter((line) => /^(loose-|ssl)/.test(line));
  const files = { ca: '/ca', cert: '/cert', key: '/key' };
  const fileLines = ['ssl-ca="/ca"', 'ssl-cert="/cert"', 'ssl-key="/key"'];

  test('not given', () => {
    expect(tlsLines(undefined, 'mysql')).toEqual([]);
    expect(tlsLines(undefined, 'mariadb')).toEqual([]);
  });

  test('off', () => {
    expect(tlsLines(false, 'mysql')).toEqual([
      'ssl-mode="DISABLED"',
      'loose-get-server-public-key=1',
    ]);
    expect(tlsLines(false, 'mariadb')).toEqual(['ssl=0']);
  });

  test('verified', () => {
    const tls = { ...files, verify: true };
    expect(tlsLines(tls, 'mysql')).toEqual(['ssl-mode="VERIFY_IDENTITY"', ...fileLines]);
    expect(tlsLines(tls, 'mariadb')).toEqual(['ssl=1', 'ssl-verify-server-cert=1', ...fileLines]);
  });

  test('true verifies too', () => {
    expect(tlsLines(true, 'mysql')).toContain('ssl-mode="VERIFY_IDENTITY"');
    expect(tlsLines(true, 'mariadb')).toContain('ssl-verify-server-cert=1');
  });

  test('not verified', () => {
    const tls = { ca: '/ca', verify: false };
    expect(tlsLines(tls, 'mysql')).toEqual(['ssl-mode="REQUIRED"']);
    expect(tlsLines(tls, 'mariadb')).toEqual(['ssl=1', 'ssl-verify-server-cert=0']);
  });

  test('under another name: the authority alone, or a refusal', () => {
    const tls = { ca: '/ca', verify: true, serverName: 'db2.internal' };
    expect(tlsLines(tls, 'mysql')).toEqual(['ssl-mode="VERIFY_CA"', 'ssl-ca="/ca"']);
    expect(() => tlsLines(tls, 'mariadb')).toThrow('serverName "db2.internal"');
    expect(tlsLines({ ...tls, serverName: 'db2' }, 'mariadb')).toContain(
      'ssl-verify-server-cert=1',
    );
  });
});

describe('asks my_print_defaults as each flavour wants it', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stillpoint-options-'));
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(directory, { recursive: true });
  });

  async function pretend(script: string): Promise<void> {
    const program = join(directory, 'my_print_defaults');
    await writeFile(program, `#!/bin/sh\n${script}\n`);
    await chmod(program, 0o755);
    vi.stubEnv('PATH', `${directory}:${process.env['PATH'] ?? ''}`);
  }

  test('MySQL masks passwords unless told --show', async () => {
    await pretend('echo "--password=$3"; echo "--user=$4"');
    expect(await readOptions({ loginPath: 'nightly' })).toEqual({
      password: '--show',
      user: 'nightly',
    });
  });

  test('MariaDB does not know --show', async () => {
    await pretend(
      'if [ "$2" = --show ]; then echo "unknown option \'--show\'" >&2; exit 2; fi; echo "--host=$1 $2"',
    );
    expect(await readOptions({ optionFile: '/my.cnf' })).toEqual({
      host: '--defaults-file=/my.cnf client',
    });
  });

  test('an option file is not overlaid by the login file, a login path needs it', async () => {
    vi.stubEnv('MYSQL_TEST_LOGIN_FILE', '/login');
    await pretend('echo "--user=$MYSQL_TEST_LOGIN_FILE"');
    expect(await readOptions({ optionFile: '/my.cnf' })).toEqual({ user: '/dev/null' });
    expect(await readOptions({ loginPath: 'nightly' })).toEqual({ user: '/login' });
  });

  test('a login path that is not there is told by its name', async () => {
    await pretend('exit 0');
    await expect(resolveServer({ loginPath: 'nihgtly', connectTimeout: 10 })).rejects.toMatchObject(
      {
        code: 'config',
        message: 'the login path nihgtly names no user',
      },
    );
  });

  test('says so when there is no such program', async () => {
    vi.stubEnv('PATH', directory);
    await expect(readOptions({ optionFile: '/my.cnf' })).rejects.toMatchObject({
      code: 'config',
      message: 'my_print_defaults --defaults-file=/my.cnf failed: there is no such program',
    });
  });
});

describe.runIf(mayRun('my_print_defaults'))('read by my_print_defaults', () => {
  let file: string;

  beforeEach(async () => {
    file = join(await mkdtemp(join(tmpdir(), 'stillpoint-options-')), 'my.cnf');
  });

  afterEach(() => rm(join(file, '..'), { recursive: true }));

  async function write(text: string, mode = 0o600): Promise<void> {
    await writeFile(file, text);
    await chmod(file, mode);
  }

  const hostile = fc.stringMatching(/^[ "'#\\nstrb=;[\]!a]{1,12}$/);
  const anyText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
  const oneLine = fc
    .oneof(hostile, anyText)
    .map((text) => Buffer.from(text).toString())
    .filter((text) => !/[\0\n\r]/.test(text));

  test('every user and password comes back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(oneLine, oneLine, async (user, password) => {
        await write(optionFileText(server({ user, password }), 'mariadb'));
        const expected = { host: 'db2', port: 3307, user, password };
        expect(await readOptions({ optionFile: file })).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test('line ends and tabs survive', async () => {
    await write(optionFileText(server({ password: 'a\nb\r\nc\td\be' }), 'mysql'));
    const { stdout } = execaSync('my_print_defaults', [`--defaults-file=${file}`, 'client']);
    expect(stdout).toContain('--password=a\nb\r\nc\td\be');
  });

  test('the configuration wins over the file, the file over the defaults', async () => {
    await write('[client]\nuser=filed\npassword=filed-pw\nport=3310\nhost=filed\nssl-ca=/ca\n');
    const filed = { optionFile: file, connectTimeout: 10 };
    expect(await resolveServer(filed)).toEqual({
      host: 'filed',
      port: 3310,
      user: 'filed',
      password: 'filed-pw',
      tls: { ca: '/ca', verify: false },
      connectTimeout: 10,
    });
    const given = { host: 'h', user: 'u', password: 'given-pw', tls: true };
    expect(await resolveServer({ ...filed, ...given })).toMatchObject({ ...given, port: 3310 });
    expect(redact('filed-pw given-pw')).toBe('*** ***');
  });

  test('a socket of the file gives way to a host, and to any place the configuration names', async () => {
    await write('[client]\nuser=u\nsocket=/run/s\n[remote]\nuser=u\nhost=db9\nsocket=/run/s\n');
    const filed = { optionFile: file, connectTimeout: 10 };
    expect(await resolveServer(filed)).toMatchObject({ socketPath: '/run/s' });
    expect(await resolveServer({ ...filed, host: 'h' })).not.toHaveProperty('socketPath');
    expect(await resolveServer({ ...filed, optionGroup: 'remote' })).not.toHaveProperty(
      'socketPath',
    );
  });

  test.each([
    ['ssl-mode=REQUIRED', { verify: false }],
    ['ssl_mode=verify_identity\nssl-ca=/ca', { ca: '/ca', verify: true }],
    ['ssl-mode=DISABLED', false],
    ['skip-ssl', false],
    ['ssl=0', false],
    ['ssl', { verify: false }],
    ['ssl-verify-server-cert', { verify: true }],
    ['ssl-cert=/c\nssl-key=/k', { cert: '/c', key: '/k', verify: false }],
    ['ssl-mode=PREFERRED', undefined],
  ])('tls of the file: %s', async (lines, tls) => {
    await write(`[client]\n${lines}\n`);
    expect((await readOptions({ optionFile: file })).tls).toEqual(tls);
  });

  test('a file that everybody can read is refused when the password is from it', async () => {
    await write('[client]\nuser=u\npassword=open-to-all\n', 0o644);
    const filed = { optionFile: file, connectTimeout: 10 };
    await expect(resolveServer(filed)).rejects.toThrow('everybody can read it');
    expect(await resolveServer({ ...filed, password: 'another' })).toMatchObject({ user: 'u' });
  });

  test('a group without a user, a file that is not there', async () => {
    await write('[client]\nuser=u\n');
    const filed = { optionFile: file, connectTimeout: 10 };
    await expect(resolveServer({ ...filed, optionGroup: 'other' })).rejects.toThrow(
      `the option file ${file} names no user`,
    );
    await expect(resolveServer({ ...filed, optionFile: `${file}.gone` })).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining(
        `my_print_defaults --defaults-file=${file}.gone failed`,
      ) as string,
    });
  });
});
