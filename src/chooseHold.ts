import { availableParallelism } from 'node:os';
import { number } from './dialect/rows.js';
import type { DatabaseInfo } from './dump/inventory.js';
import { balancedLanes } from './dump/lanes.js';
import { planParts } from './dump/plan.js';
import { StillpointError } from './errors.js';
import type { Run } from './openRun.js';
import { globalGrants, hasAny } from './pair/grants.js';

/** How long the replica is to stand still, and why not for less where that was left to us. */
export interface Held {
  hold: 'dump' | 'snapshot';
  /** Why `auto` did not take `snapshot`; null otherwise. */
  holdReason: string | null;
}

/** Seconds that a changed definition must be allowed to wait on the replica, else its SQL thread may give up. */
const leastLockWait = 3600;
/** So many snapshots are open at once at most. */
const mostSnapshots = 32;

/**
 * Decides about `freeze.hold`. Throws `refused` with the reason when `snapshot` was asked for and is not
 * possible.
 */
export async function chooseHold(
  run: Run,
  facts: { exclusive: boolean; inventory: readonly DatabaseInfo[] },
): Promise<Held> {
  const { hold } = run.pair.freeze;
  if (hold === 'dump') return { hold, holdReason: null };
  const reason = await whyNot(run, facts);
  return reason === null ? { hold: 'snapshot', holdReason: null } : insteadOfSnapshots(run, reason);
}

/** What `auto` does where snapshots are not possible. Throws `refused` when they were asked for. */
export function insteadOfSnapshots({ pair, replica }: Run, reason: string): Held {
  if (pair.freeze.hold === 'auto') return { hold: 'dump', holdReason: reason };
  throw new StillpointError(
    'refused',
    `freeze.hold: snapshot is not possible on the ${replica.who}: ${reason}`,
    { hint: 'Mend that, or set freeze.hold to auto, which then pauses it for the whole dump.' },
  );
}

async function whyNot(
  { replica, pair }: Run,
  { exclusive, inventory }: { exclusive: boolean; inventory: readonly DatabaseInfo[] },
): Promise<string | null> {
  const { ddlGuard, version } = replica.dialect;
  if (ddlGuard === null) return `${version.text} has no backup lock`;
  const { privileges } = await globalGrants(replica);
  const lacking = [...ddlGuard.needs, 'PROCESS'].filter((name) => !hasAny(privileges, [name]));
  if (lacking.length > 0) return `the account lacks ${lacking.join(', ')}`;
  if (exclusive) return 'it takes writes, so it is locked for as long as it is read';
  const [row] = await replica.query('SELECT @@GLOBAL.lock_wait_timeout AS seconds');
  const seconds = number(row ?? {}, 'seconds') ?? 0;
  if (seconds < leastLockWait) {
    return `its lock_wait_timeout is ${seconds} s, and a change of definitions that waits for longer ends its SQL thread`;
  }
  const parallel = pair.dump.parallel ?? availableParallelism();
  const covered = planParts(inventory).filter(({ kind, mvcc }) => kind === 'data' && mvcc);
  const lanes = balancedLanes(covered, inventory, parallel, replica.dialect);
  return lanes.length > mostSnapshots
    ? `its rows lie in too many databases for one snapshot each (${lanes.length})`
    : null;
}
