import { chooseSeed } from './chooseSeed.js';
import { resolvePair, withReplica, type ChosenPair } from './config/choose.js';
import { replicaTitle } from './config/replicas.js';
import type { Config } from './config/schema.js';
import { StillpointError } from './errors.js';
import { openStateOf } from './failover/closing.js';
import { optionLines, type OptionLines } from './failover/optionLines.js';
import { forgetTrial, reachAct } from './failover/reach.js';
import { isInTheWay, replicationUserActs } from './failover/replicationUser.js';
import { openSetupJournal, type SetupEntry } from './failover/setupJournal.js';
import { unfollowActs } from './failover/wipe.js';
import { addressOf, perform, type Act } from './pair/act.js';
import { asAdmin, isWritable, openAdmin, requireAdmin } from './pair/admin.js';
import { withLock, withNamedLock } from './pair/lock.js';
import type { Server } from './pair/server.js';
import { lookAtPair, refuseTwoNodes, type Looked } from './setUpChecks.js';
import type { SettingUp, SetUpPairOptions, SetUpResult } from './setUpOptions.js';
import { beginFollowing, comparePair, seedPair } from './setUpSteps.js';
import { systemClock } from './util/clock.js';
import { timeText } from './util/text.js';
import { ignore, type Observe } from './util/observe.js';

/**
 * Makes a working pair of two servers: checks whether they can be one, makes the account that replicates,
 * seeds the replica, attaches it, makes it read-only, waits until it has caught up and compares the two. One
 * that was interrupted goes on when the same is asked for again; where all is done it changes nothing. Throws
 * `refused` with all that is in the way, `verification` when the servers differ in the end.
 */
export async function setUpPair(
  config: Config,
  options: SetUpPairOptions = {},
): Promise<SetUpResult> {
  const { dryRun = false } = options;
  const chosen = named(resolvePair(config, options.pair), options.replica);
  const { name, pair } = chosen;
  refuseTwoNodes(chosen);
  const acts: SetUpResult['acts'] = [];
  const observe: Observe = async (event) => {
    if (event.type === 'act') acts.push({ on: event.on, says: event.says });
    await (options.observe ?? ignore)(event);
  };
  await observe({ type: 'step', step: 'check-pair' });
  const source = await openAdmin(pair.source, pair.admin, `source of ${name}`);
  try {
    const replica = await openAdmin(
      pair.replica,
      pair.admin,
      replicaTitle(name, chosen.replicaName),
    );
    try {
      for (const server of [source, replica]) await requireAdmin(server, pair.admin);
      // Not on the replica, which may restart.
      const lock = {
        name: `stillpoint setup ${name}`.slice(0, 64),
        within: 2,
        message: `another setup of ${name} is going on`,
        hint: (holder: string) => `It is connection ${holder} of the source. Wait for its end.`,
      };
      return await withNamedLock(source, lock, async (lost) => {
        const signal = AbortSignal.any([lost, ...(options.signal ? [options.signal] : [])]);
        const on = { config, chosen, options, source, replica, signal, observe, dryRun };
        return { ...(await setUpLocked(on)), acts };
      });
    } finally {
      replica.close();
    }
  } finally {
    source.close();
  }
}

/** The pair with the replica to set up. Throws `usage` when it has several and none is named. */
function named(chosen: ChosenPair, asked: string | undefined): ChosenPair {
  if (asked !== undefined) return withReplica(chosen, asked);
  const names = Object.keys(chosen.pair.replicas ?? {});
  if (names.length < 2) return chosen;
  throw new StillpointError('usage', `which replica of ${chosen.name} is to be set up?`, {
    hint: `Name it with --replica: ${names.join(', ')}.`,
  });
}

