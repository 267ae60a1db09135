import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openStore } from '../../src/store/open.js';
import { bare, pipe, stillpoint, type Measured } from '../bench/contenders.js';
import { median } from '../bench/median.js';
import { benchLists } from '../bench/lists.js';
import { benchRestores } from '../bench/restores.js';
import { fill, tables } from '../bench/sysbench.js';
import { tableText } from '../../src/cli/output/table.js';
import { writeConfig } from '../demo/config.js';
import { startS3rver } from '../demo/s3rver.js';
import {
  engines,
  findTools,
  roomyFolder,
  startPair,
  startS3,
  startServers,
  type Engine,
} from '../rig/index.js';

// Measures the ways to dump one replica into one store, in turn, on one machine:
// `--part list` measures listings of many backups (--backups 5000) instead, and needs no server.
//   npm run bench [-- mariadb | mysql] [--rows 800000] [--rounds 3] [--only NAME] [--part dump | restore | list]
// Seconds differ from machine to machine; the ratios within one run are what counts.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '800000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    part: { type: 'string' },
    backups: { type: 'string', default: '5000' },
  },
});
const toolbox = await findTools((line) => console.log(line));
const wanted = engines.filter((name) => positionals.length === 0 || positionals.includes(name));
if (values.part === 'list') await lists();
else for (const engine of wanted) await bench(engine);
process.exit();

async function lists(): Promise<void> {
  if (toolbox.s3 === null) throw new Error(toolbox.missing.join('\n'));
  const s3 = await startS3(toolbox.s3);
  await benchLists(s3, Number(values.backups)).finally(s3.stop);
}

async function bench(engine: Engine): Promise<void> {
  const tools = toolbox[engine];
  if (!tools) throw new Error(toolbox.missing.join('\n'));
  const folder = await mkdtemp(join(await roomyFolder(), 'stillpoint-bench-'));
  const startServer = startServers(engine, tools, folder);
  const [pair, third, s3] = await Promise.all([
    startPair(engine, startServer),
    // No binary log: mysqldump and myloader would switch it off for themselves.
    startServer({ id: 3, args: ['--skip-log-bin'] }),
    startS3rver(join(folder, 's3')),
  ]);
  const store = await openStore({
    type: 's3',
    ...s3,
    credentials: s3,
    forcePathStyle: true,
  });
  try {
    console.log(`\n${engine} ${tools.version}: filling ${tables} tables`);
    await fill(pair.source, Number(values.rows));
    await pair.waitForCatchUp();

    const parallel = availableParallelism();
    const optionFile = join(folder, 'root.cnf');
    await writeFile(optionFile, `[client]\nuser=root\nsocket=${pair.replica.socketPath}\n`);
    const reader = { mysqldump: tools.mysqldump, optionFile };
    const { source, replica } = pair;
    const setting = { source, replica, target: third, tools, s3, bySocket: true };
    const only = { databases: { include: ['sbtest'] } };
    const config = await writeConfig(folder, setting, { ...only, dump: { parallel } });
    const lean = await mkdtemp(join(folder, 'lean-'));
    const without = await writeConfig(lean, setting, {
      ...only,
      dump: { parallel, checksums: false },
    });
    const local = await mkdtemp(join(folder, 'local-'));
    const intoFolder = await writeConfig(
      local,
      { ...setting, storeFolder: join(local, 'store') },
      { ...only, dump: { parallel, checksums: false } },
    );
    const env = { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey };

    const contenders: [string, () => Promise<Measured>][] = [
      ['mysqldump | gzip, uploaded', async () => await pipe(reader, ['gzip'], store)],
      [
        'mysqldump | zstd -1, uploaded',
        async () => await pipe(reader, ['zstd', '-q', '-1'], store),
      ],
      [
        `${parallel} × mysqldump | zstd -1 > file`,
        async () => await bare(reader, parallel, folder),
      ],
      ['stillpoint', async () => await stillpoint(config, env)],
      ['stillpoint, no checksums', async () => await stillpoint(without, env)],
      ['the same, into a folder', async () => await stillpoint(intoFolder, env)],
    ];
    const chosen = contenders.filter(([name]) => name.includes(values.only ?? ''));
    const dumps = values.part === 'restore' ? [] : chosen;
    const results = new Map<string, Measured[]>(dumps.map(([name]) => [name, []]));
    for (let round = 1; round <= Number(values.rounds); round += 1) {
      for (const [name, run] of dumps) {
        const measured = await run();
        results.get(name)?.push(measured);
        console.log(`round ${round}  ${name.padEnd(30)} ${measured.seconds.toFixed(2)} s`);
      }
    }
    const [size] = await replica.query<{ bytes: string }>(
      "SELECT SUM(DATA_LENGTH) AS bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'sbtest'",
    );
    const bytes = Number(size?.bytes ?? 0);
    if (dumps.length > 0) console.log(`\n${report(results, bytes)}`);
    if (values.part === 'dump') return;
    const targetOptions = join(folder, 'third.cnf');
    await writeFile(targetOptions, `[client]\nuser=root\nsocket=${third.socketPath}\n`);
    const proven = await mkdtemp(join(folder, 'proven-'));
    const storeFolder = join(proven, 'store');
    const withChecksums = { ...only, dump: { parallel } };
    const forDrills = await writeConfig(proven, { ...setting, storeFolder }, withChecksums);
    await benchRestores(
      {
        tools,
        replica,
        target: third,
        replicaOptions: optionFile,
        targetOptions,
        folder,
        parallel,
      },
      forDrills,
      { rounds: Number(values.rounds), bytes },
    );
  } finally {
    await store.close();
    await Promise.all([pair.source.stop(), pair.replica.stop(), third.stop(), s3.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Medians of all rounds, and each contender's time as a multiple of stillpoint's. */
function report(results: Map<string, Measured[]>, dataBytes: number): string {
  const of = (name: string, what: (one: Measured) => number | null) =>
    median((results.get(name) ?? []).map(what).filter((value) => value !== null));
  const own = of('stillpoint', ({ seconds }) => seconds);
  const text = (value: number | null, unit: string, digits = 2) =>
    value === null ? '-' : `${value.toFixed(digits)} ${unit}`;
  const rows = [...results.keys()].map((name) => {
    const seconds = of(name, (one) => one.seconds) ?? 0;
    return [
      name,
      text(seconds, 's'),
      text(dataBytes / 1e6 / seconds, 'MB/s', 1),
      text(
        of(name, (one) => one.pause),
        's',
      ),
      text(
        of(name, (one) => one.peakMemory && one.peakMemory / 1e6),
        'MB',
        0,
      ),
      text(
        of(name, (one) => one.storedBytes / 1e6),
        'MB',
        0,
      ),
      own === null ? '-' : `${(seconds / own).toFixed(2)} ×`,
    ];
  });
  const head = ['medians', 'time', 'data', 'pause', 'peak memory', 'stored', 'of stillpoint'];
  return tableText(head, rows, head.slice(1));
}
