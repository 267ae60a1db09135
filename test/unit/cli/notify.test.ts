import { execa } from 'execa';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { listen } from '../../support/listener.js';
import { ownFolder } from '../util/folder.js';

const program = fileURLToPath(new URL('../../../bin/stillpoint.js', import.meta.url));

/** Runs it with pairs of which each has this `notify`; their servers do not exist. */
async function run(pairs: Record<string, object>, ...args: string[]) {
  const file = join(await ownFolder(), 'stillpoint.yaml');
  const server = { host: 'nowhere.invalid', user: 'u' };
  const entries = Object.entries(pairs).map(([name, notify]) => [
    name,
    { source: server, replica: server, notify },
  ]);
  const stores = { main: { type: 'file', path: '/srv' } };
  await writeFile(file, stringify({ pairs: Object.fromEntries(entries) as object, stores }));
  return await execa(process.execPath, [program, '-c', file, 'notify', 'test', ...args], {
    reject: false,
    stdin: 'ignore',
  });
}

test('a test that arrives, and one that does not', async () => {
  const [check, hook] = [await listen(), await listen(() => 403)];
  const [at, to] = [new URL(check.url).host, new URL(hook.url).host];
  const good = await run({ shop: { heartbeat: check.url, metricsFile: '/tmp/x.prom' } });
  expect(good.exitCode, good.stderr).toBe(0);
  expect(good.stdout.replace(/\d\.\d\d s/, 'n s').split('\n')).toEqual([
    'shop',
    `  ok    heartbeat for backup  ${at} answered 200 to its /log, after n s`,
    '  -     metrics file          /tmp/x.prom is left as it is: `stillpoint doctor` looks at it',
  ]);
  const pairs = { shop: { webhook: hook.url }, crm: { heartbeat: check.url }, bare: {} };
  const some = await run(pairs, '--all', '--json');
  expect(some.exitCode).toBe(3);
  expect(JSON.parse(some.stdout)).toMatchObject([
    { pair: 'shop', channels: [{ channel: 'webhook', detail: `${to} answered 403` }] },
    { pair: 'crm', channels: [{ channel: 'heartbeat', status: 'arrived' }] },
    { pair: 'bare', channels: [] },
  ]);
  expect((await run(pairs, 'shop')).exitCode).toBe(1);
});

test('of a pair without notify there is nothing to test', async () => {
  const { exitCode, stderr } = await run({ bare: {} });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('nobody is told of runs of bare');
});
