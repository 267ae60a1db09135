import { execa } from 'execa';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../../src/util/wait.js';
import { pair } from '../rig/shared.js';
import { onlySmall, root, setUp, smallShop } from '../support/cli.js';

beforeAll(smallShop);

/** Connections whose STOP was kept back, and what has not been passed on to the server. */
const kept: { upstream: Socket; bytes: Buffer[]; ended: boolean }[] = [];

let stopIsOnItsWay = (): unknown => undefined;

/** A network on which a STOP takes longer than everything sent after it on other connections. */
const network = createServer((client) => {
  const upstream = createConnection({ host: '127.0.0.1', port: pair.replica.port });
  const late = { upstream, bytes: [] as Buffer[], ended: false };
  upstream.on('error', () => client.destroy()).pipe(client);
  client.on('error', () => undefined);
  client.on('data', (chunk: Buffer) => {
    if (/STOP (SLAVE|REPLICA)/.test(chunk.toString('latin1'))) {
      kept.push(late);
      stopIsOnItsWay();
    }
    if (kept.includes(late)) late.bytes.push(chunk);
    else upstream.write(chunk);
  });
  client.on('close', () => {
    if (kept.includes(late)) late.ended = true;
    else upstream.end();
  });
});

beforeAll(() => new Promise<void>((done) => void network.listen(0, '127.0.0.1', done)));
afterAll(() => void network.close());

function arrive(): void {
  for (const { upstream, bytes, ended } of kept.splice(0)) {
    expect(ended).toBe(true);
    for (const chunk of bytes) upstream.write(chunk);
    upstream.resume().end();
  }
}

/** Runs a backup on this network and kills it as soon as its STOP is on the way. */
async function killed(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | undefined> {
  const { port } = network.address() as AddressInfo;
  const setup = await setUp({
    pair: onlySmall,
    others: { shop: { source: pair.source.port, replica: port } },
  });
  const run = execa(
    process.execPath,
    [join(root, 'bin/stillpoint.js'), '-c', setup.file, 'backup'],
    {
      reject: false,
      stdin: 'ignore',
    },
  );
  stopIsOnItsWay = () => run.kill(signal);
  return (await run).exitCode;
}

/** Sessions of the run on the replica, which end by themselves when it is dead. */
async function sessions(): Promise<number> {
  const rows = await pair.replica.query<{ User: string }>('SHOW PROCESSLIST');
  return rows.filter(({ User }) => User === 'stillpoint').length;
}

test.each([
  ['SIGTERM', 143, 0],
  ['SIGKILL', undefined, 1],
] as const)('%s: the SQL thread runs after it', async (signal, status, left) => {
  expect(await killed(signal)).toBe(status);
  expect(kept).toHaveLength(1);
  const onlyThat = async () => ((await sessions()) === left ? true : null);
  expect(await waitFor(onlyThat, { within: 20 })).toBe(true);
  arrive();
  const over = async () => ((await sessions()) === 0 ? true : null);
  expect(await waitFor(over, { within: 20 })).toBe(true);
  expect(await pair.applierRunning()).toBe(true);
});
