import { availableParallelism } from 'node:os';
import { cloneReplica, isCloned } from './cloneReplica.js';
import { StillpointError } from './errors.js';
import { compareServers } from './failover/compareServers.js';
import { conditionOf } from './failover/condition.js';
import { caughtUp, followActs } from './failover/follow.js';
import type { SetupEntry } from './failover/setupJournal.js';
import { eventsOffActs } from './failover/eventsOff.js';
import { doing, perform, statement, type Act } from './pair/act.js';
import { asAdmin, isWritable, replicationAccount } from './pair/admin.js';
import { closeAct } from './pair/closeWrites.js';
import { seedFromSource } from './seedFromSource.js';
import { seedReplica } from './seedReplica.js';
import type { SettingUp, SetUpResult } from './setUpOptions.js';

/** Seconds that a replica may take to catch up. */
const patience = 24 * 3600;
const eventsOn = 'SET GLOBAL event_scheduler = ON';

/**
 * Brings the data of the source to the replica; what an interrupted run has done of it stays. `unfollowed`: it follows
 * nobody any more, or in a dry run would not.
 */
export async function seedPair(
  on: SettingUp,
  entry: SetupEntry,
  before: { unfollowed: boolean },
): Promise<void> {
  const { config, chosen, options, source, replica, signal, observe, dryRun } = on;
  const { name, pair } = chosen;
  const how = { observe, dryRun };
  const { identityFile, parallel } = options;
  const asked = {
    ...{ pair: name, wipe: entry.wipe, before, dryRun, signal, observe },
    ...{ source: asAdmin(pair.source, pair.admin), replica: asAdmin(pair.replica, pair.admin) },
    ...(identityFile === undefined ? {} : { identityFile }),
    ...(parallel === undefined ? {} : { parallel }),
  };
  // What runs on the source would run on the replica too, until all are turned off there.
  if (entry.ranEvents && entry.seed !== 'backup')
    await perform([statement(replica, 'SET GLOBAL event_scheduler = OFF')], how);
  if (entry.seed === 'backup') await seedReplica(config, asked);
  if (entry.seed === 'source') await seedFromSource(config, asked, source);
  if (entry.seed === 'clone') await seedByClone(on);
}

async function seedByClone(on: SettingUp): Promise<void> {
  const { source, replica, signal, observe, dryRun } = on;
  const { kind } = await conditionOf(replica, source);
  if ((kind === 'copy' || kind === 'follows') && (await isCloned(replica))) return;
  await cloneReplica(source, replica, { signal, observe, dryRun });
}

/**
 * Makes the replica follow where it does not yet, makes it read-only and waits until it has caught up. Answers
 * with the name of its channel.
 */
export async function beginFollowing(on: SettingUp, entry: SetupEntry): Promise<string> {
  const { chosen, source, replica, signal, observe, dryRun } = on;
  const how = { observe, dryRun };
  // A dry run finds it as it is before it is seeded.
  const isNew = dryRun && entry.phase === 'seeding';
  const condition = isNew ? { kind: 'empty' as const } : await conditionOf(replica, source);
  const channel = condition.kind === 'follows' ? condition.channel : null;
  const name = channel?.name ?? '';
  const acts: Act[] = [];
  const follow = async () => {
    const account = await replicationAccount(chosen.pair);
    return await followActs(replica, { source, account, channel: name, opensAt: null, isNew });
  };
  if (channel) {
    if (!channel.applierRunning || channel.receiver !== 'running') acts.push(...(await follow()));
  } else if (!dryRun && condition.kind === 'strange') {
    throw new StillpointError('failed', `the ${replica.who} ${condition.why}, and is no copy`, {
      hint: 'Somebody has written to it meanwhile? Say --replace to make it anew.',
    });
  } else if (condition.kind === 'copy' || entry.seed === 'clone') {
    acts.push(...(await follow()));
  }
  const isSeeded = ['source', 'clone'].includes(entry.seed);
  const isCopied = isSeeded || condition.kind === 'copy';
  // Restored, it is closed.
  const isOpen = !(isNew && entry.seed !== 'clone') && (await isWritable(replica));
  const as = isNew && isSeeded ? source : null;
  const events = isCopied ? await eventsOffActs(replica, { as, isOpen }) : [];
  acts.push(...events);
  if (isOpen && events.length === 0) acts.push(closeAct(replica));
  acts.push(
    doing(replica, '-- wait until it has caught up', async () => {
      await caughtUp(replica, source, { within: patience, signal, observe });
    }),
  );
  if (entry.ranEvents && ['source', 'clone'].includes(entry.seed))
    acts.push(statement(replica, eventsOn));
  await observe({ type: 'step', step: 'catch-up' });
  await perform(acts, how);
  return name;
}

/** Throws `verification` when they differ. */
export async function comparePair(
  on: SettingUp,
  channel: string,
): Promise<SetUpResult['compared']> {
  const { source, replica, signal, observe, options } = on;
  const parallel = options.parallel ?? availableParallelism();
  await observe({ type: 'step', step: 'compare-servers' });
  const found = await compareServers(source, replica, channel, { parallel, signal });
  const [first] = found.differences;
  if (first !== undefined) {
    const more = found.differences.length - 1;
    throw new StillpointError(
      'verification',
      `the ${replica.who} differs from its source: ${first}${more > 0 ? ` (and ${more} more)` : ''}`,
      { hint: 'It replicates, but is no copy. Say --replace to make it anew.' },
    );
  }
  return { tables: found.compared, notCompared: [...found.changed, ...found.loose] };
}
