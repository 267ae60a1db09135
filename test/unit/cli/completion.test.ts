import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { putDrill } from '../../../src/catalog/drills.js';
import { openCatalogCache } from '../../../src/catalogCache.js';
import { scripts, shells } from '../../../src/cli/completion/scripts.js';
import type { ChosenPair } from '../../../src/config/choose.js';
import type { Config } from '../../../src/config/schema.js';
import { openFileStore } from '../../../src/store/file.js';
import { commitKey, drillKey } from '../../../src/store/keys.js';
import { mayRun } from '../../support/programs.js';
import { sampleDrill } from '../../support/sampleDrill.js';
import { labelled, shelve } from '../../support/shelf.js';

const program = fileURLToPath(new URL('../../../bin/stillpoint.js', import.meta.url));
const shop = [
  labelled('nightly', '2026-11-20T02:30:00Z'),
  labelled('before-42', '2026-11-21T12:00:00Z'),
  labelled('a $(touch evil)', '2026-11-21T13:00:00Z'),
  labelled('nightly', '2026-11-22T02:30:00Z'),
];
const [first, before, hostile, newest] = shop.map(({ id }) => id) as [
  string,
  string,
  string,
  string,
];
const crm = [
  labelled('nightly', '2026-11-22T05:00:00Z', 'crm'),
  labelled('billing', '2026-11-23T05:00:00Z', 'crm'),
];
const [crmFirst, crmNewest] = crm.map(({ id }) => id) as [string, string];
const drill = sampleDrill(shop[0]!);
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stillpoint-completion-'));
  mkdirSync(join(folder, 'bin'));
  symlinkSync(program, join(folder, 'bin/stillpoint'));
  chmodSync(program, 0o755);
  for (const shell of shells) writeFileSync(join(folder, `script.${shell}`), scripts[shell]);
  writeFileSync(
    join(folder, 'stillpoint.yaml'),
    `pairs:
  shop: { store: disk, replicas: { east: {}, west: {}, '$(touch evil)': {} } }
  crm: { store: far, replicas: { west: {}, spare: {} } }
  '$(touch evil)': {}
stores: { far: { type: s3, bucket: b }, disk: { type: file, path: store, prefix: prod } }
targets: { staging: {}, spare: {} }
stateDir: state
`,
  );
  mkdirSync(join(folder, 'schedules'));
  writeFileSync(join(folder, 'schedules/shop-drill.yaml'), 'action: drill\n');
  const path = join(folder, 'store/prod');
  const store = openFileStore({ path });
  await shelve(store, shop, path);
  await putDrill(store, drill);
  // What a listing of this machine has left.
  const cache = await openCatalogCache(
    { stateDir: join(folder, 'state') } as Config,
    { name: 'crm', store: { type: 's3', bucket: 'b' } } as ChosenPair,
  );
  for (const record of crm) cache!.backups.set(record.id, record);
  await cache!.backups.keep(new Set(crm.map(({ id }) => id)));
  const key = `${drillKey('crm', drill.id)} 12 2026-11-23`;
  cache!.drills.set(key, drill);
  await cache!.drills.keep(new Set([key]));
});
afterAll(() => rmSync(folder, { recursive: true }));

function inShell(shell: string, args: string[]): string[] {
  const env = {
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    TERM: 'dumb',
  };
  const said = execFileSync(shell, args, { cwd: folder, env, encoding: 'utf8', timeout: 60_000 });
  return said.split('\n').filter((line) => line !== '');
}

const fromBash = (...words: string[]) =>
  inShell('bash', [
    '--norc',
    '-c',
    'source ./script.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _stillpoint 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"',
    'bash',
    'stillpoint',
    ...words,
  ]);

