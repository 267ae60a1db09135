import { DateTime } from 'luxon';
import type { PairConfig } from '../config/schema.js';
import { durationText } from '../util/text.js';
import type { DrillRecord } from './drillRecord.js';
import { periodKinds, type PeriodKind } from './periods.js';
import { holdingPin, pinText, type Pin } from './pins.js';
import type { BackupRecord } from './records.js';

/** Which backups are kept; undefined keeps all. */
export type RetentionRules = PairConfig['retention'];

/** A backup as far as retention looks at it. */
export type Candidate = Pick<BackupRecord, 'id' | 'pausedAt'>;

/** What a decision is made from. */
export interface Holdings<B extends Candidate> {
  /** The committed backups of one pair that can be read, in any order. */
  backups: readonly B[];
  /** By the backup's id. */
  pins: ReadonlyMap<string, Pin>;
  /** What drills say, by the backup's id (`verdictsOf`). */
  verdicts: ReadonlyMap<string, Pick<DrillRecord, 'status'>>;
  rules: RetentionRules;
  now: Date;
}

/** Whether a backup stays, with every reason in words. */
export interface Decision<B extends Candidate> {
  backup: B;
  keep: boolean;
  /** Never empty. */
  reasons: string[];
}

/**
 * Decides for each backup whether it stays, oldest first. It stays when any rule keeps it, when it is
 * pinned, when it is the newest, or the newest that a drill has proven. Of a period the newest backup
 * counts. Nothing goes because time passes: `keepWithin` looks back from the newest backup, and rules
 * count periods that have a backup, so that after failed runs there is nothing more to remove than before.
 */
export function decide<B extends Candidate>(holdings: Holdings<B>): Decision<B>[] {
  const { pins, verdicts, rules, now } = holdings;
  const newestFirst = [...holdings.backups].sort((a, b) => (a.id < b.id ? 1 : -1));
  const kept = new Map<B, string[]>(newestFirst.map((backup) => [backup, []]));
  const gone = new Map<B, string[]>(newestFirst.map((backup) => [backup, []]));
  const keep = (backup: B | undefined, reason: string) => backup && kept.get(backup)?.push(reason);

  // A clock that ran ahead must not make the backups taken since look like old ones.
  const isAhead = ({ pausedAt }: B) => Date.parse(pausedAt) > now.getTime();
  for (const backup of newestFirst.filter(isAhead))
    keep(backup, 'dated after now, so a clock is or was wrong: it stays until then');
  const backups = newestFirst.filter((backup) => !isAhead(backup));

  const [newest] = backups;
  keep(newest, 'the newest');
  const statusOf = ({ id }: B) => verdicts.get(id)?.status;
  keep(
    backups.find((backup) => statusOf(backup) === 'passed'),
    'the newest that a drill has proven',
  );
  if (newest && statusOf(newest) === 'failed')
    keep(
      backups.find((backup) => statusOf(backup) !== 'failed'),
      'the newest that no drill has found bad',
    );
  for (const backup of newestFirst) {
    const pin = holdingPin(pins, backup.id, now);
    if (pin) keep(backup, `pinned ${pinText(pin)}`);
  }
  if (rules === undefined || !hasRule(rules)) {
    for (const backup of newestFirst) keep(backup, 'no rule is set, so all stay');
  } else {
    keepLast(backups, rules.keepLast ?? 0, keep);
    keepWithin(backups, rules.keepWithin, keep);
    const times = new Map(
      backups.map((backup) => [backup, DateTime.fromISO(backup.pausedAt, { zone: rules.zone })]),
    );
    for (const kind of periodKinds) {
      const most = rules[kind.rule];
      if (most !== undefined)
        keepPeriods(times, kind, most, keep, (b, why) => gone.get(b)?.push(why));
    }
  }
  return newestFirst.reverse().map((backup) => {
    const reasons = kept.get(backup) ?? [];
    if (reasons.length > 0) return { backup, keep: true, reasons };
    const covered = gone.get(backup) ?? [];
    const why =
      covered.length > 0
        ? `a newer one is kept of ${covered.join(', ')}`
        : 'older than the rules reach';
    return { backup, keep: false, reasons: [why] };
  });
}

type Say<B> = (backup: B, reason: string) => void;

function keepLast<B>(newestFirst: readonly B[], most: number, keep: Say<B>): void {
  for (const [at, backup] of newestFirst.slice(0, most).entries())
    keep(backup, `last ${at + 1} of ${most}`);
}

function keepWithin<B extends Candidate>(
  newestFirst: readonly B[],
  seconds: number | undefined,
  keep: Say<B>,
): void {
  const [newest] = newestFirst;
  if (seconds === undefined || newest === undefined) return;
  const since = Date.parse(newest.pausedAt) - seconds * 1000;
  for (const backup of newestFirst)
    if (Date.parse(backup.pausedAt) >= since)
      keep(backup, `within ${durationText(seconds)} of the newest`);
}

/** Keeps the newest backup of each of the last `most` periods that have one. `times`: newest first. */
function keepPeriods<B>(
  times: ReadonlyMap<B, DateTime>,
  kind: PeriodKind,
  most: number,
  keep: Say<B>,
  pass: Say<B>,
): void {
  const seen = new Set<string>();
  for (const [backup, time] of times) {
    const period = kind.nameOf(time);
    if (seen.has(period)) pass(backup, period);
    else if (seen.size < most) {
      seen.add(period);
      keep(backup, `the newest of ${period}, ${kind.adverb} ${seen.size} of ${most}`);
    }
  }
}

function hasRule(rules: NonNullable<RetentionRules>): boolean {
  return Object.keys(rules).some((key) => key.startsWith('keep'));
}
