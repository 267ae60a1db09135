import { writeFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { fill, type DataSet } from '../bench/data.js';
import { benchDumps } from '../bench/dumps.js';
import { benchLists } from '../bench/lists.js';
import { readOptions } from '../bench/options.js';
import { plot } from '../bench/plot.js';
import { groupReport, legend } from '../bench/report.js';
import { benchRestores } from '../bench/restores.js';
import { readResults, writeResults, type Group, type Results } from '../bench/results.js';
import { withSetting } from '../bench/setting.js';
import { benchWrites } from '../bench/writes.js';
import { findTools, startS3, type Engine, type RigServer } from '../rig/index.js';

// Measures ways to dump and restore one replica, in turn, on one machine: `npm run bench -- --help`.
// Seconds differ from machine to machine; the ratios within one run are what counts.
const options = readOptions(process.argv.slice(2));
const say = (line: string): void => console.log(line);

if (options.from !== null) await show(await readResults(options.from));
else await measureAll();
process.exit();

async function measureAll(): Promise<void> {
  const toolbox = await findTools(say);
  if (options.parts.includes('list')) {
    if (toolbox.s3 === null) throw new Error(toolbox.missing.join('\n'));
    const s3 = await startS3(toolbox.s3);
    await benchLists(s3, options.backups).finally(s3.stop);
  }
  if (options.parts.every((part) => part === 'list')) return;
  const groups: Group[] = [];
  for (const engine of options.engines) {
    for (const data of options.data) {
      groups.push(await measureGroup(engine, data));
      const results: Results = {
        format: 1,
        finishedAt: new Date().toISOString(),
        cores: availableParallelism(),
        memory: totalmem(),
        node: process.version,
        groups,
      };
      // After each, so that a run that is ended early has left what it measured.
      if (options.json !== null) await writeResults(options.json, results);
      if (options.engines.length * options.data.length === groups.length) await show(results);
    }
  }

  async function measureGroup(engine: Engine, data: DataSet): Promise<Group> {
    const tools = toolbox[engine];
    if (!tools) throw new Error(toolbox.missing.join('\n'));
    return await withSetting(engine, tools, options.folder, async (setting) => {
      say(`\n${engine} ${tools.version}, ${data}: filling`);
      await fill(setting.pair, data, options);
      const { parts } = options;
      const size = await sizeOf(setting.pair.replica);
      const dumps = parts.includes('dump') ? await benchDumps(setting, data, options) : [];
      const restores = parts.includes('restore') ? await benchRestores(setting, options) : [];
      const writes = parts.includes('writes') ? await benchWrites(setting, options) : [];
      return { engine, version: tools.version, data, ...size, dumps, restores, writes };
    });
  }
}

async function show(results: Results): Promise<void> {
  const reports = results.groups.map(groupReport).filter((text) => text !== '');
  say(`\n${[...reports, legend].join('\n\n')}`);
  if (options.plot !== null) await writeFile(options.plot, plot(results));
}

async function sizeOf(replica: RigServer): Promise<{ dataBytes: number; tables: number }> {
  // MySQL would answer with what it knew a day ago.
  if (replica.engine === 'mysql')
    await replica.query('SET SESSION information_schema_stats_expiry = 0');
  const [size] = await replica.query<{ bytes: string; tables: string }>(
    "SELECT SUM(DATA_LENGTH) AS bytes, COUNT(*) AS tables FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'sbtest'",
  );
  return { dataBytes: Number(size?.bytes ?? 0), tables: Number(size?.tables ?? 0) };
}
