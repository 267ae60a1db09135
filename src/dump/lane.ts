import { pipeline } from 'node:stream/promises';
import { StillpointError } from '../errors.js';
import { Cutter } from './cutter.js';
import type { Lane } from './lanes.js';
import {
  broken,
  startDump,
  type CountedText,
  type DumpSource,
  type RunningDump,
  type StoredPart,
  type StoredText,
} from './pipeline.js';
import type { PartPlan } from './plan.js';

/** Parts of one lane that are on their way to the store at once. */
const storedAtOnce = 2;

/** A part as it is stored. */
export interface LanePart extends StoredPart {
  plan: PartPlan;
}

/** A mysqldump at work, and where its parts go. */
export interface RunningLane {
  dump: RunningDump;
  /** Every part, stored. When it fails, mysqldump is dead and all that wrote has ended. */
  finished: Promise<LanePart[]>;
}

/**
 * Starts the mysqldump of a lane and, once `go` has settled, cuts what it writes into parts; `store` takes
 * each to the store. Until then mysqldump waits with its snapshot open and a megabyte or two read.
 */
export function startLane(
  lane: Lane,
  title: string,
  source: DumpSource,
  store: (part: PartPlan, text: CountedText) => Promise<StoredText>,
  go: Promise<void>,
): RunningLane {
  const dump = startDump(title, source);
  return { dump, finished: run() };

  async function run(): Promise<LanePart[]> {
    try {
      await go;
      const stored = await (lane.parts.length === 1 ? whole(lane.parts[0]) : cut());
      return stored.map((part, i) => ({ ...part, warnings: i === 0 ? dump.warnings : [] }));
    } finally {
      dump.kill();
      await dump.ended.catch(() => undefined);
    }
  }

  async function whole(plan: PartPlan) {
    return [{ ...(await store(plan, dump.text)), plan }];
  }

  async function cut() {
    const parts: Promise<StoredText & { plan: PartPlan }>[] = [];
    const cutter = new Cutter(lane.parts, async (plan, text) => {
      const one = store(plan, text).then((stored) => ({ ...stored, plan }));
      one.catch((error: unknown) => cutter.destroy(error as Error));
      parts.push(one);
      await parts.at(-1 - storedAtOnce);
    });
    const failure = await pipeline(dump.text, cutter).then(
      () => null,
      (error: unknown) => error,
    );
    const ends = await Promise.allSettled(parts);
    if (failure !== null) {
      throw failure instanceof StillpointError
        ? failure
        : broken(title, (failure as Error).message);
    }
    return ends.map((end) => {
      if (end.status === 'rejected') throw end.reason;
      return end.value;
    });
  }
}
