import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import pc from 'picocolors';
import { stringify } from 'yaml';
import { waitFor } from '../../src/util/wait.js';
import { loadShop, shopChecksums, startOrders } from '../demo/shop.js';
import {
  backupPassword,
  engines,
  findTools,
  freePort,
  roomyFolder,
  startPair,
  startServers,
  type Engine,
} from '../rig/index.js';

// Shows the main job on servers of its own: npm run demo [-- mariadb | mysql]. Everything it starts and
// writes is gone when it ends, however it ends.
const say = (line: string) => console.log(`\n${pc.bold(pc.cyan(`▸ ${line}`))}`);
const root = new URL('../../', import.meta.url).pathname;
const credentials = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' };
const ends: (() => Promise<unknown>)[] = [];
const cleanUp = async () => {
  for (const end of ends.splice(0).reverse()) await end().catch(() => undefined);
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
}

try {
  await demo();
} finally {
  await cleanUp();
}
process.exit();

async function demo(): Promise<void> {
  const toolbox = await findTools((line) => console.log(line));
  const wanted = process.argv[2] as Engine | undefined;
  const engine = wanted ?? engines.find((name) => toolbox[name] !== null);
  const tools = engine && toolbox[engine];
  if (!engine || !tools) throw new Error(`nothing to show it with:\n${toolbox.missing.join('\n')}`);

  const begun = performance.now();
  const folder = await mkdtemp(join(await roomyFolder(), 'stillpoint-demo-'));
  ends.push(async () => await rm(folder, { recursive: true, force: true }));
  say(`a source, a replica and a third server (${engine} ${tools.version}), and an S3 service`);
  const startServer = startServers(engine, tools, folder);
  const [pair, third, endpoint] = await Promise.all([
    startPair(engine, startServer),
    startServer({ id: 3 }),
    startS3rver(join(folder, 's3')),
  ]);
  ends.push(pair.source.stop, pair.replica.stop, third.stop);
  await loadShop(pair.source);
  await pair.waitForCatchUp();
  const orders = startOrders(pair.source);
  ends.push(orders.stop);
  console.log('the sample shop is loaded; from now on orders are placed on the source');

  await writeFile(join(folder, 'password'), `${backupPassword}\n`, { mode: 0o600 });
  const server = (port: number) => ({
    host: '127.0.0.1',
    port,
    user: 'stillpoint',
    passwordFile: join(folder, 'password'),
  });
  const config = {
    pairs: {
      shop: {
        source: server(pair.source.port),
        replica: server(pair.replica.port),
        tools: { mysqldump: tools.mysqldump, mysql: tools.mysql },
      },
    },
    stores: {
      s3: { type: 's3', bucket: 'backups', endpoint, forcePathStyle: true, region: 'us-east-1' },
    },
    targets: {
      third: { socketPath: third.socketPath, user: 'root', tools: { mysql: tools.mysql } },
    },
    stateDir: join(folder, 'state'),
  };
  const file = join(folder, 'stillpoint.yaml');
  await writeFile(file, stringify(config));

  const stillpoint = async (...args: string[]): Promise<void> => {
    say(`stillpoint ${args.join(' ')}`);
    await execa(process.execPath, [join(root, 'bin/stillpoint.js'), '--config', file, ...args], {
      stdio: 'inherit',
      env: credentials,
    });
  };
  await stillpoint('backup', 'shop', '--label', 'demo');
  await stillpoint('list');
  await stillpoint('restore', 'latest', '--to', 'third', '--attach', '--yes');

  say('do the tables of the third server agree with the source?');
  await orders.stop();
  await pair.waitForCatchUp(third);
  const [ours, theirs] = await Promise.all([shopChecksums(third), shopChecksums(pair.source)]);
  for (const [table, checksum] of theirs) {
    const same = ours.get(table) === checksum;
    console.log(`  ${table.padEnd(16)} ${checksum.padStart(12)}  ${same ? 'equal' : 'DIFFERS'}`);
    if (!same) throw new Error(`${table} differs`);
  }
  const { stdout } = await execa(
    process.execPath,
    [join(root, 'bin/stillpoint.js'), '--config', file, 'list', '--json'],
    { env: credentials },
  );
  const [record] = JSON.parse(stdout) as { pauseSeconds: number }[];
  const seconds = Math.round((performance.now() - begun) / 1000);
  say(
    `the replica was paused for ${record?.pauseSeconds.toFixed(2) ?? '?'} s while ${orders.placed()} orders were placed; all this took ${seconds} s`,
  );
}

/** A small S3 service from npm; the tests use a stricter one. */
async function startS3rver(directory: string): Promise<string> {
  const port = await freePort();
  const program = createRequire(import.meta.url).resolve('s3rver/bin/s3rver.js');
  const args = ['-d', directory, '-a', '127.0.0.1', '-p', String(port), '--silent'];
  const service = execa(process.execPath, [program, ...args], {
    reject: false,
    stdio: 'ignore',
    cleanup: true,
  });
  ends.push(async () => {
    service.kill('SIGKILL');
    await service;
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
  });
  const create = async () =>
    await client.send(new CreateBucketCommand({ Bucket: 'backups' })).catch(() => null);
  const made = await waitFor(create, { within: 30 });
  client.destroy();
  if (!made) throw new Error('the S3 service does not answer');
  return endpoint;
}