async function setUpLocked(on: SettingUp): Promise<Omit<SetUpResult, 'acts'>> {
  const { config, chosen, options, source, replica, observe, dryRun } = on;
  const begun = performance.now();
  const journal = openSetupJournal(config.stateDir, chosen.name, replica.uuid);
  const found = await journal.read();
  const replace = options.replace === true;
  const left = found && goesOn(found, on) ? found : null;
  if (left)
    await observe({
      type: 'act',
      on: '',
      says: `-- go on with the setup of ${timeText(left.since)}`,
    });
  if (!dryRun) await forgetTrial(replica);
  const looked = await lookAtPair(source, replica, { left, replace });
  const users = await replicationUserActs(source, replica, chosen.pair);
  const entry = left ?? (await newEntry(on, looked));
  const answer = async (
    status: SetUpResult['status'],
    compared: SetUpResult['compared'],
  ): Promise<Omit<SetUpResult, 'acts'>> => ({
    ...{ pair: chosen.name, status, source: addressOf(source), replica: addressOf(replica) },
    ...{ seed: entry.seed, findings: looked.findings, compared },
    optionFiles: await missingLines(source, replica),
    seconds: Math.round(performance.now() - begun) / 1000,
  });
  if (!left && entry.seed === 'none' && (await works(on, looked, users)))
    return await answer('nothing', null);
  if (!left) await refuseInTheWay(on, looked);

  if (!dryRun) {
    for (const { status, detail, fix } of looked.findings)
      if (status === 'warn')
        await observe({ type: 'warning', text: `${detail}. ${fix ?? ''}`.trim() });
    await options.confirm?.(questionOf(on, entry, looked));
  }
  const { condition } = looked;
  if (condition.kind !== 'follows' || condition.channel.receiver !== 'running')
    await perform([reachAct(replica, source)], { observe, dryRun });
  await observe({ type: 'step', step: 'make-account' });
  await perform(users, { observe, dryRun });
  if (!left && entry.wipe) await perform(await unfollowActs(replica), { observe, dryRun });
  const keep = async (phase: SetupEntry['phase']) => {
    await observe({ type: 'step', step: phase === 'seeding' ? 'seed' : 'seeded' });
    if (!dryRun) await journal.write({ ...entry, phase });
  };
  if (entry.phase === 'seeding') {
    await keep('seeding');
    await seedPair(on, entry, { unfollowed: !left && entry.wipe });
  }
  await keep('seeded');
  if (dryRun) {
    await beginFollowing(on, entry);
    return await answer('planned', null);
  }
  return await withLock(replica, async (lost) => {
    const signal = AbortSignal.any([lost, on.signal]);
    const channel = await beginFollowing({ ...on, signal }, entry);
    const compared =
      options.compare === false ? null : await comparePair({ ...on, signal }, channel);
    await journal.close();
    return await answer('set-up', compared);
  });
}

/**
 * `--replace` begins anew, unless it is what was asked for the last time and has not come to its end; and so does
 * another seed.
 */
function goesOn(entry: SetupEntry, { source, replica, options }: SettingUp): boolean {
  const { seed = entry.seed } = options;
  const isSame =
    entry.source === source.uuid && entry.replica === replica.uuid && entry.seed === seed;
  return isSame && (options.replace !== true || (entry.wipe && entry.phase === 'seeding'));
}

async function newEntry(on: SettingUp, { condition }: Looked): Promise<SetupEntry> {
  const { config, chosen, options, source, replica, observe } = on;
  const { clock = systemClock, replace = false } = options;
  const { ranEvents } = await openStateOf(replica);
  const has = condition.kind === 'follows' || condition.kind === 'copy';
  const { identityFile } = options;
  const at = {
    ...{ pair: chosen.name, source: asAdmin(chosen.pair.source, chosen.pair.admin) },
    ...(identityFile === undefined ? {} : { identityFile }),
  };
  const asked = options.seed ?? null;
  const { seed, reason } =
    has && !replace
      ? { seed: 'none' as const, reason: null }
      : await chooseSeed(config, at, { source, replica, asked });
  if (reason !== null) await observe({ type: 'act', on: '', says: `-- ${reason}` });
  return {
    ...{ pair: chosen.name, source: source.uuid, replica: replica.uuid, seed, ranEvents },
    wipe: replace && condition.kind !== 'empty',
    phase: seed === 'none' ? 'seeded' : 'seeding',
    since: clock.now().toISOString(),
  };
}

/** Whether there is nothing to be done. */
async function works(
  { replica }: SettingUp,
  { condition }: Looked,
  users: readonly Act[],
): Promise<boolean> {
  if (condition.kind !== 'follows' || users.length > 0) return false;
  const { applierRunning, receiver } = condition.channel;
  return applierRunning && receiver === 'running' && !(await isWritable(replica));
}

async function refuseInTheWay({ chosen, source, replica }: SettingUp, { condition }: Looked) {
  const user = chosen.pair.replication?.user;
  if (condition.kind !== 'empty' || user === undefined) return;
  if (!(await isInTheWay(source, replica, user))) return;
  throw new StillpointError(
    'refused',
    `the ${replica.who} has an account "${user}" of its own, which the source has not`,
    { hint: `It comes from the source. Run on the replica: DROP USER '${user}'@'%';` },
  );
}

function questionOf(
  { source, replica }: SettingUp,
  { seed, wipe }: SetupEntry,
  { condition }: Looked,
): string {
  const [from, to] = [addressOf(source), addressOf(replica)];
  const what = {
    backup: ', seeded from the newest backup',
    source: ', seeded from what the source holds',
    clone: ', seeded by CLONE',
    none: '',
  }[seed];
  const why = condition.kind === 'strange' ? ` (it ${condition.why})` : '';
  const loss = wipe ? `remove everything on ${to}${why} and ` : '';
  return `${loss}make ${to} a replica of ${from}${what}`;
}

async function missingLines(source: Server, replica: Server): Promise<OptionLines[]> {
  const all = [await optionLines(source, 'source'), await optionLines(replica, 'replica')];
  return all.filter(({ lines }) => lines.length > 0);
}
