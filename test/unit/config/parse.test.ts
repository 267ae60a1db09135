import { describe, expect, test } from 'vitest';
import { StillpointError } from '../../../src/errors.js';
import { parseConfig } from '../../../src/config/parse.js';
import { redact } from '../../../src/util/redact.js';

const parse = (text: string) =>
  parseConfig(text, { shown: 'stillpoint.yaml', directory: '/etc/stillpoint' });

function mistakes(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    if (!(error instanceof StillpointError)) throw error;
    expect(error.code).toBe('config');
    expect(error.hint).toContain('stillpoint doctor');
    return error.message.split('\n').map((line) => line.replace('stillpoint.yaml:', ''));
  }
  return [];
}

/** A good file whose pair has these lines more, which begin at line 5. */
const withPair = (...lines: string[]) =>
  `pairs:
  shop:
    source: { user: u }
    replica: { user: u }
${lines.map((line) => `    ${line}\n`).join('')}
stores: { main: { type: file, path: /b } }
`;

/** A good file whose replica has these keys more; they begin at line 4, column 16. */
const withReplica = (keys: string) =>
  withPair().replace('replica: { user: u', `replica: { ${keys}`);

describe('a mistake is told with line, column and the nearest key', () => {
  test.each([
    ['databse: {}', '5:5: unknown key "databse" in pairs.shop (did you mean "databases"?)'],
    [
      'freeze: { maxlag: 1s }',
      '5:15: unknown key "maxlag" in pairs.shop.freeze (did you mean "maxLag"?)',
    ],
    [
      'topology: source-sourc',
      '5:15: pairs.shop.topology: expected source-replica or source-source, got "source-sourc" (did you mean "source-source"?)',
    ],
    ['zzz: 1', '5:5: unknown key "zzz" in pairs.shop'],
    [
      'freeze: { hold: dmup }',
      '5:21: pairs.shop.freeze.hold: expected dump, snapshot or auto, got "dmup" (did you mean "dump"?)',
    ],
    [
      'freeze: { exclusive: maybe }',
      '5:26: pairs.shop.freeze.exclusive: expected true, false or auto, got "maybe"',
    ],
    [
      'freeze: { maxLag: 60x }',
      '5:23: pairs.shop.freeze.maxLag: expected a duration like 60s, 1h30m or 14d, got "60x"',
    ],
    [
      'freeze: { maxLag: [] }',
      '5:23: pairs.shop.freeze.maxLag: expected a duration like 60s, 1h30m or 14d',
    ],
    ['freeze: { lease: 1s }', '5:22: pairs.shop.freeze.lease: expected at least 5s, got "1s"'],
    ['freeze: { lease: 2h }', '5:22: pairs.shop.freeze.lease: expected at most 1h, got "2h"'],
    ['dump: { parallel: 0 }', '5:23: pairs.shop.dump.parallel: expected at least 1, got 0'],
    ['dump: { parallel: 1.5 }', '5:23: pairs.shop.dump.parallel: expected a whole number, got 1.5'],
    ['dump: { parallel: four }', '5:23: pairs.shop.dump.parallel: expected a number, got "four"'],
    [
      'dump: { compression: { level: 20 } }',
      '5:35: pairs.shop.dump.compression.level: expected at most 19, got 20',
    ],
    [
      'dump: { spool: { disk: 16M } }',
      '5:28: pairs.shop.dump.spool.disk: expected a size like 16MiB or 10GB, got "16M"',
    ],
    [
      'dump: { extraArgs: [--hex-blob, --dump-slave] }',
      '5:37: pairs.shop.dump.extraArgs.1: --dump-slave is not among those that may be passed on to mysqldump',
    ],
    [
      'dump: { extraArgs: [--password=tops3cret] }',
      '5:25: pairs.shop.dump.extraArgs.0: --password is not among those that may be passed on to mysqldump',
    ],
    [
      'dump: { extraArgs: [world] }',
      '5:25: pairs.shop.dump.extraArgs.0: expected an option like --hex-blob, its value after "="',
    ],
    ['dump: 3', '5:11: pairs.shop.dump: expected a map, got 3'],
    ['dump:', '5:10: pairs.shop.dump: expected a map, got nothing'],
    [
      'databases: { include: [] }',
      '5:27: pairs.shop.databases.include: expected at least 1 of them',
    ],
    [
      'databases: { exclude: scratch }',
      '5:27: pairs.shop.databases.exclude: expected a list, got "scratch"',
    ],
    [
      'databases: { exclude: [7] }',
      '5:28: pairs.shop.databases.exclude.0: expected a text, got 7: put it in quotes',
    ],
    ['encryption: {}', '5:17: pairs.shop.encryption: expected recipients or recipientsFile'],
    [
      'encryption: { recipients: [AGE-SECRET-KEY-1QQ] }',
      '5:32: pairs.shop.encryption.recipients.0: this is a secret key; give the public key that belongs to it (age1…)',
    ],
    [
      'encryption: { recipients: [me] }',
      '5:32: pairs.shop.encryption.recipients.0: expected a public key like age1…, got "me"',
    ],
    [
      'label: ../up',
      '5:12: pairs.shop.label: expected a name of letters, digits, ".", "_" and "-" that starts with a letter or digit',
    ],
    ['store: mian', '5:12: pairs.shop.store: no store "mian" (did you mean "main"?)'],
    ['replication: { password: x }', '5:5: missing key "user" in pairs.shop.replication'],
  ])('%s', (line, message) => {
    expect(mistakes(withPair(line))).toEqual([message]);
  });

  test.each([
    [
      'host: a, user: u, socketPath: /s',
      '4:22: pairs.shop.replica.host: either host or socketPath, not both',
    ],
    [
      'port: 1, user: u, socketPath: /s',
      '4:22: pairs.shop.replica.port: either port or socketPath, not both',
    ],
    ['port: 70000, user: u', '4:22: pairs.shop.replica.port: expected at most 65535, got 70000'],
    ['host: a', '4:5: missing key "user" in pairs.shop.replica: no option file could name it'],
    [
      'user: u, optionGroup: x',
      '4:38: pairs.shop.replica.optionGroup: optionGroup needs optionFile',
    ],
    [
      'optionFile: x, loginPath: y',
      '4:42: pairs.shop.replica.loginPath: either optionFile or loginPath, not both',
    ],
    [
      'user: u, passwordFile: x, passwordEnv: Y',
      '4:55: pairs.shop.replica.passwordEnv: more than one password source: passwordFile, passwordEnv',
    ],
    ['user: u, tls: 1', '4:30: pairs.shop.replica.tls: expected true, false or a map, got 1'],
    [
      'user: u, tls: { caa: x }',
      '4:32: unknown key "caa" in pairs.shop.replica.tls (did you mean "ca"?)',
    ],
    [
      'user: u, tls: { ca: 5 }',
      '4:36: pairs.shop.replica.tls.ca: expected a text, got 5: put it in quotes',
    ],
    [
      'user: u, password: 8675309',
      '4:35: pairs.shop.replica.password: expected a text, got a number: put it in quotes',
    ],
    [
      'user: u, passwordCommand: []',
      '4:42: pairs.shop.replica.passwordCommand: expected a command, as a line or a list',
    ],
    [
      'user: u, passwordCommand: 7',
      '4:42: pairs.shop.replica.passwordCommand: expected a command, as a line or a list',
    ],
    [
      'user: u, passwordCommand: " "',
      '4:42: pairs.shop.replica.passwordCommand: expected a command, as a line or a list',
    ],
  ])('replica: { %s }', (keys, message) => {
    expect(mistakes(withReplica(keys))).toEqual([message]);
  });

  test.each([
    ['', ['1:1: expected a map, got nothing']],
    ['[]', ['1:1: expected a map, got a list']],
    ['{}', ['1:1: missing key "pairs"', '1:1: missing key "stores"']],
    [
      'pairs: {}\nstores: {}',
      ['1:8: pairs: expected at least one pair', '2:9: stores: expected at least one store'],
    ],
    [withPair() + 'drlil: {}', ['7:1: unknown key "drlil" (did you mean "drill"?)']],
    [
      withPair().replace('shop', '"a/b"'),
      [
        '2:3: pairs.a/b: expected a name of letters, digits, ".", "_" and "-" that starts with a letter or digit',
      ],
    ],
    [
      withPair().replace('type: file', 'type: s4'),
      ['6:25: stores.main.type: expected s3 or file, got "s4" (did you mean "s3"?)'],
    ],
    [withPair().replace('type: file, ', ''), ['6:11: missing key "type" in stores.main']],
    [withPair().replace('file, path: /b', 's3'), ['6:11: missing key "bucket" in stores.main']],
    [
      withPair().replace('file, path', 's3, pfad'),
      ['6:11: missing key "bucket" in stores.main', '6:29: unknown key "pfad" in stores.main'],
    ],
    [
      withPair().replace('/b }', '/b }, disk: { type: file, path: /c }'),
      ['2:3: missing key "store" in pairs.shop: there are several (main, disk)'],
    ],
    [
      withPair() + 'notify: { webhook: "ftp://x" }',
      ['7:20: notify.webhook: expected a URL like https://…'],
    ],
    [
      withPair() + 'notify: { heartbeat: { drill: { url: "https://x/s3cret", urlEnv: X } } }',
      ['7:31: notify.heartbeat.drill: expected one of url, urlFile, urlEnv'],
    ],
    [
      withPair() + 'notify: { webhook: { url: "https://x/s3cret", format: "https://x/s3cret" } }',
      ['7:55: notify.webhook.format: expected json or slack, got a string'],
    ],
    [
      withPair() + 'notify: { webhook: { url: "https://x/s3cret", headres: { } } }',
      ['7:47: unknown key "headres" in notify.webhook (did you mean "headers"?)'],
    ],
  ])('%j', (text, messages) => {
    expect(mistakes(text)).toEqual(messages);
  });
});

