import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scripts, shells } from '../../../src/cli/completion/scripts.js';
import { which } from '../../rig/tools.js';

const program = fileURLToPath(new URL('../../../bin/stillpoint.js', import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillpoint-completion-'));
  mkdirSync(join(folder, 'bin'));
  symlinkSync(program, join(folder, 'bin/stillpoint'));
  chmodSync(program, 0o755);
  for (const shell of shells) writeFileSync(join(folder, `script.${shell}`), scripts[shell]);
  writeFileSync(
    join(folder, 'stillpoint.yaml'),
    "pairs: { shop: {}, crm: {}, '$(touch evil)': {} }\ntargets: { staging: {}, spare: {} }\n",
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

function inShell(shell: string, args: string[]): string[] {
  const env = {
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    TERM: 'dumb',
  };
  const said = execFileSync(shell, args, { cwd: folder, env, encoding: 'utf8' });
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
  ];
  test.concurrent.each(cases)('%j', (words, expected) => {
    expect(fromBash(...words)).toEqual(expected);
  });
});

test.runIf(which('fish'))('fish', () => {
  const ask = `source script.fish; complete -C 'stillpoint restore latest --to s'; complete -C 'stillpoint backup --la'`;
  expect(inShell('fish', ['--no-config', '-c', ask])).toEqual([
    'spare\ta target',
    'staging\ta target',
    '--label\ta word to find the backup by',
  ]);
});

test.runIf(which('zsh'))('zsh', () => {
  const ask = `
    compdef() {}; source ./script.zsh
    _describe() { print -l -- "\${(P@)2}" }; _files() { print files }
    words=(stillpoint restore latest --to ''); CURRENT=5; _stillpoint
    words=(stillpoint -c ''); CURRENT=3; _stillpoint`;
  expect(inShell('zsh', ['-f', '-c', ask])).toEqual([
    'staging:a target',
    'spare:a target',
    'files',
  ]);
});
