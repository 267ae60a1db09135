import type { ChosenPair } from './config/choose.js';
import { StillpointError } from './errors.js';
import { conditionOf, type Condition } from './failover/condition.js';
import { checkRoom } from './failover/room.js';
import type { SetupEntry } from './failover/setupJournal.js';
import { addressOf } from './pair/act.js';
import { channelOf } from './pair/following.js';
import { each, type Finding } from './pair/checks.js';
import { checkMatch } from './pair/match.js';
import type { Server } from './pair/server.js';

/** What was found of two servers that are to become a pair. */
export interface Looked {
  condition: Condition;
  findings: Finding[];
}

/** Throws `refused` for a pair in which both nodes are to take writes. */
export function refuseTwoNodes({ name, pair }: ChosenPair): void {
  if (pair.topology === 'source-replica') return;
  throw new StillpointError(
    'refused',
    `both nodes of ${name} take writes: none is a replica only`,
    {
      hint: 'Leave topology out to set the pair up, then let the source follow the other, too: docs/two-writers.md says how.',
    },
  );
}

/**
 * Looks whether one server can become the replica of the other. `left` is what an earlier run came to:
 * what it has begun is not in its way. Throws `refused` with everything that is.
 */
export async function lookAtPair(
  source: Server,
  replica: Server,
  { left, replace }: { left: SetupEntry | null; replace: boolean },
): Promise<Looked> {
  const condition = await conditionOf(replica, source);
  const mayGo = left !== null || replace;
  const findings = await each([
    ['servers', async () => await checkMatch(source, replica)],
    ['roles', async () => await checkRoles(source, replica)],
    ['replica', async () => Promise.resolve([contentsFinding(condition, mayGo)])],
    ['room', async () => (condition.kind === 'empty' ? [await checkRoom(source, replica)] : [])],
  ]);
  const failed = findings.filter(({ status }) => status === 'fail');
  const [first] = failed;
  if (!first) return { condition, findings };
  const name = source.who.replace(/^source of /, '');
  throw new StillpointError(
    'refused',
    `the servers of ${name} cannot become a pair: ${failed.map(({ detail }) => detail).join('; ')}`,
    { hint: failed.flatMap(({ fix }) => fix ?? []).join(' ') },
  );
}

/** A source that follows its replica is the replica: made the source of that, both would take no writes. */
async function checkRoles(source: Server, replica: Server): Promise<Finding[]> {
  if ((await channelOf(source, replica)) === null) return [];
  const detail = `the source follows the replica, ${addressOf(replica)}`;
  const fix =
    'Have they changed their roles? Swap source and replica in the configuration; `stillpoint status` shows who follows whom.';
  return [{ name: 'roles', status: 'fail', detail, fix }];
}

function contentsFinding(condition: Condition, mayGo: boolean): Finding {
  const name = 'replica';
  switch (condition.kind) {
    case 'empty':
      return { name, status: 'ok', detail: 'empty' };
    case 'copy':
      return { name, status: 'ok', detail: `a copy of the source, as of ${condition.gtid}` };
    case 'follows': {
      const { applierErrno, applierError } = condition.channel;
      if (applierErrno === 0 || mayGo)
        return { name, status: 'ok', detail: 'follows the source already' };
      const detail = `it follows the source, but its SQL thread has failed: ${applierError}`;
      const fix = 'Mend that, or say --replace to make it anew; all that it holds is lost then.';
      return { name, status: 'fail', detail, fix };
    }
    case 'strange': {
      const detail = `the replica ${condition.why}`;
      if (mayGo) return { name, status: 'warn', detail: `${detail}; that goes` };
      const fix =
        'Everything on it would be lost: say --replace if that may be, or name an empty server.';
      return { name, status: 'fail', detail, fix };
    }
  }
}
