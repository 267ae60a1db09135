import { execa } from 'execa';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pc from 'picocolors';
import { writeConfig } from '../demo/config.js';
import { startS3rver } from '../demo/s3rver.js';
import { loadShop, shopChecksums, startOrders } from '../demo/shop.js';
import {
  engines,
  findTools,
  roomyFolder,
  startPair,
  startServers,
  type Engine,
} from '../rig/index.js';

// Shows the main job on servers of its own: npm run demo [-- mariadb | mysql]. Everything it starts and
// writes is gone when it ends, however it ends.
const say = (line: string) => console.log(`\n${pc.bold(pc.cyan(`▸ ${line}`))}`);
const root = new URL('../../', import.meta.url).pathname;
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
  const [pair, third, s3] = await Promise.all([
    startPair(engine, startServer),
    startServer({ id: 3 }),
    startS3rver(join(folder, 's3')),
  ]);
  ends.push(pair.source.stop, pair.replica.stop, third.stop, s3.stop);
  await loadShop(pair.source);
  await pair.waitForCatchUp();
  const orders = startOrders(pair.source);
  ends.push(orders.stop);
  console.log('the sample shop is loaded; from now on orders are placed on the source');

  const { source, replica } = pair;
  const file = await writeConfig(folder, { source, replica, target: third, tools, s3 });
  const env = { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey };

  const stillpoint = async (...args: string[]): Promise<void> => {
    say(`stillpoint ${args.join(' ')}`);
    await execa(process.execPath, [join(root, 'bin/stillpoint.js'), '--config', file, ...args], {
      stdio: 'inherit',
      env,
    });
  };
  await stillpoint('backup', 'shop', '--label', 'demo');
  await stillpoint('list');
  await stillpoint('drill', 'latest', '--catch-up');
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
    { env },
  );
  const [record] = JSON.parse(stdout) as { pauseSeconds: number }[];
  const seconds = Math.round((performance.now() - begun) / 1000);
  say(
    `the replica was paused for ${record?.pauseSeconds.toFixed(2) ?? '?'} s while ${orders.placed()} orders were placed; all this took ${seconds} s`,
  );
}