test('the least there can be has every default', () => {
  const server = { user: 'u', connectTimeout: 10 };
  expect(parse(withPair())).toEqual({
    pairs: {
      shop: {
        topology: 'source-replica',
        source: server,
        replica: server,
        failover: { timeout: 60, maxPause: 30 },
        drain: { timeout: 60, within: 30 },
        databases: { include: ['*'], exclude: [] },
        freeze: {
          hold: 'dump',
          maxLag: 60,
          maxDuration: 7200,
          exclusive: 'auto',
          lease: 60,
          catchUpTimeout: 600,
        },
        dump: {
          compression: { level: 1 },
          partSize: 1024 ** 3,
          checksums: true,
          accounts: true,
          spool: { memory: 4 * 2 ** 20, disk: 10 * 2 ** 30 },
          extraArgs: [],
        },
        tools: {},
      },
    },
    stores: { main: { type: 'file', path: '/b' } },
    targets: {},
    drill: { assertions: [], freshness: [], catchUp: false },
    notify: {},
  });
});

test('every mistake is told at once, in the order of the file', () => {
  const text = withPair('store: nowhere', 'dump: { parallel: 0.5 }', 'freze: {}').replace(
    'source: { user: u }',
    'source: { user: u, password: a, passwordEnv: B }',
  );
  expect(mistakes(text)).toEqual([
    '3:50: pairs.shop.source.passwordEnv: more than one password source: password, passwordEnv',
    '5:12: pairs.shop.store: no store "nowhere"',
    '6:23: pairs.shop.dump.parallel: expected a whole number, got 0.5',
    '7:5: unknown key "freze" in pairs.shop (did you mean "freeze"?)',
  ]);
});

