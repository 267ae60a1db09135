import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { listBackups, readManifest } from './catalog/catalog.js';
import type { Manifest } from './catalog/records.js';
import { openCatalogCache } from './catalogCache.js';
import { resolvePair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { decodingOf } from './decoding.js';
import { blamed } from './drill/blame.js';
import { proveCatchUp } from './drill/catchUp.js';
import { download } from './drill/download.js';
import type { Evidence } from './drill/evidence.js';
import { withFolder } from './drill/folder.js';
import { checkAge, checkSize } from './drill/plausible.js';
import { prove } from './drill/prove.js';
import { outOfRoom, watchRoom } from './drill/room.js';
import { roomOf } from './drill/serverArgs.js';
import { findServer, recordedVersion } from './drill/serverProgram.js';
import type { Timeline } from './drill/timeline.js';
import { plural } from './drill/words.js';
import type { DrillOptions } from './drillBackup.js';
import { inSandbox, inTarget, type DrillPlace } from './drillPlace.js';
import type { Drilled } from './drillRecord.js';
import { openFollowing, type Following } from './followSource.js';
import type { OpenBackup } from './openBackup.js';
import { select } from './restore/selection.js';
import type { Store } from './store/store.js';
import type { Clock } from './util/clock.js';
import type { Observe } from './util/observe.js';

/** A drill that goes on. */
export interface Drill {
  config: Config;
  options: DrillOptions;
  opened: OpenBackup;
  id: string;
  evidence: Evidence;
  timeline: Timeline;
  signal: AbortSignal;
  observe: Observe;
  clock: Clock;
  /** Filled as it goes. */
  drilled: Drilled;
}

/** Where sandboxes lie, and downloads. */
export function directoryOf({ drill }: Config): string {
  return drill.directory ?? tmpdir();
}

/**
 * Carries a drill out: what is wrong with the backup becomes evidence, what keeps the drill from going
 * on is thrown. Damage that is found while the backup is read is thrown as `verification`.
 */
export async function examine(drill: Drill): Promise<void> {
  const { config, options, opened, timeline, evidence, drilled, signal } = drill;
  const { record, store, name } = opened;
  const { maxAge } = config.drill;
  if (maxAge !== undefined && (options.backup ?? 'latest') === 'latest') {
    checkAge(record, maxAge, drill.clock.now(), evidence);
  }
  const cache = await openCatalogCache(config, resolvePair(config, name));
  const all = await listBackups(store, name, undefined, cache?.backups);
  checkSize(record, all, evidence);
  const manifest = await readManifest(store, record);
  const follows = options.catchUp ?? config.drill.catchUp;
  const following = follows ? await openFollowing(config, opened, manifest, drill) : null;
  let cleaned: () => void = () => undefined;
  try {
    const needs = {
      flavour: record.flavour,
      variables: manifest.variables,
      plainBytes: record.bytes.plain,
      follows,
      gtid: record.coordinates.gtid !== null,
      ignored: following?.ignored ?? [],
    };
    const sandboxed = drilled.into === 'sandbox';
    const program = sandboxed
      ? await findServer(recordedVersion(record), opened.pair.tools.mysqld)
      : null;
    const room = record.bytes.stored + (sandboxed ? roomOf(needs) : 0);
    await withFolder(directoryOf(config), room, async ({ path }) => {
      const files = await fetchAll(drill, manifest, path);
      const proveThere = async (place: DrillPlace): Promise<void> => {
        await proveIn(place, path, { drill, manifest, files, following });
        cleaned = await timeline.begin('clean-up');
      };
      if (program) {
        await inSandbox(
          program,
          { ...needs, folder: path },
          { opened, timeline, signal },
          proveThere,
        );
      } else await inTarget(config, drilled.into, opened, manifest, proveThere);
    });
  } finally {
    cleaned();
    following?.close();
  }
}

/** Downloads every object of the backup, which is its first check. */
async function fetchAll(
  { opened, timeline, evidence, signal, observe }: Drill,
  manifest: Manifest,
  folder: string,
): Promise<Pick<Store, 'get'>> {
  const { record, store } = opened;
  const objects = [record.script, ...manifest.parts];
  const estimatedBytes = record.bytes.stored;
  await observe({ type: 'plan', parts: objects.length, estimatedBytes });
  const files = await timeline.phase(
    'download',
    async () => await download(store, objects, join(folder, 'parts'), { signal, observe }),
  );
  // With the record and the manifest, whose sums were checked when they were read.
  evidence.passed('hashes', `all ${plural(objects.length + 2, 'object')} are as they were stored`);
  return files;
}

async function proveIn(
  place: DrillPlace,
  folder: string,
  {
    drill,
    manifest,
    files,
    following,
  }: {
    drill: Drill;
    manifest: Manifest;
    files: Pick<Store, 'get'>;
    following: Following | null;
  },
): Promise<void> {
  const { config, options, opened, timeline, evidence, drilled, observe } = drill;
  const { server } = place;
  const sandboxed = drilled.into === 'sandbox';
  const room = watchRoom(folder);
  const signal = AbortSignal.any([drill.signal, place.died, room.full]);
  drilled.version = server.dialect.version.text;
  const parallel = options.parallel ?? config.drill.parallel ?? availableParallelism();
  const selection = select(manifest, null, false);
  const estimatedBytes = selection.parts.reduce((sum, { bytes }) => sum + bytes, 0);
  await observe({ type: 'plan', parts: selection.parts.length, estimatedBytes });
  try {
    await prove(server, {
      record: opened.record,
      manifest,
      restore: {
        store: files,
        selection,
        client: place.client,
        optionFile: place.optionFile,
        ...(await decodingOf(config, opened, options.identityFile)),
        parallel,
        replace: [],
        unlogged: sandboxed,
        signal,
        observe,
      },
      // A target has accounts of its own.
      accounts: sandboxed ? (manifest.parts.find(({ kind }) => kind === 'accounts') ?? null) : null,
      settings: config.drill,
      timeline,
      evidence,
      proof: drilled.proof,
    });
    if (following && !evidence.failure)
      await timeline.phase('catch-up', async () => {
        const now = () => timeline.now();
        const how = { ...following.options, record: opened.record, parallel, now, signal, observe };
        try {
          drilled.catchUp = await proveCatchUp(server, how, evidence);
        } catch (error) {
          evidence.failed('catch-up', await blamed(error, server, signal));
        }
      });
    const full = evidence.failure && (await outOfRoom(folder));
    if (full) throw full;
  } finally {
    room.end();
  }
}
