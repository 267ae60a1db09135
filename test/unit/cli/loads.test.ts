import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The packages that a command line loads. */
function packagesOf(...args: string[]): string[] {
  const { stderr } = spawnSync(
    process.execPath,
    ['--import', './test/support/tellLoads.js', 'bin/stillpoint.js', ...args],
    { cwd: root, encoding: 'utf8' },
  );
  return [...new Set([...stderr.matchAll(/^loads (.*)$/gm)].map(([, name]) => name!))].sort();
}

// All packages together cost half a second of each start.
test.each([
  ['the list of commands', ['--help']],
  ['the version', ['--version']],
  ['the help of a command', ['backup', '--help']],
  ['completion', ['completion', 'bash']],
  ['what completion asks', ['complete', '--', 'ba']],
])('%s loads the parser of command lines only', (_, args) => {
  expect(packagesOf(...args)).toEqual(['commander']);
});

test('a wrong command loads colours too', () => {
  expect(packagesOf('bakcup')).toEqual(['commander', 'picocolors']);
});

test('a command loads what it needs', () => {
  expect(packagesOf('list', '-c', 'test/no-such-file')).toContain('yaml');
});
