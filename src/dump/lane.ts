import { reasonOf, StillpointError } from '../errors.js';
import { Cutter } from './cutter.js';
import type { Divider } from './divider.js';
import type { Lane } from './lanes.js';
import type { PartText } from './partText.js';
import { broken, type CountedText, type StoredPart, type StoredText } from './pipeline.js';
import type { PartPlan } from './plan.js';
import { startDump, type DumpSource, type RunningDump } from './runningDump.js';
import { Slicer } from './slicer.js';

/** Parts of one lane that may wait for the store: each may have a file open. */
const mostWaiting = 500;

/** A part as it is stored. */
export interface LanePart extends StoredPart {
  plan: PartPlan;
}

type Stored = StoredText & { plan: PartPlan };

/** A mysqldump at work, and where its parts go. */
export interface RunningLane {
  dump: RunningDump;
  /** Every part, stored. When it fails, mysqldump is dead and all that wrote has ended. */
  finished: Promise<LanePart[]>;
}

/**
 * Starts the mysqldump of a lane and, once `go` has settled, cuts what it writes into parts; `store` takes
 * each to the store. Until then mysqldump waits with its snapshot open and the beginning of its text read.
 * `partBytes`: what is longer becomes several parts, each little longer than that. `signal` ends mysqldump, also one
 * that writes nothing; `fail` fires it: parts may wait for the store, and none of them is sent any more.
 */
export function startLane(
  lane: Lane,
  title: string,
  source: DumpSource & { partBytes: number; signal: AbortSignal; fail: (error: unknown) => void },
  store: (part: PartPlan, text: CountedText) => Promise<StoredText>,
  go: Promise<void>,
): RunningLane {
  const { partBytes, signal, fail } = source;
  const dump = startDump(title, source);
  return { dump, finished: run() };

  async function run(): Promise<LanePart[]> {
    const kill = () => {
      dump.kill();
    };
    signal.addEventListener('abort', kill, { once: true });
    try {
      await go;
      signal.throwIfAborted();
      const [first] = lane.parts;
      const stored = await (lane.parts.length === 1
        ? sliced(first, dump.text)
        : divided(dump.text, (begin) => new Cutter(lane.parts, begin), sliced));
      return stored.map((part, i) => ({ ...part, warnings: i === 0 ? dump.warnings : [] }));
    } finally {
      signal.removeEventListener('abort', kill);
      dump.kill();
      await dump.ended.catch(() => undefined);
    }
  }

  /** Stores the rows of one table in as many parts as they need. */
  async function sliced(plan: PartPlan, text: CountedText): Promise<Stored[]> {
    if (!mayBeTooLarge(plan, partBytes)) return await whole(plan, text);
    const numbered = (number: number) => ({ ...plan, index: plan.index + number * plan.step });
    return await divided(
      text,
      (begin) => new Slicer(partBytes, (number, slice) => begin(numbered(number), slice)),
      whole,
    );
  }

  async function whole(plan: PartPlan, text: CountedText): Promise<Stored[]> {
    return [{ ...(await store(plan, text)), plan }];
  }

  /** Stores each part that a divider makes of a text. */
  async function divided(
    text: CountedText,
    dividerFor: (begin: (plan: PartPlan, text: PartText) => Promise<void>) => Divider,
    storePart: (plan: PartPlan, text: CountedText) => Promise<Stored[]>,
  ): Promise<Stored[]> {
    const parts: Promise<Stored[]>[] = [];
    const divider = dividerFor(async (plan, part) => {
      const stored = storePart(plan, part);
      stored.catch((error: unknown) => {
        fail(error);
        part.abandon();
      });
      parts.push(stored);
      await parts.at(-1 - mostWaiting);
    });
    await divider.divide(text).catch((error: unknown) => {
      fail(error instanceof StillpointError ? error : broken(title, reasonOf(error)));
    });
    const ends = await Promise.allSettled(parts);
    signal.throwIfAborted();
    return ends.flatMap((end) => (end.status === 'fulfilled' ? end.value : []));
  }
}

/**
 * Whether the text of a part may exceed the bound: of InnoDB's tables, since several clients may load one at a
 * time. The estimate is the server's, and text is longer than what it stores.
 */
function mayBeTooLarge({ kind, ofTable, mvcc, estimatedBytes }: PartPlan, most: number): boolean {
  return kind === 'data' && ofTable !== null && mvcc && estimatedBytes * 4 > most;
}