describe('bash', () => {
  const cases: [string[], string[]][] = [
    [['ba'], ['backup']],
    [
      ['backup', ''],
      ['shop', 'crm'],
    ],
    [['backup', 's'], ['shop']],
    [['backup', '--la'], ['--label']],
    [['backup', '--label', 'x', '--al'], ['--all']],
    [
      ['restore', 'latest', '--to', ''],
      ['staging', 'spare'],
    ],
    [['restore', 'latest', '--to', '=', 'sp'], ['spare']],
    [
      ['backup', 'shop', '--replica', ''],
      ['east', 'west'],
    ],
    [
      ['backup', '--replica', ''],
      ['east', 'west', 'spare'],
    ],
    [['pair', 'promote', 'crm', '--replica', '=', 's'], ['spare']],
    [
      ['restore', 'latest', '--to', '='],
      ['staging', 'spare'],
    ],
    [['drill', '--pair', 'c'], ['crm']],
    [['restore', 'l'], ['latest']],
    [['restore', 'latest', '--definer', 'c'], ['current']],
    [['-c', 'no-such-file', 'backup', ''], []],
    [
      ['-c', 'stillpoint.yaml', 'backup', ''],
      ['shop', 'crm'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['-c', ''], []],
    [['nonsense', ''], []],
    [
      ['show', '--pair', 'shop', ''],
      ['latest', 'nightly', 'before-42', newest, hostile, before, first],
    ],
    [
      ['verify', '--pair=crm', ''],
      ['latest', 'billing', 'nightly', crmNewest, crmFirst],
    ],
    [['restore', 'n'], ['nightly']],
    [
      ['pin', '2026112'],
      [crmNewest, crmFirst, newest, hostile, before, first],
    ],
    [['unpin', 'bef'], ['before-42']],
    [['drill', '--pair', 'crm', 'b'], ['billing']],
    [
      ['report', 'shop', '--drill', ''],
      ['latest', drill.id],
    ],
    [
      ['report', 'crm', '--drill', '='],
      ['latest', drill.id],
    ],
    [
      ['schedule', ''],
      ['list', 'run', 'render', 'daemon', 'help'],
    ],
    [
      ['schedule', 'run', ''],
      ['daily-prune', 'nightly', 'pre-migration', 'shop-drill', 'weekly-drill'],
    ],
    [['schedule', 'run', '--if'], ['--if-due']],
    [['schedule', 'daemon', 'nightly', 'sh'], ['shop-drill']],
    [['schedule', 'render', '--to', 'c'], ['crontab']],
  ];
  test.concurrent.each(cases)('%j', (words, expected) => {
    expect(fromBash(...words)).toEqual(expected);
  });
});

test.runIf(mayRun('fish'))('fish', () => {
  const ask = [
    'restore latest --to s',
    'backup --la',
    'show --pair crm ',
    'schedule r',
    'schedule run s',
  ].map((line) => `complete -C 'stillpoint ${line}'`);
  expect(inShell('fish', ['--no-config', '-c', ['source script.fish', ...ask].join('; ')])).toEqual(
    [
      'staging\ta target',
      'spare\ta target',
      '--label\ta word to find the backup by',
      'latest\tthe newest backup',
      `billing\tnewest of crm: ${crmNewest}`,
      `nightly\tnewest of crm: ${crmFirst}`,
      `${crmNewest}\ta backup of crm`,
      `${crmFirst}\ta backup of crm`,
      'run\trun one schedule now, and keep a record of how it ended',
      'render\tprint schedules for the scheduler you have, or install them there',
      'shop-drill\ta schedule',
    ],
  );
});

test.runIf(mayRun('zsh'))('zsh', () => {
  const lines = [
    ['restore', 'latest', '--to', ''],
    ['-c', ''],
    ['show', '--pair', 'crm', ''],
    ['schedule', 'run', ''],
  ].map(
    (words) =>
      `words=(stillpoint ${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length + 1}; _stillpoint`,
  );
  const ask = `
    compdef() {}; source ./script.zsh
    _describe() { print -l -- "\${(P@)3}" }; _files() { print files }
    ${lines.join('\n')}`;
  expect(inShell('zsh', ['-f', '-c', ask])).toEqual([
    'staging:a target',
    'spare:a target',
    'files',
    'latest:the newest backup',
    `billing:newest of crm: ${crmNewest}`,
    `nightly:newest of crm: ${crmFirst}`,
    `${crmNewest}:a backup of crm`,
    `${crmFirst}:a backup of crm`,
    ...['daily-prune', 'nightly', 'pre-migration', 'shop-drill', 'weekly-drill'].map(
      (name) => `${name}:a schedule`,
    ),
  ]);
});

test('a disk that does not answer costs a moment, and nothing is said', () => {
  const record = join(folder, 'stuck', commitKey({ pair: 'shop', id: newest }));
  mkdirSync(join(record, '..'), { recursive: true });
  // Whoever opens it waits for somebody who writes.
  execFileSync('mkfifo', [record]);
  writeFileSync(
    join(folder, 'stuck.yaml'),
    'pairs: { shop: {} }\nstores: { disk: { type: file, path: stuck } }\n',
  );
  const ask = 'stillpoint -c stuck.yaml show ';
  expect(
    inShell('bash', [
      '--norc',
      '-c',
      `source ./script.bash; COMP_WORDS=(${ask} ""); COMP_CWORD=4; _stillpoint 2>&1; echo $?; printf "%s\\n" "\${COMPREPLY[@]}"`,
    ]),
  ).toEqual(['0']);
});