describe('YAML itself', () => {
  test.each([
    ['pairs:\n  a: b: c\n', /^2:6: nested mappings are not allowed/],
    ['pairs: {}\npairs: {}\n', /^2:1: map keys must be unique/],
    ['pairs: *nobody\n', /^1:8: no anchor "&nobody" before this$/],
    ['pairs: "\n', /^\d+:\d+: missing closing "quote/],
  ])('%j', (text, message) => {
    expect(mistakes(text)).toEqual([expect.stringMatching(message)]);
  });

  test('shares maps by anchor and by merge', () => {
    const config = parse(`
pairs:
  shop:
    source: &server { host: db1, user: u, passwordFile: pw }
    replica: { <<: *server, host: db2 }
stores: { main: { type: file, path: /b } }
`);
    expect(config.pairs['shop']?.replica).toMatchObject({ host: 'db2', user: 'u' });
  });

  test('a mistake that came by a merge is told where it is merged in', () => {
    const text = withReplica('<<: &more { hsot: x }, user: u');
    expect(mistakes(text)).toEqual([
      expect.stringMatching(/^4:14: unknown key "hsot" in pairs.shop.replica/),
    ]);
  });
});

describe('paths', () => {
  test('are seen from the directory of the file; bare programs are not paths', () => {
    const config = parse(
      withPair(
        'tools: { mysqldump: ./bin/dump, mysql: mariadb, zstd: /usr/bin/zstd }',
        'dump: { spool: { path: spool } }',
      ).replace(
        'replica: { user: u',
        'replica: { user: u, tls: { ca: ca.pem }, passwordFile: ../pw',
      ),
    );
    const pair = config.pairs['shop'];
    expect(pair?.replica).toMatchObject({
      tls: { ca: '/etc/stillpoint/ca.pem' },
      passwordFile: '/etc/pw',
    });
    expect(pair?.dump.spool.path).toBe('/etc/stillpoint/spool');
    expect(pair?.tools).toEqual({
      mysqldump: '/etc/stillpoint/bin/dump',
      mysql: 'mariadb',
      zstd: '/usr/bin/zstd',
    });
  });

  test.each([
    ['pass show "db 1"', ['pass', 'show', '"db', '1"']],
    ['./get pw', ['/etc/stillpoint/get', 'pw']],
    ['[./get, ./not-a-path]', ['/etc/stillpoint/get', './not-a-path']],
    ['[get, "a b", ""]', ['get', 'a b', '']],
  ])('passwordCommand: %s', (yaml, argv) => {
    const quoted = yaml.startsWith('[') ? yaml : `'${yaml}'`;
    const config = parse(withReplica(`user: u, passwordCommand: ${quoted}`));
    expect(config.pairs['shop']?.replica?.passwordCommand).toEqual(argv);
  });

  test('~ is the home directory', () => {
    const config = parse(withReplica('user: u, passwordFile: ~/pw'));
    expect(config.pairs['shop']?.replica?.passwordFile).toMatch(/^\/(?!etc).*\/pw$|^\/pw$/);
  });
});

test('a password of the file is redacted from then on, also when the file is wrong', () => {
  mistakes(withReplica('user: u, password: xylophone-9, nope: 1'));
  expect(redact('with xylophone-9 in it')).toBe('with *** in it');
});
