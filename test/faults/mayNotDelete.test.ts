import { beforeAll, expect, test } from 'vitest';
import { pair, s3 } from '../rig/shared.js';
import { onlySmall, setUp, smallShop } from '../support/cli.js';
import { proxyForFile } from './proxy.js';

// A backup host whose credentials cannot delete: who takes it over cannot remove a backup.

const proxy = await proxyForFile(s3.endpoint);
beforeAll(smallShop);

test('backups succeed where deleting is forbidden, also after a run that died', async () => {
  const setup = await setUp({ pair: onlySmall, store: { endpoint: proxy.url } });
  const forbid = () => proxy.fail({ on: /^Delete/, answer: { status: 403, code: 'AccessDenied' } });
  forbid();
  const first = await setup.ok('backup', '--json');
  expect(first.stderr).toBe('');
  expect((await setup.runUntil('fence', 'SIGKILL', 'backup')).status).toBe(137);

  const next = await setup.ok('backup');
  expect(next.stderr).toMatch(
    /^warning: what the dead run \S+ stored is still there: may not remove /m,
  );
  expect(await pair.applierRunning()).toBe(true);
  await setup.ok('verify', 'latest');
  const listed = (await setup.ok('list', '--json')).json as { id: string }[];
  expect(listed).toHaveLength(2);
  const refused = await setup.run('prune', '--yes');
  expect(refused.stderr).toContain('may not remove');
  expect(refused.status).toBe(1);

  const health = await setup.run('doctor');
  expect(health.stdout).toMatch(/warn .*may not delete/);
  expect(health.stdout).not.toContain('FAIL');
});
