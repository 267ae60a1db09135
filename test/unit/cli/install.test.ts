import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('the packed tarball installs into an empty prefix, with program and man page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-install-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const npm = (...args: string[]) =>
    execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  // The build that there is: a new one would take dist away from the tests beside this one.
  const pack = npm('pack', '--json', '--ignore-scripts', '--pack-destination', folder);
  const [packed] = JSON.parse(pack) as {
    filename: string;
    files: { path: string }[];
  }[];
  const tops = new Set(packed!.files.map(({ path }) => path.split('/')[0]!));
  expect([...tops].sort()).toEqual(
    [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'bin',
      'dist',
      'docs',
      'package.json',
      'schedules',
      'src',
    ].sort(),
  );
  const sources = packed!.files.filter(({ path }) => path.startsWith('src/'));
  expect(sources.every(({ path }) => /^src\/report\/browser\/.*\.(css|js)$/.test(path))).toBe(true);

  const tarball = join(folder, packed!.filename);
  const prefix = join(folder, 'prefix');
  npm('install', '-g', '--prefix', prefix, '--prefer-offline', '--no-audit', '--no-fund', tarball);
  const run = (...args: string[]) =>
    execFileSync(join(prefix, 'bin/stillpoint'), args, { encoding: 'utf8', cwd: folder });
  expect(run('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(run('--help')).toContain('backup');
  expect(existsSync(join(prefix, 'share/man/man1/stillpoint.1'))).toBe(true);
});
