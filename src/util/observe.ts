/** The steps of a backup, in their order. A test may end the process at any of them. */
export const steps = [
  'preflight',
  'lock',
  'recover',
  'gate',
  'journal',
  'lease',
  'stop',
  'record',
  'dump',
  'fence',
  'resume',
  'drop-lease',
  'manifest',
  'commit',
  'catch-up',
  'done',
] as const;

/**
 * What a backup from snapshots has beside these: the first two in the pause, before `fence`; the last after
 * `drop-lease`, while the rows stream.
 */
export const holdSnapshotSteps = ['guard', 'open', 'stream'] as const;

/**
 * What a backup of a pair with two writers has beside these: the first three before `journal`, the last two
 * after `resume`.
 */
export const twoWriterSteps = [
  'drain',
  'close-writes',
  'settle',
  'open-writes',
  'put-back',
] as const;

/** The steps of a restore. */
export const restoreSteps = ['restore', 'check', 'attach'] as const;

/** What a snapshot before a migration has beside the steps of a backup. */
export const snapshotSteps = ['reach', 'pin', 'command'] as const;

/**
 * The steps of `pair promote`: up to `close` nothing was changed, after `switch` it only goes forward. The
 * old source follows in a switchover only, and others are moved where there are several replicas.
 */
export const promoteSteps = [
  'check-pair',
  'close',
  'apply',
  'switch',
  'open-source',
  'move-others',
  'follow-source',
  'keep-promotion',
] as const;

/** What `pair rejoin` has beside `check-pair`, `close`, `seed` and `follow-source`. */
export const rejoinSteps = ['rescue'] as const;

/**
 * The steps of `pair setup` after `check-pair`; `dump-source` only where the replica is seeded from it. What
 * a restore and its end have comes in between.
 */
export const setupSteps = [
  'make-account',
  'seed',
  'dump-source',
  'seeded',
  'compare-servers',
] as const;

export type Step =
  | (typeof setupSteps)[number]
  | (typeof promoteSteps)[number]
  | (typeof rejoinSteps)[number]
  | (typeof steps)[number]
  | (typeof holdSnapshotSteps)[number]
  | (typeof twoWriterSteps)[number]
  | (typeof restoreSteps)[number]
  | (typeof snapshotSteps)[number];

/** The steps of a drill, in their order; its freeze has those of a run from `lock` to `drop-lease`. */
export const drillSteps = [
  'sweep',
  'download',
  'sandbox',
  'restore',
  'checks',
  'follow',
  'compare',
  'clean-up',
  'keep-record',
] as const;

export type DrillStep = (typeof drillSteps)[number];

/** The steps of a prune; the last three come for each backup that goes. */
export const pruneSteps = ['sweep-store', 'mark', 'remove-commit', 'remove-parts'] as const;

export type PruneStep = (typeof pruneSteps)[number];

/** What a run tells about itself while it goes on. */
export type RunEvent =
  | { type: 'step'; step: Step | DrillStep | PruneStep }
  | { type: 'paused' }
  | { type: 'resumed'; pauseSeconds: number }
  | { type: 'plan'; parts: number; estimatedBytes: number }
  | { type: 'bytes'; plain: number; stored: number }
  | { type: 'part'; key: string }
  /**
   * A part on its way into a server; `keys`: its rows are there, the keys of its table are added. One of
   * views or with sequences is loaded several times.
   */
  | { type: 'load'; key: string; phase: 'begin' | 'keys' | 'end' }
  /** A restore that was interrupted goes on: of all its parts these many are there. */
  | { type: 'continued'; since: string; loaded: number; parts: number }
  | { type: 'read'; bytes: number }
  | { type: 'lag'; seconds: number | null }
  /** For the replica to reach what the source has committed. */
  | { type: 'waiting'; behindSeconds: number | null; secondsLeft: number }
  /** A statement that is about to be run, or something else that is about to be done to a server. */
  | { type: 'act'; on: string; says: string }
  /** Which of several replicas is paused, and why. */
  | { type: 'picked'; replica: string; reason: string }
  | { type: 'warning'; text: string };

/** Called for every event; a run waits for what it returns before it goes on with a step. */
export type Observe = (event: RunEvent) => void | Promise<void>;

export const ignore: Observe = () => undefined;
