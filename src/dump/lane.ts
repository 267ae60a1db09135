import { reasonOf, StillpointError } from '../errors.js';
import { Cutter } from './cutter.js';
import type { Divider } from './divider.js';
import { isTakenApart, type Lane } from './lanes.js';
import type { PartText } from './partText.js';
import { broken, type CountedText, type StoredPart, type StoredText } from './pipeline.js';
import type { PartPlan } from './plan.js';
import { checked, startDump, type DumpSource, type RunningDump } from './runningDump.js';
import { Slicer } from './slicer.js';
import { Splitter } from './splitter.js';
import { titleOf } from './titles.js';

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

/** What a lane is dumped with. */
export interface LaneSource extends DumpSource {
  /** What is longer becomes several parts, each little longer than that. */
  partBytes: number;
  /** Ends mysqldump, also one that writes nothing. */
  signal: AbortSignal;
  /** Fires the signal: parts may wait for the store, and none of them is sent any more. */
  fail: (error: unknown) => void;
  /** Starts a mysqldump of one part only, where the text of all cannot be taken apart. */
  alone: (part: PartPlan) => Pick<RunningLane, 'finished'>;
}

/**
 * Starts the mysqldump of a lane and, once `go` has settled, cuts what it writes into parts; `store` takes
 * each to the store. Until then mysqldump waits with its snapshot open and the beginning of its text read.
 */
export function startLane(
  lane: Lane,
  title: string,
  source: LaneSource,
  store: (part: PartPlan, text: CountedText) => Promise<StoredText>,
  go: Promise<void>,
): RunningLane {
  const { partBytes, signal, fail, alone } = source;
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
      const stored = await all();
      if (stored.length === 0) return await eachAlone();
      return stored.map((part, i) => ({ ...part, warnings: i === 0 ? dump.warnings : [] }));
    } finally {
      signal.removeEventListener('abort', kill);
      dump.kill();
      await dump.ended.catch(() => undefined);
    }
  }

  /** Stores all parts; none, where the text cannot be taken apart. */
  async function all(): Promise<Stored[]> {
    const [first] = lane.parts;
    if (lane.parts.length === 1) return await sliced(first, dump.text);
    return isTakenApart(first)
      ? await divided(dump.text, (begin) => new Splitter(lane.parts, begin), wholeIfComplete)
      : await divided(dump.text, (begin) => new Cutter(lane.parts, begin), sliced);
  }

  async function eachAlone(): Promise<LanePart[]> {
    const parts: LanePart[] = [];
    for (const part of lane.parts) parts.push(...(await alone(part).finished));
    return parts;
  }

  /** Objects of two databases may have one name, so what the whole text holds proves too little. */
  async function wholeIfComplete(plan: PartPlan, text: CountedText): Promise<Stored[]> {
    return await whole(plan, checked(titleOf(plan), text, plan.expected));
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
